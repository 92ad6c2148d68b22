"""What of a sandbox folder may be removed, and how.

Only regular files and sockets that belong to us, that nobody holds a lock on, reached through the descriptors of folders of
our own, so that no link is ever followed. Everything else stays, for the caller to name.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import struct
from pathlib import Path

MARKER = "diskchain-sandbox.json"
DRAFT = "diskchain-sandbox.new"  # of the marker
IMAGES = "images"
_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def clear(path: Path, descriptor: int, names: list[str]) -> list[Path]:
    """Remove `names` from the folder open as `descriptor`, then the folder, if nothing else is in it.

    The marker goes last, and only with the folder: what stays is still known as ours at the next start.

    :param path: the folder's name.
    :param names: relative names; the marker and its draft are always meant.
    :returns: what is still there.
    """
    images = _open_images(descriptor)
    try:
        for name in names:
            parts = name.split("/")
            if is_file_name(name) and name not in {MARKER, DRAFT}:
                _remove_file(parts[-1], descriptor if len(parts) == 1 else images)
    finally:
        if images >= 0:
            os.close(images)
    with contextlib.suppress(OSError):  # not empty, or no folder: seen below
        os.rmdir(IMAGES, dir_fd=descriptor)
    left = [name for name in _listing(descriptor) if name not in {MARKER, DRAFT}]
    if left:
        inner = [path / IMAGES / name for name in _listing_of_images(descriptor)]
        return inner + [path / name for name in left if name != IMAGES or not inner]
    for name in (DRAFT, MARKER):
        _remove_file(name, descriptor)
    with contextlib.suppress(OSError):
        path.rmdir()
    return [path] if path.exists() else []


def open_folder(path: Path) -> int:
    """A descriptor of a folder, not through a link.

    :raises OSError: it is none, or gone.
    """
    return os.open(path, _FOLDER_FLAGS)


def everything(descriptor: int) -> list[str]:
    """The relative names of all that is in the folder open as `descriptor`, and in its images."""
    return [*_listing(descriptor), *(f"{IMAGES}/{name}" for name in _listing_of_images(descriptor))]


def is_file_name(name: str) -> bool:
    """Whether a relative name can be a file of the folder itself or of its images, and leads nowhere else."""
    parts = name.split("/")
    plain = all(part not in {"", ".", ".."} and "\0" not in part for part in parts)
    return plain and (len(parts) == 1 or (len(parts) == 2 and parts[0] == IMAGES))


def _listing(descriptor: int) -> list[str]:
    return sorted(os.listdir(descriptor))


def _open_images(descriptor: int) -> int:
    try:
        return os.open(IMAGES, _FOLDER_FLAGS, dir_fd=descriptor)
    except OSError:  # there is none, or it is something else
        return -1


def _listing_of_images(descriptor: int) -> list[str]:
    images = _open_images(descriptor)
    if images < 0:
        return []
    try:
        return _listing(images)
    finally:
        os.close(images)


def _remove_file(name: str, folder: int) -> None:
    """Remove one file by the rule of removal; what may not go is left without a word (the caller looks what stayed)."""
    if folder < 0:
        return
    with contextlib.suppress(OSError):
        facts = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if facts.st_uid != os.geteuid():
            return
        if stat.S_ISSOCK(facts.st_mode) or (stat.S_ISREG(facts.st_mode) and not _is_locked(name, folder)):
            os.unlink(name, dir_fd=folder)


def _is_locked(name: str, folder: int) -> bool:
    """Whether another process holds a lock on a file, as QEMU does on each image it has open (fcntl(2), F_OFD_GETLK)."""
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    try:
        asked = struct.pack("@hhqqi0q", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        answer = fcntl.fcntl(descriptor, fcntl.F_OFD_GETLK, asked)
        return int(struct.unpack_from("@h", answer)[0]) != fcntl.F_UNLCK
    finally:
        os.close(descriptor)
