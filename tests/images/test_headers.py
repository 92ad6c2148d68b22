"""Which image an image file backs onto, from its header alone; every byte is hostile."""

from __future__ import annotations

import errno
import json
import os
import struct
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diskchain.images.headers import Search, named, names_in
from diskchain.images.looking import look
from tests.support.tools import QEMU_IMG, make_image, tool

MIB = 1 << 20
_STARTS = [b"QFI\xfb", b"QFI\xfb\0\0\0\3", b"QED\0", b"KDMV", b"# Disk DescriptorFile\n", b""]


@pytest.mark.parametrize("kind", ["qcow2", "qed", "qcow"])
def test_real_images(tmp_path: Path, kind: str) -> None:
    base, over = tmp_path / "base.raw", tmp_path / f"over.{kind}"
    base.write_bytes(bytes(MIB))
    make_image(over, kind, MIB, "base.raw", "raw") if kind != "qcow" else make_image(over, kind, MIB)
    assert named(base) == ()
    assert named(over) == (() if kind == "qcow" else ("base.raw",))


def test_the_file_with_the_data_is_named_too(tmp_path: Path) -> None:
    tool(QEMU_IMG, "create", "-q", "-f", "qcow2", "-o", f"data_file={tmp_path}/x.data", tmp_path / "base", "1M")
    make_image(tmp_path / "over", "qcow2", 0, str(tmp_path / "base"), "qcow2")
    assert named(tmp_path / "base") == (str(tmp_path / "x.data"),)
    assert named(tmp_path / "over") == (str(tmp_path / "base"),)


@pytest.mark.parametrize("layout", ["monolithicSparse", "twoGbMaxExtentSparse"])
def test_a_vmdk_names_its_parent(tmp_path: Path, layout: str) -> None:
    make_image(tmp_path / "base.vmdk", "vmdk", MIB)
    words = ("-o", f"subformat={layout}", "-b", "base.vmdk", "-F", "vmdk", tmp_path / "over.vmdk")
    tool(QEMU_IMG, "create", "-q", "-f", "vmdk", *words)
    assert named(tmp_path / "base.vmdk") == ()
    assert named(tmp_path / "over.vmdk") == ("base.vmdk",)


def test_what_is_no_image(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "text").write_text("QFI is not enough")
    start = time.monotonic()
    assert [named(tmp_path / name) for name in ("fifo", "empty", "text")] == [()] * 3
    assert time.monotonic() - start < 1, "a pipe must not be waited for"
    with pytest.raises(OSError, match="No such file"):
        named(tmp_path / "none")


@pytest.mark.parametrize(("offset", "length"), [(0, 5), (1 << 60, 5), (104, 0), (104, 1 << 31), (104, 1024)])
def test_headers_that_lead_astray(tmp_path: Path, offset: int, length: int) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"QFI\xfb" + struct.pack(">IQI", 3, offset, length) + bytes(4096))
    assert named(path) == ()


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from([b"QFI\xfb", b"QFI\xfb\0\0\0\3", b"QED\0", b"KDMV", b"# Disk DescriptorFile\n", b""]),
    st.binary(max_size=400),
)
def test_any_bytes(tmp_path: Path, magic: bytes, data: bytes) -> None:
    path = tmp_path / "any"
    path.write_bytes(magic + data)
    for name in named(path):
        for found in names_in(name, tmp_path):
            assert isinstance(found, str)


@pytest.mark.parametrize(
    ("header", "names"),
    [
        ("base.qcow2", ("/i/base.qcow2",)),
        ("../a/./b.qcow2", ("/i/../a/./b.qcow2",)),
        ("/abs/x", ("/abs/x",)),
        ("file:/abs/x", ("/abs/x",)),
        ("file:rel", ("/i/rel",)),
        ('json:{"driver":"qcow2","file":{"driver":"file","filename":"/x/y"}}', ("/x/y",)),
        ('json:{"file.filename":"rel"}', ("/i/rel",)),
        ('json:{"backing":{"file":{"filename":"/b"}},"file":{"filename":"/a"}}', ("/b", "/a")),
        ("json:{broken", ()),
        ("json:[1]", ()),
        ("json:" + '{"a":' * 2000 + "1" + "}" * 2000, ()),
    ],
)
def test_names_in_headers(header: str, names: tuple[str, ...]) -> None:
    assert names_in(header, Path("/i")) == names


