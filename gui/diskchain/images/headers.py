"""Reads which files a closed image needs, from its header alone.

Nothing is opened for writing and at most a few KiB of each file are read, so that a folder full of images is looked through
quickly. Every byte is hostile input.
"""

from __future__ import annotations

import errno
import json
import os
import re
import stat
import struct
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

_QCOW2 = b"QFI\xfb"
_QED = b"QED\0"
_LONGEST_NAME = 1023
"""Bytes of a backing file's name in a qcow2 header at most (docs/interop/qcow2.txt)."""
_VMDK, _VMDK_TEXT = b"KDMV", b"# Disk DescriptorFile"
_DATA_FILE = 0x44415441
"""The extension of a qcow2 header that names the file with the data (docs/interop/qcow2.txt)."""
_PARENT = re.compile(rb'^parentFileNameHint="([^"\n]{1,1023})"', re.MULTILINE)
_HEAD = 4096
_LONGEST_DESCRIPTOR = 64 << 10
_MOST_FILES = 4_000
_MOST_SECONDS = 3.0
_MOST_NAMED = 3
"""Paths that a sentence on what was not looked at names."""
_DEPTH = 2
"""Levels of folders below an image's own that are looked through."""


def named(path: Path) -> tuple[str, ...]:
    """The files that a header names, verbatim: the backing file, and the file that the data lie in; none where it is no image.

    Understood: qcow and qcow2 (docs/interop/qcow2.txt), QED (docs/interop/qed_spec.txt), VMDK (QEMU's block/vmdk.c).
    :raises OSError: it cannot be read.
    """
    with opened(path) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            return ()
        head = file.read(_HEAD)
        if head[:4] == _QCOW2 and len(head) >= 20:
            return (*_at(file, *struct.unpack(">QI", head[8:20])), *_data_file(head))
        if head[:4] == _QED and len(head) >= 64:
            return _at(file, *struct.unpack("<II", head[56:64]))
        if head[:4] == _VMDK and len(head) >= 44:
            sector, sectors = struct.unpack("<QQ", head[28:44])
            if not 0 < sector < 1 << 32:
                return ()
            file.seek(sector * 512)
            return _parents(file.read(min(sectors * 512, _LONGEST_DESCRIPTOR)))
        if head.startswith(_VMDK_TEXT):
            file.seek(0)
            return _parents(file.read(_LONGEST_DESCRIPTOR))
    return ()


def opened(path: str | Path) -> BinaryIO:
    """A file for reading, without waiting for the other end of a pipe. :raises OSError: it cannot be read, or is a folder."""
    return open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK))


def _at(file: BinaryIO, offset: int, length: int) -> tuple[str, ...]:
    if not offset or not 0 < length <= _LONGEST_NAME or offset > 1 << 21:
        return ()
    file.seek(offset)
    return (file.read(length).decode(errors="surrogateescape"),)


def _data_file(head: bytes) -> tuple[str, ...]:
    """The name of the file that a qcow2 image keeps its data in, from the extensions of its header."""
    found = extension(head, _DATA_FILE)
    return () if found is None else (found[:_LONGEST_NAME].decode(errors="surrogateescape"),)


def extension(head: bytes, wanted: int) -> bytes | None:
    """What an extension of a qcow2 header holds, as far as it lies in `head`; None: there is none of this kind."""
    version, at = struct.unpack(">I", head[4:8])[0], 72
    if version >= 3 and len(head) >= 104:
        at = struct.unpack(">I", head[100:104])[0]
    while at + 8 <= len(head):
        kind, length = struct.unpack(">II", head[at : at + 8])
        if not kind:
            break
        if kind == wanted:
            return head[at + 8 : at + 8 + length]
        at += 8 + (length + 7) // 8 * 8
    return None


def _parents(text: bytes) -> tuple[str, ...]:
    """The parents that a VMDK descriptor names."""
    return tuple(name.decode(errors="surrogateescape") for name in _PARENT.findall(text.split(b"\0", maxsplit=1)[0]))


