"""The rule for files: a new file never replaces an old one, and only what a failed act of ours made is removed."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

import pytest

from diskchain.images.files import absent, inode_of, make_file, remove_made
from tests.support.tools import DAEMON, header, make_image

_OWNER = (os.getuid(), os.getgid())


def test_what_counts_as_absent(tmp_path: Path) -> None:
    assert absent(str(tmp_path / "new"))
    assert not absent(str(tmp_path))
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    assert not absent(str(tmp_path / "dangling"))
    (tmp_path / "file").touch()
    assert not absent(str(tmp_path / "file" / "below")), "what cannot be looked at may be there"
    assert not absent("/x\0y")
    assert not absent("/" + "x" * 300)


def test_what_we_made_is_removed(tmp_path: Path) -> None:
    made = tmp_path / "made"
    made.write_bytes(b"x")
    file = inode_of(str(made))
    assert remove_made(str(made), file) == ""
    assert not made.exists()
    assert remove_made(str(made), file) == "", "gone already"


def test_a_file_that_took_the_name_of_ours_stays(tmp_path: Path) -> None:
    made = tmp_path / "made"
    made.write_bytes(b"ours")
    file = inode_of(str(made))
    made.rename(tmp_path / "moved")
    made.write_bytes(b"precious")
    assert "not the file" in remove_made(str(made), file)
    assert "not the file" in remove_made(str(made), None)
    assert made.read_bytes() == b"precious"
    assert (tmp_path / "moved").read_bytes() == b"ours"


def test_what_is_no_regular_file_stays(tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_bytes(b"precious")
    (tmp_path / "link").symlink_to(target)
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(tmp_path / "socket"))
    for name in ("link", "fifo", "folder", "socket"):
        said = remove_made(str(tmp_path / name), inode_of(str(tmp_path / name)))
        assert str(tmp_path / name) in said
        assert said.endswith(".")
        assert os.path.lexists(tmp_path / name)
    assert target.read_bytes() == b"precious"


def test_what_somebody_holds_a_lock_on_stays(tmp_path: Path) -> None:
    """QEMU's own locks, also of a reader."""
    image = tmp_path / "image.qcow2"
    make_image(image, "qcow2", 1 << 20)
    for word in ("on", "off"):
        options = f"driver=qcow2,node-name=n,read-only={word},file.driver=file,file.filename={image}"
        with subprocess.Popen(
            [DAEMON, "--blockdev", options, "--chardev", "stdio,id=m", "--monitor", "chardev=m"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        ) as process:  # fmt: skip
            assert process.stdout is not None
            assert b"QMP" in process.stdout.readline()
            assert "lock" in remove_made(str(image), inode_of(str(image)))
            assert image.exists()
            process.terminate()
    assert remove_made(str(image), inode_of(str(image))) == ""


def test_an_overlay_is_made_where_nothing_is(tmp_path: Path) -> None:
    path = tmp_path / "over.qcow2"
    words = ("create", "-q", "-f", "qcow2", "-u", "-b", "base.qcow2", "-F", "qcow2", "--", str(path), str(1 << 20))
    make_file(words, str(path), _OWNER)
    assert header(path)["backing-filename"] == "base.qcow2"
    before = path.read_bytes()
    with pytest.raises(FileExistsError):
        make_file(words, str(path), _OWNER)
    assert path.read_bytes() == before
    link = tmp_path / "link.qcow2"
    link.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError):
        make_file((*words[:-2], str(link), "1048576"), str(link), _OWNER)
    assert not (tmp_path / "elsewhere").exists()


def test_a_failed_overlay_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "over.qcow2"
    with pytest.raises(OSError, match="could not be made"):
        make_file(("create", "-f", "nonsense", "--", str(path), "1"), str(path), _OWNER)
    assert not path.exists()
    monkeypatch.setenv("DISKCHAIN_QEMU_IMG", str(tmp_path / "no-such-tool"))
    with pytest.raises(OSError, match="no-such-tool"):
        make_file(("create", str(path)), str(path), _OWNER)
    assert not path.exists()
    with pytest.raises(FileNotFoundError):
        make_file(("create",), str(tmp_path / "no" / "folder"), _OWNER)


@pytest.mark.parametrize("broken", [False, True], ids=["qemu-img ends well", "qemu-img fails"])
def test_a_link_that_takes_the_name_meanwhile_leads_nowhere(
    broken: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody who may write in the folder exchanges our new file for a link, right before `qemu-img` writes into it."""
    path, precious, tool = tmp_path / "new.qcow2", tmp_path / "precious", tmp_path / "tool"
    precious.write_bytes(b"precious")
    owner = precious.stat().st_uid
    tool.write_text(f'#!/bin/sh\nln -sf {precious} {path}\nqemu-img "$@" {"&& false" if broken else ""}\n')
    tool.chmod(0o755)
    monkeypatch.setenv("DISKCHAIN_QEMU_IMG", str(tool))
    with pytest.raises(OSError, match="could not be made"):
        make_file(("create", "-q", "-f", "qcow2", "--", str(path), "1048576"), str(path), (65534, 65534))
    assert (precious.read_bytes(), precious.stat().st_uid) == (b"precious", owner)
    assert path.is_symlink(), "it is not ours to remove"
