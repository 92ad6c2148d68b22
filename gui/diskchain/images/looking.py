"""What a closed image says of itself: its format, its size, and what it is backed by. Every byte is hostile input."""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from diskchain.images.headers import extension, named, names_in, opened
from diskchain.model.paths import URI

_HEAD = 4096
_LAST = 512
_BACKING_FORMAT = 0xE2792ACA
"""The extension of a qcow2 header that says the format of the backing file (docs/interop/qcow2.txt)."""
_MARKS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"QFI\xfb\0\0\0\1", "qcow"),
    (0, b"QFI\xfb", "qcow2"),
    (0, b"QED\0", "qed"),
    (0, b"KDMV", "vmdk"),
    (0, b"COWD", "vmdk"),
    (0, b"# Disk DescriptorFile", "vmdk"),
    (64, b"\x7f\x10\xda\xbe", "vdi"),
    (0, b"vhdxfile", "vhdx"),
    (0, b"conectix", "vpc"),
    (0, b"LUKS\xba\xbe", "luks"),
    (0, b"WithoutFreeSpace", "parallels"),
    (0, b"WithouFreSpacExt", "parallels"),
    (0, b"Bochs Virtual HD Image", "bochs"),
)
"""Where an image has which bytes -> QEMU's name of its format (the `_probe` functions in QEMU's block/)."""
_LAST_MARKS = ((b"conectix", "vpc"), (b"koly", "dmg"))
"""The same for the last 512 bytes."""
_DEEPEST = 200
"""Images of a chain that are followed at most."""


@dataclass(frozen=True, slots=True)
class Header:
    """An image file as it lies there.

    :ivar path: absolute. `trouble`: why it could not be read; empty: it was.
    :ivar format: QEMU's name of the format that it begins (or ends) like; empty: none that is known, so it may be raw.
    :ivar size: bytes that a guest would see, where that is told here; None: not known.
    :ivar backing: what it says is below, verbatim; `backing_path` the same as an absolute path, empty where it is no plain file;
        `backing_format` in which format; empty: it does not say.
    :ivar device: whether it is a block device. `parts`: whether it keeps its data in another file.
    """

    path: str
    trouble: str = ""
    format: str = ""
    size: int | None = None
    backing: str = ""
    backing_path: str = ""
    backing_format: str = ""
    device: bool = False
    parts: bool = False


def look(path: str) -> Header:
    """Read an image's header; what cannot be read is told in it."""
    try:
        with opened(path) as file:
            told = os.fstat(file.fileno())
            device = stat.S_ISBLK(told.st_mode)
            if not (device or stat.S_ISREG(told.st_mode)):
                return Header(path, "it is no file")
            head, length = file.read(_HEAD), file.seek(0, os.SEEK_END)
            file.seek(max(length - _LAST, 0))
            kind = format_of(head, file.read(_LAST))
        files = () if device else named(Path(path))
    except (OSError, ValueError) as error:
        return Header(path, getattr(error, "strerror", None) or str(error))
    if kind != "qcow2":
        return Header(path, "", kind, None if kind else length, files[0] if files else "", device=device)
    return _qcow2(path, head, files, device)


def _qcow2(path: str, head: bytes, files: tuple[str, ...], device: bool) -> Header:
    if len(head) < 72:
        return Header(path, "", "qcow2", device=device)
    backed = struct.unpack(">Q", head[8:16])[0] != 0
    backing = files[0] if backed and files else ""
    found = names_in(backing, Path(path).parent) if backing and not URI.match(backing) else ()
    return Header(
        path,
        format="qcow2",
        size=struct.unpack(">Q", head[24:32])[0],
        backing=backing,
        backing_path=found[0] if len(found) == 1 else "",
        backing_format=(extension(head, _BACKING_FORMAT) or b"").decode(errors="replace"),
        device=device,
        parts=len(files) > backed,
    )


def format_of(head: bytes, last: bytes = b"") -> str:
    """The format that a file's first and last bytes are those of; empty: none that is known."""
    for at, mark, kind in _MARKS:
        if head[at : at + len(mark)] == mark:
            return kind
    return next((kind for mark, kind in _LAST_MARKS if last.startswith(mark)), "")


def down(path: str) -> Iterator[Header]:
    """An image and what it is backed by, from the top, as far as plain files are named; a loop ends where it closes."""
    seen: set[str] = set()
    while path and path not in seen and len(seen) < _DEEPEST:
        seen.add(path)
        header = look(path)
        yield header
        path = header.backing_path