def names_in(header: str, folder: Path) -> tuple[str, ...]:
    """The paths that a name in a header speaks of, absolute, `..` left in; a `json:` name may speak of several."""
    if header.startswith("json:"):
        try:
            found = list(_file_names(json.loads(header[5:])))
        except (ValueError, RecursionError):
            return ()
    else:
        found = [header.removeprefix("file:")]
    return tuple(name if name.startswith("/") else f"{folder}/{name}" for name in found)


def _file_names(options: object) -> Iterator[str]:
    if isinstance(options, dict):
        for key, value in options.items():
            if isinstance(value, str) and key.split(".")[-1] == "filename":
                yield value
            else:
                yield from _file_names(value)


class Search:
    """Looks through folders and notes which image there names which file."""

    def __init__(self) -> None:
        self._unread: dict[str, str] = {}  # file -> why
        self._shut: dict[str, str] = {}  # folder -> why
        self._crowded: dict[str, str] = {}  # folder -> empty
        self._naming: dict[object, dict[str, None]] = {}
        self._until = time.monotonic() + _MOST_SECONDS
        self._left = _MOST_FILES
        self._folders: list[str] = []

    def naming(self, path: str) -> tuple[str, ...]:
        """The images that were found to name this file, by whatever name."""
        return tuple(self._naming.get(same_file(path), ()))

    @property
    def unsearched(self) -> list[str]:
        """Sentences on what was not looked at, one for each kind, however much there is of it."""
        crowded = "too many files: not all were searched for other overlays."
        shut, unread = "could not be searched for other overlays.", "could not be read:"
        kinds = (
            (self._crowded, f"holds {crowded}", f"hold {crowded}"),
            (self._shut, shut, shut),
            (self._unread, f"{unread} it may be another overlay.", f"{unread} they may be other overlays."),
        )
        return [f"{_some(found)} {one if len(found) == 1 else more}" for found, one, more in kinds if found]

    @property
    def where(self) -> str:
        """The folders that were looked through, in words."""
        return ", ".join(f"{folder} and {_DEPTH} levels below" for folder in self._folders)

    def look_through(self, folder: str) -> None:
        """Read the headers of the files in a folder and a little below it, within the bounds of the whole search."""
        if os.path.realpath(folder) in {os.path.realpath(other) for other in self._folders}:
            return
        self._folders.append(folder)
        self._look(folder, _DEPTH)

    def look_at(self, path: str) -> None:
        """Read the header of one file, wherever it lies; one that is not there is passed over."""
        self._read(Path(path))

    def _look(self, folder: str, depth: int) -> None:
        below: list[str] = []
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if self._left <= 0 or time.monotonic() > self._until:
                        self._crowded[folder] = ""
                        return
                    self._left -= 1
                    if entry.is_dir(follow_symlinks=False):
                        below.append(entry.path)
                        continue
                    self._read(Path(entry.path))
        except OSError as error:
            self._shut[folder] = error.strerror or str(error)
        for path in below if depth else ():
            self._look(path, depth - 1)

    def _read(self, path: Path) -> None:
        try:
            headers = named(path)
        except OSError as error:
            # A socket; gone meanwhile, or a link to nowhere; a link to a folder, which leads out of what is looked through.
            if error.errno not in (errno.ENXIO, errno.ENOENT, errno.EISDIR):
                self._unread[str(path)] = error.strerror or str(error)
            return
        real = os.path.realpath(path) if path.is_symlink() else str(path)
        for name in (name for header in headers for name in names_in(header, path.parent)):
            self._naming.setdefault(same_file(name), {})[real] = None


def _some(found: Mapping[str, str]) -> str:
    """The first few paths, each with the reason where there is one, and how many more there are."""
    named = [f"{path} ({why})" if why else path for path, why in sorted(found.items())[:_MOST_NAMED]]
    if len(found) > _MOST_NAMED:
        named.append(f"{len(found) - _MOST_NAMED} more")
    return " and ".join((", ".join(named[:-1]), named[-1])) if len(named) > 1 else named[0]


def same_file(path: str) -> object:
    """A key that two names share if they lead to the same file now; where it is not to be seen, if they are the same name."""
    return identity(path) or os.path.normpath(path)


def identity(path: str) -> tuple[int, int] | None:
    """What tells a file apart from all others now: device and inode, links followed; None where it is not to be seen."""
    try:
        found = Path(path).stat()
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino
