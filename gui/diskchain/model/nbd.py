"""Where an NBD export is found: as a URI (the NBD URI specification), and as QEMU's own words for it."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from urllib.parse import parse_qs, quote, unquote, urlsplit

PORT = 10809
"""The port that IANA gave to NBD."""
ADDRESS = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.%]+)\]|(?P<host>[^\s:/\[\]]*)):(?P<port>\d+)")
"""`HOST:PORT`, `[IPv6]:PORT`, or `:PORT`."""
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


def listening(told: str, export: str) -> NbdPlace | None:
    """Where an export is on a server that listens at an absolute path, or at `HOST:PORT`; None: it is neither.

    Port 0 is none: QEMU never tells which one it became.
    """
    if told.startswith("/"):
        return NbdPlace(export, socket=told)
    found = ADDRESS.fullmatch(told)
    if found is None or not 0 < (port := int(found["port"][:6])) <= 65535:
        return None
    return NbdPlace(export, host=found["six"] or found["host"] or "", port=port)


def client_lines(uri: str, writable: bool, bitmap: str = "") -> tuple[tuple[str, str], ...]:
    """How other programs are told to use an export: (program, line for a shell)."""
    said = shlex.quote(uri)
    lines = [
        ("qemu-img", f"qemu-img convert -O raw {said} copy.raw"),
        ("nbdinfo", f"nbdinfo {said}"),
        ("qemu-nbd", f"qemu-nbd {'' if writable else '-r '}-c /dev/nbd0 {said}"),
        ("guestfish", f"guestfish {'--rw' if writable else '--ro'} --format=raw -a {said}"),
    ]
    if bitmap:
        lines.insert(2, ("its bitmap", f"nbdinfo --map=qemu:dirty-bitmap:{shlex.quote(bitmap)} {said}"))
    return tuple(lines)
