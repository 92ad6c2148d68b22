"""Whether a running QEMU could open one of its images for writing right now, seen from outside.

At the end of some jobs QEMU opens an overlay anew, to rewrite its header. Where that fails, QEMU 7.2 does not report it: it
dies. So it is looked at before the job is let end.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from diskchain.images.held import not_held

_LINE = re.compile(
    r"[0-9]+: *(?P<kind>[A-Z]+ +[A-Z]+ +[A-Z]+) +-?[0-9]+ (?P<file>\S+) (?P<first>[0-9]+) (?P<last>[0-9]+|EOF)"
)
"""A lock in /proc/locks and, behind `lock:`, in /proc/PID/fdinfo/N (proc(5)); a lock that is only waited for has an arrow."""
_WRITING = (101, 103, 201, 203)
"""Bytes that QEMU locks or looks at when it opens for writing: write and resize, taken and not shared (block/file-posix.c)."""

_WRITERS = frozenset({101, 103})
"""Those of them that are taken to write or resize."""


def unready(pid: int, written: Sequence[str], held: Sequence[str] = ()) -> str:
    """Why this process could not open its files anew, in one sentence; empty where nothing speaks against it.

    :param written: absolute paths that it opens for writing. `held`: paths that it opens at all. URIs are passed over.
    :raises OSError: it may not be seen what the process has open.
    """
    for sentence in not_held(pid, (*held, *written)):
        return sentence
    for path in (path for path in written if path.startswith("/")):
        there = Path(f"/proc/{pid}/root{path}")
        if not _may_write(pid, there):
            return f"QEMU may not write to {path} any more."
        if _locked_elsewhere(pid, there):
            return f"Another program holds a lock on {path}."
    return ""


@dataclass(frozen=True, slots=True)
class Holder:
    """A program that holds locks of QEMU's kind on a file, which keep others from writing to it.

    :ivar name: `qemu-img (pid 7)`. `writes`: whether it writes to the file, so that others cannot even read it safely.
    """

    name: str
    writes: bool


def holders(path: str, but: int = 0) -> tuple[Holder, ...]:
    """The programs that hold such locks, as far as this user may see which files they have open.

    :param but: a process that does not count.
    """
    try:
        told = Path(path).stat()
        processes = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    except (OSError, ValueError):
        return ()
    found = (_holder(pid, (told.st_dev, told.st_ino)) for pid in sorted(processes) if pid != but)
    return tuple(holder for holder in found if holder is not None)


def _holder(pid: int, identity: tuple[int, int]) -> Holder | None:
    """The process, if it holds such a lock."""
    place = Path(f"/proc/{pid}")
    try:
        locks = [(first, last) for _, _, first, last in _own(place, identity)]
        held = {byte for byte in _WRITING for first, last in locks if first <= byte <= last}
        return Holder(f"{(place / 'comm').read_text().strip()} (pid {pid})", bool(held & _WRITERS)) if held else None
    except OSError:  # it ended meanwhile, or is another user's
        return None


def _may_write(pid: int, path: Path) -> bool:
    user = Path(f"/proc/{pid}").stat().st_uid
    if os.statvfs(path).f_flag & os.ST_RDONLY:
        return False
    if user in (0, os.geteuid()):
        try:
            os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC))
        except PermissionError:
            return False
        return True
    return _may(user, path, 0o222) and all(_may(user, folder, 0o111) for folder in path.parents)


def _may(user: int, path: Path, bits: int) -> bool:
    """Whether a user has a right. Of its groups and of access lists nothing is known here: only what is surely missing counts."""
    told = path.stat()
    return bool(told.st_mode & bits & (0o700 if told.st_uid == user else 0o077))


def _locked_elsewhere(pid: int, path: Path) -> bool:
    """Whether anybody else's lock keeps the process from writing. A process that locks nothing itself minds no lock."""
    identity = (path.stat().st_dev, path.stat().st_ino)
    own = Counter(_own(Path(f"/proc/{pid}"), identity))
    files = {file for _, file, _, _ in own}
    everybody = Counter(lock for lock in _locks(Path("/proc/locks").read_text().splitlines()) if lock[1] in files)
    return any(first <= byte <= last for _, _, first, last in everybody - own for byte in _WRITING)


def _own(process: Path, identity: tuple[int, int]) -> Iterator[tuple[str, str, int, int]]:
    for entry in (process / "fd").iterdir():
        try:
            told = entry.stat()
            if (told.st_dev, told.st_ino) == identity:
                lines = (process / "fdinfo" / entry.name).read_text().splitlines()
                yield from _locks(line.removeprefix("lock:").strip() for line in lines if line.startswith("lock:"))
        except OSError:  # closed meanwhile
            continue


def _locks(lines: Iterable[str]) -> Iterator[tuple[str, str, int, int]]:
    for line in lines:
        if found := _LINE.match(line):
            last = (1 << 63) - 1 if found["last"] == "EOF" else int(found["last"])
            yield " ".join(found["kind"].split()), found["file"], int(found["first"]), last
