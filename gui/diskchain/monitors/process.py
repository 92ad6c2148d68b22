"""What /proc tells about the process at the other end of a socket. All of it is hostile: any program may call itself QEMU."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

_LIBVIRT_SOCKET = re.compile(r".*/libvirt/qemu/(.*/)?domain-[^/]*/monitor\.sock|(/var/lib|/run|/var/run)/libvirt/.*")
_PROXMOX_SOCKET = re.compile(r"(/var)?/run/qemu-server/(?P<id>[0-9]+)\.(qmp|qga|vnc)")


@dataclass(frozen=True, slots=True)
class Process:
    """One process of this computer, as it was when read. Every text may be anything; escape it before it is shown as markup.

    :ivar pid: as seen from here. `start_time`: clock ticks since boot; with the pid it names a process for good.
    :ivar name: the file name of the program. `command_line`: its arguments, the program first; empty where not readable.
    :ivar cwd: its working folder, None = not known (rights).
    :ivar same_files: whether it sees the same mounts as we do; None = not known.
    :ivar guest: the guest's name from `-name`, or empty. `managed`: `libvirt`, `Proxmox VE`, or empty.
    """

    pid: int
    start_time: int
    name: str
    command_line: tuple[str, ...] = ()
    cwd: str | None = None
    same_files: bool | None = None
    guest: str = ""
    managed: str = ""

    @property
    def is_qemu(self) -> bool:
        """Whether it looks like QEMU or qemu-storage-daemon (Proxmox calls its QEMU `kvm`)."""
        return self.name.startswith(("qemu-system", "qemu-storage", "qemu-kvm")) or (
            self.name in {"kvm", "qemu"} and len(self.command_line) > 1
        )

    @property
    def is_storage_daemon(self) -> bool:
        """Whether it is qemu-storage-daemon: it has no guest."""
        return self.name.startswith("qemu-storage")

    @property
    def ends_at_reset(self) -> bool:
        """Whether it was started so that it ends where its guest is reset."""
        return ends_at_reset(self.command_line)

    def __str__(self) -> str:
        return f"{self.name} (pid {self.pid})"


def read_process(pid: int, socket_path: str = "") -> Process | None:
    """Read /proc about a process; takes well under a millisecond.

    :param socket_path: of its monitor, by which libvirt and Proxmox can be told.
    :return: None if there is no such process (any more), or no /proc.
    """
    place = Path("/proc") / str(pid)
    try:
        stat = (place / "stat").read_bytes().decode(errors="replace")
    except OSError:
        return None
    comm, _, rest = stat.partition("(")[2].rpartition(")")
    fields = rest.split()
    command_line = _command_line(place)
    return Process(
        pid,
        start_time=int(fields[19]) if len(fields) > 19 and fields[19].isdigit() else 0,
        name=Path(command_line[0]).name if command_line and command_line[0] else comm,
        command_line=command_line,
        cwd=_link(place / "cwd"),
        same_files=_same_files(place),
        guest=guest_name(command_line),
        managed=manager(command_line, socket_path),
    )


def ends_at_reset(command_line: tuple[str, ...]) -> bool:
    """Whether QEMU ends where its guest is reset: `-no-reboot`, or `-action reboot=shutdown`; the last one said holds."""
    ends = False
    for at, word in enumerate(command_line):
        option, _, value = word.removeprefix("-").removeprefix("-").partition("=")
        if word in ("-no-reboot", "--no-reboot"):
            ends = True
        elif option == "action" and word.startswith("-"):
            told = dict(
                piece.partition("=")[::2] for piece in split_options(value or "".join(command_line[at + 1 : at + 2]))
            )
            ends = told.get("reboot", "shutdown" if ends else "reset") == "shutdown"
    return ends


def guest_name(command_line: tuple[str, ...]) -> str:
    """The name that `-name` gives: `-name guest=vm1,debug-threads=on` or `-name vm1`."""
    for value in values_of(command_line, "name"):
        for piece in split_options(value):
            key, equals, text = piece.partition("=")
            if not equals:
                return key
            if key == "guest":
                return text
    return ""


def manager(command_line: tuple[str, ...], socket_path: str = "") -> str:
    """Who manages a machine that was started like this: `libvirt`, `Proxmox VE` or, when nobody known does, an empty string.

    libvirt hands each guest a secret object `masterKey0`, and its sockets lie in its own folders; Proxmox's machines have a
    number as `-id` and their sockets in /run/qemu-server.
    """
    master = any("masterKey0" in value for value in values_of(command_line, "object"))
    if master or _LIBVIRT_SOCKET.fullmatch(socket_path):
        return "libvirt"
    numbered = any(value.isdigit() for value in values_of(command_line, "id"))
    if _PROXMOX_SOCKET.fullmatch(socket_path) or (numbered and any("/qemu-server/" in word for word in command_line)):
        return "Proxmox VE"
    return ""


def values_of(command_line: tuple[str, ...], option: str) -> tuple[str, ...]:
    """The values of an option in all its spellings: `-qmp X`, `--qmp X`, `--qmp=X`."""
    names = (f"-{option}", f"--{option}")
    with_value = tuple(f"{name}=" for name in names)
    found = [value for key, value in pairwise(command_line) if key in names]
    found += [word.partition("=")[2] for word in command_line if word.startswith(with_value)]
    return tuple(found)


def split_options(value: str) -> tuple[str, ...]:
    """Take QEMU's `a=1,b=2` apart; a doubled comma stands for one in a value."""
    return tuple(piece.replace("\0", ",") for piece in value.replace(",,", "\0").split(","))


def _command_line(place: Path) -> tuple[str, ...]:
    try:
        raw = (place / "cmdline").read_bytes()
    except OSError:
        return ()
    return tuple(os.fsdecode(word) for word in raw.removesuffix(b"\0").split(b"\0")) if raw else ()


def _link(path: Path) -> str | None:
    try:
        return str(path.readlink())
    except OSError:
        return None


def _same_files(place: Path) -> bool | None:
    theirs, ours = _link(place / "ns" / "mnt"), _link(Path("/proc/self/ns/mnt"))
    if theirs is None or ours is None:
        return None
    if theirs != ours:
        return False
    # The same mounts under another root (chroot) give other paths.
    root = _link(place / "root")
    return None if root is None else root == _link(Path("/proc/self/root"))