def _overlay(path: Path, backing: str) -> Path:
    make_image(path, "qcow2", 0, backing, "qcow2")
    return path


def test_every_way_to_name_a_base_is_found(tmp_path: Path) -> None:
    base = tmp_path / "base.qcow2"
    make_image(base, "qcow2", MIB)
    deep = tmp_path / "deep"
    deep.mkdir()
    (deep / "link.qcow2").symlink_to(base)
    (tmp_path / "hard.qcow2").hardlink_to(base)
    as_json = "json:" + json.dumps({"driver": "qcow2", "file": {"driver": "file", "filename": str(base)}})
    wanted = {
        _overlay(tmp_path / "absolute", str(base)),
        _overlay(tmp_path / "relative", "base.qcow2"),
        _overlay(tmp_path / "dotted", "./deep/../base.qcow2"),
        _overlay(tmp_path / "through-link", "deep/link.qcow2"),
        _overlay(tmp_path / "through-hard-link", "hard.qcow2"),
        _overlay(tmp_path / "as-json", as_json),
        _overlay(tmp_path / 'odd "name"\n', "base.qcow2"),
        _overlay(deep / "in-a-folder-below", "../base.qcow2"),
    }
    too_deep = deep / "deeper" / "deepest"
    too_deep.mkdir(parents=True)
    _overlay(too_deep / "not-searched", str(base))
    _overlay(tmp_path / "on-another", str(tmp_path / "absolute"))
    (tmp_path / "link-to-overlay").symlink_to(tmp_path / "absolute")
    os.mkfifo(tmp_path / "fifo")
    search = Search()
    search.look_through(str(tmp_path))
    assert set(search.naming(str(base))) == {str(path) for path in wanted}
    assert search.naming(str(tmp_path / "through-link")) == ()
    assert search.naming(f"{deep}/../absolute") == (str(tmp_path / "on-another"),)
    assert search.unsearched == []


def test_a_link_to_a_folder_is_passed_over_and_nothing_stays_open(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "link").symlink_to(tmp_path / "folder")
    before = len(list(Path("/proc/self/fd").iterdir()))
    search = Search()
    search.look_through(str(tmp_path / "images"))
    assert search.unsearched == []
    assert look(str(tmp_path / "folder")).trouble == "Is a directory"
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_what_could_not_be_read_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(200):
        (tmp_path / f"{number:03}").touch()
        (tmp_path / f"folder{number:03}").mkdir()

    def closed(path: object, *_: object, **__: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied", path)

    real = os.scandir
    monkeypatch.setattr(os, "open", closed)
    monkeypatch.setattr(os, "scandir", lambda path: real(path) if path == str(tmp_path) else closed(path))
    search = Search()
    search.look_through(str(tmp_path))
    why = "(Permission denied)"
    folders = ", ".join(f"{tmp_path}/folder{number:03} {why}" for number in range(3))
    files = ", ".join(f"{tmp_path}/{number:03} {why}" for number in range(3))
    assert search.unsearched == [
        f"{folders} and 197 more could not be searched for other overlays.",
        f"{files} and 197 more could not be read: they may be other overlays.",
    ]
    search = Search()
    search.look_at(str(tmp_path / "000"))
    assert search.unsearched == [f"{tmp_path}/000 {why} could not be read: it may be another overlay."]


def test_what_was_not_searched_is_said(tmp_path: Path) -> None:
    search = Search()
    search.look_through(str(tmp_path / "none"))
    assert "could not be searched" in search.unsearched[0]
    for number in range(4100):
        (tmp_path / f"{number}").touch()
    search = Search()
    start = time.monotonic()
    search.look_through(str(tmp_path))
    assert time.monotonic() - start < 5
    assert "too many files" in search.unsearched[0]
