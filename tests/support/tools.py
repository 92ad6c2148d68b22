"""QEMU's image tools, and what files alone give to a reader."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path

QEMU = os.environ.get("DISKCHAIN_QEMU", "qemu-system-x86_64")
QEMU_IMG = os.environ.get("DISKCHAIN_QEMU_IMG", "qemu-img")
DAEMON = os.environ.get("DISKCHAIN_QSD", "qemu-storage-daemon")
KIB, MIB = 1 << 10, 1 << 20


class ToolError(Exception):
    """A program ended with an error; the text is what it said."""


def tool(*words: object) -> str:
    """Run a program and give what it prints.

    :raises ToolError: with its complaint.
    """
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise ToolError(f"{' '.join(map(str, words))}: {done.stderr.strip()}")
    return done.stdout


def make_image(path: Path, kind: str, size: int, backing: str = "", backing_kind: str = "") -> None:
    """Make an image of `size` bytes (0: as large as what it is backed by); `backing` goes into the header as it is."""
    below = ["-b", backing, "-F", backing_kind] if backing else []
    tool(QEMU_IMG, "create", "-q", "-f", kind, *below, path, *([size] if size else []))


def fill(path: Path, kind: str, pattern: int, offset: int, length: int) -> None:
    """Write `length` bytes of one value into an image that nobody has open."""
    tool("qemu-io", "-f", kind, "-c", f"write -q -P {pattern} {offset} {length}", path)


def header(path: Path) -> dict[str, object]:
    """What `qemu-img info` says of one image, also while QEMU has it open."""
    return dict(json.loads(tool(QEMU_IMG, "info", "-U", "--output=json", path)))


def headers(top: Path) -> list[dict[str, object]]:
    """What `qemu-img info --backing-chain` says, from the top down."""
    return list(json.loads(tool(QEMU_IMG, "info", "-U", "--backing-chain", "--output=json", top)))


def plain_headers(top: Path) -> None:
    """Check that each header names what is below by a path and its format.

    :raises AssertionError: for a `json:` name or a missing format. :raises ToolError: where the chain does not open.
    """
    for image in headers(top):
        below = str(image.get("backing-filename", ""))
        assert not below.startswith("json:"), f"{image['filename']} names what is below as {below[:60]}"
        assert not below or "backing-filename-format" in image, (
            f"{image['filename']} does not say the format of {below}"
        )


def restored(top: Path) -> bytes:
    """What a chain gives to a reader who has the files alone; its headers are checked on the way."""
    plain_headers(top)
    with tempfile.TemporaryDirectory(prefix="diskchain-read-") as folder:
        raw = Path(folder, "raw")
        tool(QEMU_IMG, "convert", "-O", "raw", top, raw)
        return raw.read_bytes()


def same(found: bytes | bytearray, wanted: bytes | bytearray, what: str) -> None:
    """Compare contents, and say where the first other sector is.

    :raises AssertionError: where they differ.
    """
    assert len(found) == len(wanted), f"{what}: {len(found)} bytes instead of {len(wanted)}"
    if found != wanted:
        at = next(at for at in range(0, len(found), 512) if found[at : at + 512] != wanted[at : at + 512])
        raise AssertionError(f"{what}: other bytes from {at} on ({found[at]:#x} instead of {wanted[at]:#x})")
