"""The NBD server of a machine: where ours listens, what speaks against starting it, and the steps that start it.

A machine has one, and QEMU tells neither whether it runs nor where it listens: what we started is remembered (`Export.listen`).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from ipaddress import ip_address

from diskchain.model.nbd import NbdPlace, listening
from diskchain.model.state import State
from diskchain.operations.chains import listed, unique
from diskchain.operations.newfile import file_wrong, files_in_use, probe
from diskchain.operations.operation import Objection
from diskchain.operations.probing import probe_name
from diskchain.operations.steps import Send, Step
from diskchain.operations.surroundings import Surroundings
from diskchain.qapi.command import command

_LONGEST_SOCKET = 107
"""Bytes of a unix socket's path at most, unix(7)."""


_READERS_MAY_LEAVE = (9, 0)
"""The QEMU from which on a reader may leave the export of a disk that is handled in a thread of its own; older ones end by that
(an assertion in `nbd_blockdev_client_closed`, tried on 7.2; 10.0 goes on).
"""


def deadly_to_read(state: State, node: str, surroundings: Surroundings) -> Iterator[Objection]:
    """Why an export of a node would end QEMU, and its guest with it, as soon as a reader leaves."""
    if state.machine.version >= _READERS_MAY_LEAVE:
        return
    for device in state.devices:
        if device.name in surroundings.threaded and device.root and node in state.graph.subtree(device.root):
            yield Objection(
                f"{device.name} is handled in a thread of its own (iothread), and this QEMU ends, with its guest, when a reader"
                " leaves an export of such a disk. Back it up to a file, and export that; QEMU 9.0 or newer can do it."
            )


@dataclass(frozen=True)
class Server:
    """The server for one export, on one state.

    :ivar export: the export's name. `told`: absolute path of a unix socket, or HOST:PORT; empty: the server that we started
        before, else a socket in the private folder. `tls`: id of QEMU's TLS credentials; empty: none.
    """

    state: State
    surroundings: Surroundings
    export: str
    told: str = ""
    tls: str = ""

    @cached_property
    def running(self) -> str:
        """Where the server listens that we started, as `listen=` says it; empty: we have none."""
        known = (export.listen for export in self.state.exports if export.listen)
        return next(known, self.surroundings.server)

    @cached_property
    def listen(self) -> str:
        """Where it listens, or will; empty: that is not known."""
        folder = self.surroundings.sockets
        if self.told or self.running or not folder:
            return self.told or self.running
        seen = self.surroundings.folders[folder].entries if folder in self.surroundings.folders else frozenset()
        label = unique(self.export, {name.removesuffix(".nbd") for name in seen}, longest=31)
        return posixpath.join(folder, f"{label}.nbd")

    @cached_property
    def place(self) -> NbdPlace | None:
        """Where the export is to be found; None: that is not known."""
        return listening(self.listen, self.export)

    @property
    def for_all(self) -> bool:
        """Whether it listens on every address of the computer."""
        try:
            return self.place is not None and ip_address(self.place.host).is_unspecified
        except ValueError:  # a socket, or a host's name
            return False

    @property
    def uri(self) -> str:
        """The export's address, as other programs take it; on every address of the computer, as the computer itself takes it."""
        if self.place is None:
            return ""
        near = "::1" if ":" in self.place.host else "127.0.0.1"
        found = (replace(self.place, host=near) if self.for_all else self.place).uri
        return found.replace("nbd", "nbds", 1) if self.tls else found

    def wrong(self) -> Iterator[Objection]:
        """Why it cannot be had there."""
        if self.running:
            if self.told and self.told != self.running:
                yield Objection(f"A machine has one NBD server, and this one listens at {self.running} already.")
            if self.tls:
                yield Objection("TLS is chosen when the server starts, with the first export.")
            return
        if others := [export.id for export in self.state.exports if export.type == "nbd"]:
            yield Objection(
                f"Another client runs the NBD server of this machine, for {listed(others)}: there is only one, and QEMU does"
                " not tell where it listens."
            )
        elif self.place is None:
            if self.told:
                yield Objection(f"{self.told} is no HOST:PORT with a port from 1 to 65535.")
            elif self.surroundings.stamp:
                yield Objection(
                    "There is no private folder here that QEMU gets at as well: say listen=PATH or listen=HOST:PORT."
                )
        elif self.place.socket:
            yield from self._no_socket(self.place.socket)
        elif not self.place.host:
            port = self.place.port
            yield Objection(f"Say which address: 127.0.0.1:{port} for this computer alone, [::]:{port} for everybody.")

    def _no_socket(self, path: str) -> Iterator[Objection]:
        """QEMU removes whatever has the name of a socket that it makes, images too (`unix_listen_saddr` in its sources)."""
        yield from file_wrong(path, "the socket", "listen=PATH", self.surroundings)
        if path in files_in_use(self.state, self.surroundings):
            yield Objection(f"{path} is in use by this machine; a socket never replaces a file.")
        if len(path.encode(errors="replace")) > _LONGEST_SOCKET:
            yield Objection(f"The path of a socket has {_LONGEST_SOCKET} bytes at most: {path} is longer.")

    def warnings(self, node: str) -> Iterator[str]:
        """Who could read the node."""
        if self.place is not None and self.place.host and not self.tls:
            yield f"Nobody is asked for a password: whoever reaches {self.listen} can read all of {node}."

    def confirm(self) -> Iterator[str]:
        """What wants one more yes."""
        if self.for_all:
            yield f"{self.listen} is every address of this computer: the whole network may connect."

    def started(self) -> Iterator[Step]:
        """The steps after which it runs; none where it does."""
        if self.running or self.place is None:
            return
        socket, told = self.place.socket, self.place.server
        if socket:
            yield probe(socket, probe_name(self.surroundings.serial, 0, self.surroundings.token))
        # As `SocketAddressLegacy` in qapi/sockets.json.
        address = {"type": told["type"], "data": {key: value for key, value in told.items() if key != "type"}}
        yield Send(
            command("nbd-server-start", addr=address, tls_creds=self.tls or None),
            undo=(command("nbd-server-stop"),),
            makes=(socket,) if socket else (),
            refusal="The NBD server could not be started; one that somebody else started may be running.",
        )
