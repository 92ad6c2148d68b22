"""The private folder: where it is, what its marker says, what it removes and what not."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import stat
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from diskchain.sandbox import folder as rooms
from diskchain.sandbox.folder import Folder, places
from diskchain.sandbox.process import Process
from diskchain.sandbox.removal import MARKER


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    tmp_path.chmod(0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def folder(runtime: Path) -> Iterator[Folder]:
    made = Folder.make(["images/base.qcow2", "monitor.sock"])
    assert made.path.parent == runtime
    yield made
    made.remove()


def _marker(folder: Folder) -> dict[str, object]:
    return dict(json.loads((folder.path / MARKER).read_text()))


def test_it_is_private_and_says_whose_it_is(folder: Folder) -> None:
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    marker = _marker(folder)
    assert marker["application"] == "diskchain"
    assert marker["owner"] == Process.own().as_json()
    assert marker["qemu"] is None
    assert marker["files"] == ["images/base.qcow2", "monitor.sock"]


def test_noted_files_are_in_the_manifest_and_others_are_not(folder: Folder, tmp_path: Path) -> None:
    assert folder.note(folder.images / "snap.qcow2")
    assert folder.note(folder.images / "snap.qcow2")
    assert not folder.note(tmp_path / "elsewhere.qcow2")
    assert not folder.note(folder.images / ".." / ".." / "precious")
    assert not folder.note(folder.path / "deep" / "er" / "file")
    assert _marker(folder)["files"] == ["images/base.qcow2", "monitor.sock", "images/snap.qcow2"]


def test_files_and_sockets_go(folder: Folder) -> None:
    (folder.images / "base.qcow2").write_bytes(b"x")
    (folder.images / "made-by-another-client.qcow2").write_bytes(b"x")
    with socket.socket(socket.AF_UNIX) as line:
        line.bind(str(folder.path / "monitor.sock"))
        folder.remove()
    assert not folder.path.exists()
    assert folder.kept == []
    folder.remove()


def test_links_are_not_followed_and_stay(folder: Folder, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(b"x")
    (folder.images / "base.qcow2").symlink_to(precious)
    folder.remove()
    assert precious.read_bytes() == b"x"
    assert folder.kept == [folder.images / "base.qcow2"]
    assert (folder.path / MARKER).exists()
    (folder.images / "base.qcow2").unlink()


def test_a_linked_images_folder_is_not_entered(folder: Folder, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "base.qcow2").write_bytes(b"x")
    folder.images.rmdir()
    folder.images.symlink_to(elsewhere)
    folder.remove()
    assert (elsewhere / "base.qcow2").exists()
    assert folder.kept == [folder.images]


def test_a_locked_file_stays(folder: Folder) -> None:
    held = folder.images / "held.qcow2"
    held.write_bytes(bytes(512))
    with held.open("rb+") as file:
        # one byte, read-locked, as QEMU does
        fcntl.fcntl(file.fileno(), fcntl.F_OFD_SETLK, struct.pack("@hhqqi0q", fcntl.F_RDLCK, os.SEEK_SET, 100, 1, 0))
        folder.remove()
        assert held.exists()
        assert folder.kept == [held]


def test_a_socket_path_too_long_goes_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = tmp_path / ("d" * 90)
    deep.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(deep))
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    folder = Folder.make([])
    folder.remove()
    assert folder.path.parent == Path("/tmp")


@pytest.mark.parametrize("mode", [0o755, 0o770])
def test_a_runtime_folder_that_others_may_enter_is_not_used(runtime: Path, mode: int) -> None:
    assert runtime in places()
    runtime.chmod(mode)
    assert runtime not in places()


def test_no_room_is_said(runtime: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "LEAST", 1 << 60)
    with pytest.raises(OSError, match="MiB free; tried " + str(runtime)):
        Folder.make([])
    assert list(runtime.iterdir()) == []


def test_a_process_is_known_by_its_start() -> None:
    own = Process.own()
    assert own.lives()
    assert Process.from_json(own.as_json()) == own
    assert not Process(own.pid, own.start + 1).lives()
    assert Process.from_json({"pid": "1"}) is None
    with subprocess.Popen([sys.executable, "-c", ""], stdin=subprocess.DEVNULL) as child:
        other = Process.of(child.pid)
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert not other.lives()  # ended, not yet waited for
