"""The rule for files: a new file never replaces an old one, and only what a failed act of ours made is removed.

A file is removed only if it was seen absent right before, the failed act made that very file (by device and inode, not by its
name alone), nobody holds a lock on it, and it is a regular file. Everything here may block: call it in a thread.
"""

from __future__ import annotations

import fcntl
import os
import stat
import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path

_LOCK = struct.Struct("hhqqi4x")
"""`struct flock` on Linux with 64-bit offsets: type, whence, start, length, pid."""


def absent(path: str) -> bool:
    """Whether there is nothing at all by this name, not even a link that leads nowhere."""
    try:
        Path(path).lstat()
    except FileNotFoundError:
        return True
    except (OSError, ValueError):
        return False
    return False


Identity = tuple[int, int]
"""Device and inode: what names a file for as long as it is there, also where it is renamed."""


def inode_of(path: str) -> Identity | None:
    """What has this name now, a link itself rather than what it leads to; None: nothing, or it cannot be seen."""
    try:
        told = Path(path).lstat()
    except (OSError, ValueError):
        return None
    return told.st_dev, told.st_ino


def remove_made(path: str, made: Identity | None) -> str:
    """Remove the file that our failed act has made. Returns an empty string, or why something of this name stays.

    :param made: that file; None: it was never seen, so that whatever has the name now is not ours.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f"{path} was left behind: it could not be opened ({error.strerror})."
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return f"{path} was left behind: it is no regular file."
        told = os.fstat(descriptor)
        if made is None or (told.st_dev, told.st_ino) != made:
            return f"{path} stays: it is not the file that was made here."
        if _locked(descriptor):
            return f"{path} was left behind: somebody holds a lock on it."
        if not _leads_to(path, descriptor):
            return f"{path} was left behind: another file took its name."
        Path(path).unlink()
    except OSError as error:
        return f"{path} was left behind: {error.strerror}."
    finally:
        os.close(descriptor)
    return ""


def _locked(descriptor: int) -> bool:
    """Whether anybody holds a lock that would conflict with writing; QEMU locks single bytes from 100 on (block/file-posix.c)."""
    asked = _LOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
    told = _LOCK.unpack(fcntl.fcntl(descriptor, fcntl.F_OFD_GETLK, asked))
    return bool(told[0] != fcntl.F_UNLCK)


def make_file(words: Sequence[str], path: str, owner: tuple[int, int]) -> Identity:
    """Make a file where none is, have `qemu-img` write an empty overlay into it, and give it to QEMU's user.

    All of it is done to the very file that was made. By its name another user, to whom the folder belongs, could lead us to any
    other file in the meantime, and we may be root. Gives the file that was made.

    :param words: arguments for `qemu-img`, without its name; none: the file stays empty.
    :raises FileExistsError: something has that name already; it is untouched.
    :raises OSError: it could not be made; nothing is left of it.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o644), "rb+") as file:
        try:
            if words:
                _image(words, path, file.fileno())
            if os.geteuid() == 0:
                os.fchown(file.fileno(), *owner)
        except BaseException:
            if _leads_to(path, file.fileno()):
                Path(path).unlink()
            raise
        if not _leads_to(path, file.fileno()):
            raise OSError(f"{path} could not be made: another file took its name.")
        told = os.fstat(file.fileno())
        return told.st_dev, told.st_ino


def _image(words: Sequence[str], path: str, descriptor: int) -> None:
    """Have `qemu-img` write into an open file. :raises OSError: it did not."""
    tool = os.environ.get("DISKCHAIN_QEMU_IMG") or "qemu-img"
    own = f"/proc/self/fd/{descriptor}"
    line = [tool, *(own if word == path else word for word in words)]
    try:
        subprocess.run(line, capture_output=True, text=True, timeout=60, check=True, pass_fds=(descriptor,))
    except subprocess.SubprocessError as error:
        said = error.stderr if isinstance(error, subprocess.CalledProcessError) else "qemu-img did not end"
        raise OSError(f"{path} could not be made: {str(said).strip().replace(own, path)}") from error


def _leads_to(path: str, descriptor: int) -> bool:
    """Whether a name is that of an open file, not of a link to it."""
    told = os.fstat(descriptor)
    return inode_of(path) == (told.st_dev, told.st_ino)
