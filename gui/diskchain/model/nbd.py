"""Where an NBD export is found: as a URI (the NBD URI specification), and as QEMU's own words for it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, quote, unquote, urlsplit

PORT = 10809
"""The port that IANA gave to NBD."""
_URI = re.compile(r"nbd(\+unix)?://", re.IGNORECASE)


class NotNbd(ValueError):
    """A text that names no NBD export that we can reach; one plain sentence."""


@dataclass(frozen=True, slots=True)
class NbdPlace:
    """An export of an NBD server.

    :ivar export: its name; empty: the server's default one. `socket`: absolute path of a unix socket; empty: it is TCP.
    :ivar host, port: of TCP.
    """

    export: str
    socket: str = ""
    host: str = ""
    port: int = PORT

    @property
    def server(self) -> dict[str, object]:
        """The server as QEMU is told it (`SocketAddress` in qapi/sockets.json)."""
        if self.socket:
            return {"type": "unix", "path": self.socket}
        return {"type": "inet", "host": self.host, "port": str(self.port)}

    @property
    def uri(self) -> str:
        """The URI, as `qemu-img`, `nbdinfo` and others take it."""
        if self.socket:
            return f"nbd+unix:///{quote(self.export)}?socket={quote(self.socket)}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"nbd://{host}:{self.port}/{quote(self.export)}"

    @property
    def keeper(self) -> str:
        """On whom a disk on this export depends, in words."""
        return f"the NBD server at {self.socket or f'{self.host}:{self.port}'}"


def is_nbd(text: str) -> bool:
    """Whether a text begins as the URI of an NBD export does."""
    return _URI.match(text) is not None


def nbd_place(uri: str) -> NbdPlace:
    """Read `nbd://host[:port]/export` or `nbd+unix:///export?socket=/path`. :raises NotNbd: it is neither."""
    try:
        told = urlsplit(uri)
        port = told.port or PORT
    except ValueError as error:
        raise NotNbd(f"{uri} is no NBD URI: {error}.") from error
    export = unquote(told.path.removeprefix("/"))
    if told.scheme.lower() == "nbd+unix":
        sockets = parse_qs(told.query).get("socket", [])
        if len(sockets) != 1 or not sockets[0].startswith("/"):
            raise NotNbd(f"{uri} does not say which socket: write nbd+unix:///EXPORT?socket=/PATH.")
        return NbdPlace(export, socket=sockets[0])
    if told.scheme.lower() != "nbd" or not told.hostname:
        raise NotNbd(f"{uri} is no NBD URI: write nbd://HOST:PORT/EXPORT or nbd+unix:///EXPORT?socket=/PATH.")
    return NbdPlace(export, host=told.hostname, port=port)
