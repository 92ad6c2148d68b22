"""The QEMU machines of this computer that have a QMP monitor, found in /proc. Nothing is connected to."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from diskchain.monitors.peers import UnixSocket, sockets_of, unix_sockets
from diskchain.monitors.process import Process, manager, read_process, split_options, values_of

_ESTABLISHED = "01"
_QMP_LEGACY = re.compile(r"(?P<kind>unix|tcp):(?P<address>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Found:
    """A QMP monitor of a process of this computer. Every text is hostile: it comes from that process's command line.

    :ivar target: what to open. `title`: the guest's name, or `qemu pid N`. `detail`: program, manager and address in one line.
    :ivar taken: whether a client is connected to this monitor now (it may be this program). `managed`: see `Process`.
    """

    target: str
    title: str
    pid: int
    detail: str
    taken: bool
    managed: str = ""


async def found() -> tuple[Found, ...]:
    """Look through the processes, off the thread; a few milliseconds for some hundred processes. Sorted by pid and target."""
    return await asyncio.to_thread(scan)


def scan() -> tuple[Found, ...]:
    """As `found`, in this thread."""
    sockets: tuple[UnixSocket, ...] | None = None
    result: list[Found] = []
    for process in _qemus():
        if sockets is None:
            sockets = unix_sockets()
        result += _monitors(process, sockets)
    return tuple(sorted(result, key=lambda one: (one.pid, one.target)))


def _qemus() -> Iterator[Process]:
    for place in Path("/proc").iterdir():
        if place.name.isdigit() and _may_be_qemu(place):
            process = read_process(int(place.name))
            if process is not None and process.is_qemu:
                yield process


def _may_be_qemu(place: Path) -> bool:
    """A first look at a process: most are something else, and reading one whole takes several times as long."""
    try:
        program = (place / "cmdline").read_bytes().partition(b"\0")[0]
    except OSError:
        return False
    return program.rpartition(b"/")[2].startswith((b"qemu", b"kvm"))


def _monitors(process: Process, sockets: tuple[UnixSocket, ...]) -> Iterator[Found]:
    inodes = sockets_of(process.pid)
    for chardev in _qmp_chardevs(process.command_line):
        if "path" in chardev or "fd" in chardev:
            name = chardev.get("path") or _name_of(process.pid, chardev["fd"], sockets)
            path = _seen_from_here(process, name) if name else None
            if path is not None and Path(path).is_socket():
                taken = any(_serves(one, name, inodes) for one in sockets)
                yield _told(process, path, taken)
        elif "port" in chardev:
            host = chardev.get("host", "")
            target = f"tcp:{_reachable(host)}:{chardev['port']}"
            yield _told(process, target, _serves_tcp(process.pid, chardev["port"], inodes))


def _told(process: Process, target: str, taken: bool) -> Found:
    title = process.guest or f"{'storage daemon' if process.is_storage_daemon else 'qemu'} pid {process.pid}"
    kind = "qemu-storage-daemon" if process.is_storage_daemon else "QEMU"
    managed = manager(process.command_line, target)
    parts = [f"{kind}, pid {process.pid}", f"managed by {managed}" if managed else "", target]
    return Found(target, title, process.pid, " · ".join(part for part in parts if part), taken, managed)


def _reachable(host: str) -> str:
    """A server that listens on every address is reached on this computer's own; numbers with colons go in brackets."""
    if not host.strip("0.:"):
        return "localhost"
    return f"[{host}]" if ":" in host else host


def _serves(one: UnixSocket, name: str, inodes: frozenset[int]) -> bool:
    """Whether it is an accepted connection to the socket of that name; one that waits has no inode yet."""
    return not one.listening and one.inode != 0 and one.name == name and (not inodes or one.inode in inodes)


def _serves_tcp(pid: int, port: str, inodes: frozenset[int]) -> bool:
    wanted = f":{int(port):04X}"
    for table in ("tcp", "tcp6"):
        try:
            lines = Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]
        except OSError:
            continue
        for fields in (line.split() for line in lines):
            if fields[1].endswith(wanted) and fields[3] == _ESTABLISHED and int(fields[9]) in inodes:
                return True
    return False


def _seen_from_here(process: Process, name: str) -> str | None:
    """The path by which we can reach what the process calls `name`; None where that cannot be told."""
    if name.startswith("/"):
        return name if process.same_files is not False else f"/proc/{process.pid}/root{name}"
    if process.same_files and process.cwd is not None:
        return str(Path(process.cwd) / name)
    return f"/proc/{process.pid}/cwd/{name}" if name else None


def _name_of(pid: int, handle: str, sockets: tuple[UnixSocket, ...]) -> str:
    """The bound name of a listening socket that was handed over by number, as libvirt does."""
    try:
        link = str(Path(f"/proc/{pid}/fd/{int(handle)}").readlink())
    except (OSError, ValueError):
        return ""
    return next((one.name for one in sockets if one.listening and link == f"socket:[{one.inode}]"), "")


def _qmp_chardevs(command_line: tuple[str, ...]) -> Iterator[Mapping[str, str]]:
    """The server sockets of all QMP monitors, with `path`, `fd`, or `host` and `port`."""
    for option in ("qmp", "qmp-pretty"):
        for value in values_of(command_line, option):
            yield from _servers(_legacy(value))
    chardevs = {one.get("id", ""): one for one in map(_options, values_of(command_line, "chardev"))}
    for value in values_of(command_line, "mon"):
        monitor = _options(value, "chardev")
        if monitor.get("mode") == "control":
            yield from _servers(chardevs.get(monitor.get("chardev", ""), {}))
    for value in values_of(command_line, "monitor"):
        # Of qemu-storage-daemon, whose monitors are all QMP; QEMU's own -monitor takes no chardev= and is for people.
        yield from _servers(chardevs.get(_options(value, "chardev").get("chardev", ""), {}))


def _servers(chardev: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    served = chardev.get("server", "off") in {"on", "yes", "true", "y", ""}
    if served and (not chardev.get("port") or chardev["port"].isdigit()):
        yield chardev


def _legacy(value: str) -> dict[str, str]:
    """`unix:PATH,server=on,wait=off` and `tcp:HOST:PORT,server`."""
    whole = _QMP_LEGACY.fullmatch(value)
    if whole is None:
        return {}
    address, *rest = split_options(whole["address"])
    options = _flags(rest)
    if whole["kind"] == "unix":
        return {**options, "path": address}
    host, _, port = address.rpartition(":")
    return {**options, "host": host.strip("[]"), "port": port}


def _options(value: str, implied: str = "backend") -> dict[str, str]:
    """QEMU's `key=value,...`, or JSON. The first word may stand without its key."""
    if value.startswith("{"):
        try:
            told = json.loads(value)
        except (ValueError, RecursionError):
            return {}
        return {key: text for key, text in told.items() if isinstance(text, str)} if isinstance(told, dict) else {}
    first, *rest = split_options(value)
    return _flags(rest if "=" not in first else [first, *rest]) | ({} if "=" in first else {implied: first})


def _flags(pieces: list[str]) -> dict[str, str]:
    """`server` alone means on, `nowait` and the like are let go."""
    return {piece.partition("=")[0]: piece.partition("=")[2] for piece in pieces}
