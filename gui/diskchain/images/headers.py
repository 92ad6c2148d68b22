"""Reads which image a closed image file backs onto, from its header alone.

Nothing is opened for writing and at most a few KiB of each file are read, so that a folder full of images is looked through
quickly. Every byte is hostile input.
"""

from __future__ import annotations

import errno
import json
import os
import stat
import struct
import time
from collections.abc import Iterator
from pathlib import Path

_QCOW2 = b"QFI\xfb"
_QED = b"QED\0"
_LONGEST_NAME = 1023
"""Bytes of a backing file's name in a qcow2 header at most (docs/interop/qcow2.txt)."""
_MOST_FILES = 4_000
_MOST_SECONDS = 3.0
_DEPTH = 2
"""Levels of folders below an image's own that are looked through."""


def backing_name(path: Path) -> str | None:
    """What the header names as backing file, verbatim; None where there is none, or the file is no image that has one.

    Understood: qcow and qcow2 (docs/interop/qcow2.txt), QED (docs/interop/qed_spec.txt). :raises OSError: it cannot be read.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        head = file.read(64)
        if head[:4] == _QCOW2 and len(head) >= 20:
            offset, length = struct.unpack(">QI", head[8:20])
        elif head[:4] == _QED and len(head) >= 64:
            offset, length = struct.unpack("<II", head[56:64])
        else:
            return None
        if not offset or not 0 < length <= _LONGEST_NAME or offset > 1 << 21:
            return None
        file.seek(offset)
        return file.read(length).decode(errors="surrogateescape")


def names_in(header: str, folder: Path) -> tuple[str, ...]:
    """The paths that a header's backing name speaks of, absolute; a `json:` name may speak of several."""
    if header.startswith("json:"):
        try:
            found = list(_file_names(json.loads(header[5:])))
        except (ValueError, RecursionError):
            return ()
    else:
        found = [header.removeprefix("file:")]
    return tuple(os.path.normpath(folder / name) for name in found)


def _file_names(options: object) -> Iterator[str]:
    if isinstance(options, dict):
        for key, value in options.items():
            if isinstance(value, str) and key.split(".")[-1] == "filename":
                yield value
            else:
                yield from _file_names(value)


class Search:
    """Looks through folders for images that back onto some others.

    :ivar readers: image -> images elsewhere that name it. `unsearched`: sentences on what was not looked at.
    """

    def __init__(self, images: tuple[str, ...]) -> None:
        self.readers: dict[str, list[str]] = {}
        self.unsearched: list[str] = []
        self._wanted = {identity: image for image in images if (identity := _identity(image)) is not None}
        self._names = {os.path.normpath(image): image for image in images}
        self._until = time.monotonic() + _MOST_SECONDS
        self._left = _MOST_FILES
        self._folders: list[str] = []

    @property
    def where(self) -> str:
        """The folders that were looked through, in words."""
        return ", ".join(f"{folder} and {_DEPTH} levels below" for folder in self._folders)

    def look_through(self, folder: str) -> None:
        """Read the headers of the files in a folder and a little below it, within the bounds of the whole search."""
        self._folders.append(folder)
        self._look(folder, _DEPTH)

    def _look(self, folder: str, depth: int) -> None:
        below: list[str] = []
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if self._left <= 0 or time.monotonic() > self._until:
                        self.unsearched.append(
                            f"{folder} holds too many files: not all were searched for other overlays."
                        )
                        return
                    self._left -= 1
                    if entry.is_dir(follow_symlinks=False):
                        below.append(entry.path)
                        continue
                    self._read(Path(entry.path))
        except OSError as error:
            self.unsearched.append(f"{folder} could not be searched for other overlays: {error.strerror}.")
        for path in below if depth else ():
            self._look(path, depth - 1)

    def _read(self, path: Path) -> None:
        try:
            header = backing_name(path)
        except OSError as error:
            if error.errno not in (errno.ENXIO, errno.ENOENT):  # a socket; gone meanwhile, or a link to nowhere
                self.unsearched.append(f"{path} could not be read ({error.strerror}): it may be another overlay.")
            return
        if header is None:
            return
        for name in names_in(header, path.parent):
            image = self._names.get(name) or self._wanted.get(_identity(name) or (0, 0))
            real = os.path.realpath(path) if path.is_symlink() else str(path)
            if image is not None and real not in self.readers.get(image, ()):
                self.readers.setdefault(image, []).append(real)


def _identity(path: str) -> tuple[int, int] | None:
    try:
        found = Path(path).stat()
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino
