"""Who is connected to whose Unix socket, asked of the kernel (sock_diag(7)); nothing is opened or connected."""

from __future__ import annotations

import os
import re
import socket
import struct
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from diskchain.monitors.process import Process, read_process

_ASK = struct.Struct("=IHHII" + "BBHIIIII")  # nlmsghdr, unix_diag_req
_HEAD = struct.Struct("=IHHII")
_MESSAGE = struct.Struct("=BBBBIII")  # unix_diag_msg
_ATTRIBUTE = struct.Struct("=HH")
_NETLINK_SOCK_DIAG, _BY_FAMILY, _REQUEST_DUMP, _ERROR, _DONE = 4, 20, 0x301, 2, 3
_SHOW_NAME, _SHOW_PEER = 1, 4
_NAME, _PEER = 0, 2
_ALL_STATES = 0xFFFFFFFF
_LISTENING = 10
_SOCKET_LINK = re.compile(r"socket:\[([0-9]+)\]")


@dataclass(frozen=True, slots=True)
class UnixSocket:
    """One Unix socket of this network namespace.

    :ivar inode: 0 for a connection that waits to be accepted. `peer`: inode of the other end, 0 = none or not known.
    :ivar name: as it was bound, maybe relative; empty for a client's end.
    """

    inode: int
    peer: int
    name: str
    listening: bool


def unix_sockets() -> tuple[UnixSocket, ...]:
    """All Unix sockets, or none where the kernel does not answer."""
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _NETLINK_SOCK_DIAG) as ask:
            ask.settimeout(1)
            request = (_ASK.size, _BY_FAMILY, _REQUEST_DUMP, 1, 0)
            ask.send(
                _ASK.pack(
                    *request, socket.AF_UNIX, 0, 0, _ALL_STATES, 0, _SHOW_NAME | _SHOW_PEER, 0xFFFFFFFF, 0xFFFFFFFF
                )
            )
            found: list[UnixSocket] = []
            while _collect(ask.recv(1 << 18), found):
                pass
    except OSError:
        return ()
    return tuple(found)


def holders(path: str, server: int | None) -> tuple[Process, ...]:
    """The processes that are connected to the socket at `path`, as far as we may see them.

    :param server: pid of the process that listens, to leave out sockets of the same name that are others'.
    """
    everything = unix_sockets()
    theirs = sockets_of(server) if server else frozenset()
    accepted = (one for one in everything if one.peer and not one.listening and (not theirs or one.inode in theirs))
    wanted = {one.peer for one in accepted if _same(one.name, path)}
    return tuple(process for pid in _owners(wanted) if pid != server and (process := read_process(pid)) is not None)


def listens(pid: int, path: str) -> bool:
    """Whether a process listens at this very path; False also where that cannot be seen."""
    own = sockets_of(pid)
    return any(one.listening and one.name == path and one.inode in own for one in unix_sockets())


def sockets_of(pid: int) -> frozenset[int]:
    """Inodes of the sockets that a process has open; empty where we may not look."""
    found = set()
    try:
        folder = os.open(f"/proc/{pid}/fd", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return frozenset()
    try:
        # Not by Path: a machine with a thousand images has as many open files, and this is done every few seconds.
        with os.scandir(folder) as entries:
            for entry in entries:
                link = _SOCKET_LINK.fullmatch(os.readlink(entry.name, dir_fd=folder))
                if link:
                    found.add(int(link[1]))
    except OSError:
        return frozenset(found)
    finally:
        os.close(folder)
    return frozenset(found)


def _owners(wanted: Collection[int]) -> Iterator[int]:
    if not wanted:
        return
    for place in Path("/proc").iterdir():
        if place.name.isdigit() and not sockets_of(int(place.name)).isdisjoint(wanted):
            yield int(place.name)


def _same(name: str, path: str) -> bool:
    """A relative name was bound in a folder that we do not know: the last part must do."""
    return name == path or (
        bool(name) and Path(name).name == Path(path).name and (not name.startswith("/") or _file(name, path))
    )


def _file(name: str, path: str) -> bool:
    try:
        return Path(name).samefile(path)
    except OSError:
        return False


def _collect(answer: bytes, found: list[UnixSocket]) -> bool:
    """Read one datagram of the dump; False at its end."""
    at = 0
    while at + _HEAD.size <= len(answer):
        length, kind, *_ = _HEAD.unpack_from(answer, at)
        if kind in {_ERROR, _DONE} or length < _HEAD.size:
            return False
        found.append(_socket(answer[at + _HEAD.size : at + length]))
        at += (length + 3) & ~3
    return at > 0


def _socket(body: bytes) -> UnixSocket:
    _, _, state, _, inode, _, _ = _MESSAGE.unpack_from(body)
    at, name, peer = _MESSAGE.size, "", 0
    while at + _ATTRIBUTE.size <= len(body):
        length, kind = _ATTRIBUTE.unpack_from(body, at)
        value = body[at + _ATTRIBUTE.size : at + length]
        if kind == _NAME:
            name = os.fsdecode(value.removesuffix(b"\0"))
        elif kind == _PEER and len(value) >= 4:
            (peer,) = struct.unpack_from("=I", value)
        at += max((length + 3) & ~3, _ATTRIBUTE.size)
    return UnixSocket(inode, peer, name, state == _LISTENING)
