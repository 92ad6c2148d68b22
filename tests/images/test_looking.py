"""What an image says of itself, against images that QEMU's own tool made, and against bytes that nobody made in good faith."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diskchain.images.looking import down, format_of, look
from tests.support.tools import MIB, QEMU_IMG, make_image, tool


@pytest.mark.parametrize("kind", ["qcow2", "qcow", "qed", "vmdk", "vdi", "vhdx", "vpc", "parallels"])
def test_formats_are_told_by_their_marks(kind: str, tmp_path: Path) -> None:
    make_image(tmp_path / "image", kind, 8 * MIB)
    assert look(str(tmp_path / "image")).format == kind


def test_a_fixed_disk_of_virtual_pc_is_told_by_its_end() -> None:
    assert format_of(bytes(512), b"conectix" + bytes(504)) == "vpc"


def test_raw_is_what_has_no_mark(tmp_path: Path) -> None:
    make_image(tmp_path / "image", "raw", 3 * MIB)
    found = look(str(tmp_path / "image"))
    assert (found.format, found.size, found.trouble) == ("", 3 * MIB, "")


@pytest.mark.parametrize("relative", [True, False])
def test_a_chain_is_followed_down(relative: bool, tmp_path: Path) -> None:
    base, top = tmp_path / "base.raw", tmp_path / "top.qcow2"
    make_image(base, "raw", 2 * MIB)
    make_image(top, "qcow2", 4 * MIB, base.name if relative else str(base), "raw")
    first, second = down(str(top))
    assert (first.format, first.size, first.backing_format) == ("qcow2", 4 * MIB, "raw")
    assert first.backing == (base.name if relative else str(base))
    assert first.backing_path == second.path == str(base)


def test_a_loop_and_a_missing_base_end(tmp_path: Path) -> None:
    one, two = tmp_path / "one.qcow2", tmp_path / "two.qcow2"
    make_image(one, "qcow2", MIB)
    make_image(two, "qcow2", MIB, str(one), "qcow2")
    one.unlink()
    assert [bool(header.trouble) for header in down(str(two))] == [False, True]
    tool(QEMU_IMG, "create", "-q", "-u", "-f", "qcow2", "-b", two, "-F", "qcow2", one, MIB)
    assert [header.path for header in down(str(two))] == [str(two), str(one)]


def test_what_is_no_file_is_said(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "none", Path("/dev/null")):
        assert look(str(path)).trouble
    assert look("/a\0b").trouble


@given(st.binary(max_size=200))
def test_any_bytes_behind_a_mark_are_taken(tail: bytes) -> None:
    path = f"/dev/shm/diskchain-test-{os.getpid()}"
    try:
        Path(path).write_bytes(b"QFI\xfb" + tail)
        assert look(path).format in ("qcow", "qcow2")
        list(down(path))
    finally:
        Path(path).unlink()
