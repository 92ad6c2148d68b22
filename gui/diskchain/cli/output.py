"""Writing a picture to a file that the user names, without ever destroying something that is not a picture of ours."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from diskchain.cli import console
from diskchain.cli.ending import Ending, Exit
from diskchain.cli.former import JSON_BEGINS, is_former

_HEAD = 4096
"""How many bytes of a file are looked at."""

_LARGEST_JSON = 64 << 20
"""Our JSON is looked at whole, up to this many bytes; a graph of 10,000 nodes takes 5 MiB."""

_HARMLESS = frozenset({os.makedev(1, 3), os.makedev(1, 5), os.makedev(1, 7), os.makedev(5, 0)})
"""null, zero, full and tty (Linux, Documentation/admin-guide/devices.txt). Others may be disks, as flash memory is."""

_TERMINALS = range(136, 144)
"""Major numbers of the terminals of terminal emulators (the same list)."""

_STDOUT = ("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1")


def write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all. One that exists is replaced only if it is empty or a former output; it keeps its rights.

    :raises Ending: it is something else (exit 5), or it cannot be written (exit 1); what was there is untouched.
    :raises BrokenPipeError: it is a pipe that nobody reads.
    """
    if str(path) in _STDOUT:
        console.result_bytes(data)
        return
    try:
        if _passes_on(path):
            _pass_on(path, data)
        else:
            _put(path, data)
    except BrokenPipeError:
        raise
    except OSError as error:
        what = f"{path} could not be written: {error.strerror}."
        raise Ending(Exit.PROBLEM, f"{what} What was there is untouched. Name another file with -o.") from error


def _passes_on(path: Path) -> bool:
    """Whether it is a terminal, a device that keeps nothing, or a pipe behind a link as those in /dev/fd are.

    A pipe by its own name is refused: whoever reads it may come late or stop, and we would wait without a word.
    """
    try:
        return not stat.S_ISFIFO(path.lstat().st_mode) and _keeps_nothing(path.stat())
    except OSError:
        return False


def _keeps_nothing(found: os.stat_result) -> bool:
    if stat.S_ISCHR(found.st_mode):
        return found.st_rdev in _HARMLESS or os.major(found.st_rdev) in _TERMINALS
    return stat.S_ISFIFO(found.st_mode)


def _pass_on(path: Path, data: bytes) -> None:
    # "r+b" would need a seekable file; neither O_CREAT nor O_TRUNC is wanted, should it be another file by now.
    try:
        handle = os.open(path, os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError as error:
        if error.errno == errno.ENXIO:
            raise _refusal(path, "is a pipe that nobody reads") from None
        raise
    os.set_blocking(handle, True)
    with os.fdopen(handle, "wb") as file:
        if not _keeps_nothing(os.fstat(file.fileno())):
            raise _refusal(path, "has changed meanwhile")
        file.write(data)


def _put(path: Path, data: bytes) -> None:
    """Write a new file beside it, and give that the name once it is whole."""
    _former(path)
    made = path.with_name(f".diskchain-{secrets.token_hex(8)}.new")
    handle = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(handle)
        former = _former(path)  # again, as late as can be: what happened while we wrote counts
        if former is None:
            _name(made, path)
            return
        made.chmod(stat.S_IMODE(former.st_mode))
        if not _same(path.lstat(), former):
            raise _refusal(path, "has changed meanwhile")
        made.replace(path)
    finally:
        made.unlink(missing_ok=True)


def _name(made: Path, path: Path) -> None:
    """Give a new file a name that is free. :raises Ending: it is taken by now."""
    try:
        os.link(made, path)  # unlike a rename, this replaces nothing
    except FileExistsError:
        raise _refusal(path, "has appeared meanwhile") from None
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK):
            raise
        # This file system has no hard links.
        if os.path.lexists(path):
            raise _refusal(path, "has appeared meanwhile") from None
        made.rename(path)


def _former(path: Path) -> os.stat_result | None:
    """The file that may be replaced; None where there is none. :raises Ending: what is there may not be replaced."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return None
    if stat.S_ISLNK(found.st_mode):
        raise _refusal(path, "is a symbolic link")
    if stat.S_ISDIR(found.st_mode):
        raise _refusal(path, "is a folder")
    if stat.S_ISFIFO(found.st_mode):
        raise _refusal(path, "is a named pipe")
    if not stat.S_ISREG(found.st_mode):
        raise _refusal(path, "is no regular file")
    if not found.st_size:
        return found
    if not is_former(_content(path, found)):
        raise _refusal(path, "holds something that is no output of diskchain graph")
    return found


def _content(path: Path, expected: os.stat_result) -> bytes:
    """What tells whether that very file is ours: its first bytes; all of them where it may be our JSON.

    :raises Ending: it is another one by now, or it may not be read.
    """
    handle = -1
    with suppress(PermissionError):
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    if handle < 0:
        raise _refusal(path, "cannot be read, so what it holds is not known")
    with os.fdopen(handle, "rb") as file:
        if not _same(os.fstat(handle), expected):
            raise _refusal(path, "has changed meanwhile")
        head = file.read(_HEAD)
        return head + file.read(_LARGEST_JSON) if head.startswith(JSON_BEGINS) else head


def _same(one: os.stat_result, other: os.stat_result) -> bool:
    """Whether it is the same file with the same content."""
    return (one.st_dev, one.st_ino, one.st_mode, one.st_size, one.st_mtime_ns) == (
        other.st_dev,
        other.st_ino,
        other.st_mode,
        other.st_size,
        other.st_mtime_ns,
    )


def _refusal(path: Path, why: str) -> Ending:
    return Ending(Exit.REFUSED, f"{path} {why}. It is untouched, and nothing was written. Name another file with -o.")
