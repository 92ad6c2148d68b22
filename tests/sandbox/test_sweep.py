"""The sweep removes what a killed run left, and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from diskchain.sandbox.folder import PREFIX, Folder
from diskchain.sandbox.process import Process
from diskchain.sandbox.removal import MARKER
from diskchain.sandbox.sweep import leftovers, sweep


@pytest.fixture
def dead() -> Process:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        return Process.of(child.pid)


def _left(place: Path, owner: Process, files: list[str], qemu: Process | None = None) -> Path:
    """A folder as a run of `owner` leaves it, with the files of its manifest."""
    path = place / f"{PREFIX}abcdefgh"
    path.mkdir(mode=0o700)
    (path / "images").mkdir(mode=0o700)
    marker = {
        "application": "diskchain",
        "version": 1,
        "owner": owner.as_json(),
        "qemu": qemu and qemu.as_json(),
        "files": files,
    }
    (path / MARKER).write_text(json.dumps(marker))
    for name in files:
        if ".." not in name:
            (path / name).write_bytes(b"x")
    return path


def test_a_dead_run_is_removed(tmp_path: Path, dead: Process) -> None:
    path = _left(tmp_path, dead, ["images/base.qcow2", "qemu.log"], qemu=dead)
    assert sweep(tmp_path) == []
    assert not path.exists()


def test_a_living_run_is_passed_over(tmp_path: Path) -> None:
    path = _left(tmp_path, Process.own(), ["images/base.qcow2"])
    assert sweep(tmp_path) == []
    assert (path / "images" / "base.qcow2").exists()


def test_a_locked_folder_is_passed_over(tmp_path: Path, dead: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    """The owner's number says nothing where it is in another process namespace; its lock does."""
    tmp_path.chmod(0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    folder = Folder.make([])
    marker = folder.path / MARKER
    marker.write_text(json.dumps(json.loads(marker.read_text()) | {"owner": dead.as_json()}))
    assert sweep(tmp_path) == []
    assert folder.path.exists()
    folder.remove()


def test_a_living_qemu_is_told(tmp_path: Path, dead: Process) -> None:
    path = _left(tmp_path, dead, ["images/base.qcow2"], qemu=Process.own())
    (kept,) = leftovers(tmp_path)
    assert kept.folder == path
    assert str(Process.own().pid) in kept.reason
    assert (path / "images" / "base.qcow2").exists()


def test_unknown_files_stay_and_are_named_until_they_are_gone(tmp_path: Path, dead: Process) -> None:
    path = _left(tmp_path, dead, ["images/base.qcow2", "qemu.log"])
    mine = path / "images" / "mine.qcow2"
    mine.write_bytes(b"precious")
    for _ in range(2):
        (kept,) = leftovers(tmp_path)
        assert kept.folder == path
        assert str(mine) in kept.reason
        assert mine.read_bytes() == b"precious"
        assert sorted(p.name for p in path.rglob("*")) == sorted([MARKER, "images", "mine.qcow2"])
    mine.unlink()
    assert sweep(tmp_path) == []
    assert not path.exists()


@pytest.mark.parametrize(
    "name", ["../precious", "images/../../precious", "/precious", "a/precious", "..", "images/sub/x"]
)
def test_a_manifest_leads_nowhere_else(name: str, tmp_path: Path, dead: Process) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(b"x")
    path = _left(tmp_path, dead, [])
    marker = path / MARKER
    absolute = str(precious) if name.startswith("/") else name
    marker.write_text(json.dumps(json.loads(marker.read_text()) | {"files": [absolute]}))
    sweep(tmp_path)
    assert precious.exists()


def test_links_are_not_followed(tmp_path: Path, dead: Process) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "base.qcow2").write_bytes(b"x")
    path = _left(tmp_path, dead, [])
    marker = path / MARKER
    marker.write_text(json.dumps(json.loads(marker.read_text()) | {"files": ["images/base.qcow2", "link"]}))
    (path / "images").rmdir()
    (path / "images").symlink_to(precious)
    (path / "link").symlink_to(precious / "base.qcow2")
    (tmp_path / f"{PREFIX}linkedxx").symlink_to(path)
    assert sweep(tmp_path) == [path]
    assert (precious / "base.qcow2").exists()
    assert (path / "link").is_symlink()


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"application": "other"}', '{"application": "diskchain", "version": 1}']
)
def test_no_marker_of_ours_no_sweep(text: str, tmp_path: Path, dead: Process) -> None:
    path = _left(tmp_path, dead, ["images/base.qcow2"])
    (path / MARKER).write_text(text)
    assert sweep(tmp_path) == [path]
    assert (path / "images" / "base.qcow2").exists()


def test_a_folder_open_to_others_is_kept(tmp_path: Path, dead: Process) -> None:
    path = _left(tmp_path, dead, ["images/base.qcow2"])
    path.chmod(0o755)
    assert sweep(tmp_path) == [path]
    assert (path / "images" / "base.qcow2").exists()


def test_other_names_are_not_looked_at(tmp_path: Path, dead: Process) -> None:
    path = _left(tmp_path, dead, ["images/base.qcow2"]).rename(tmp_path / "diskchain-other")
    assert sweep(tmp_path) == []
    assert path.exists()


def test_a_place_that_is_not_there_is_no_error(tmp_path: Path) -> None:
    assert sweep(tmp_path / "none") == []
    assert list(tmp_path.iterdir()) == []
