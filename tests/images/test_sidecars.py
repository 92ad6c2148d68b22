"""Sidecars: what proves that a backup is still as it was made. Every one is read as if a stranger wrote it."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from diskchain.images.sidecars import NotSidecar, broken, earlier, read_sidecar, sidecars
from diskchain.images.writing import WriteSidecar
from diskchain.model.backup import SIDECAR, Backup, Wanted


def _made(folder: Path, name: str, parent: str = "", at: float = 1000, disk: str = "vda", sync: str = "") -> Backup:
    path = folder / f"{name}.qcow2"
    path.write_bytes(name.encode() * 1000)
    below = read_sidecar(str(folder / f"{parent}.qcow2")) if parent else None
    backup = Backup(
        f"id-{name}", str(path), "vm", disk, 1 << 20, sync=sync or ("incremental" if parent else "full"),
        bitmap="daily", node="top", qemu=(7, 70), parent=below.backup.path if below else "",
        parent_id=below.backup.id if below else "", parent_sha256=below.sha256 if below else "",
    )  # fmt: skip
    WriteSidecar(backup).act(at)
    return backup


def _wanted(folder: Path, parent: str = "") -> Wanted:
    return Wanted("vda", "daily", "/images/top.qcow2", str(folder), parent)


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    backup = _made(tmp_path, "full")
    made = read_sidecar(backup.path)
    assert made.backup == backup
    assert made.at == 1000
    assert stat.S_IMODE(Path(backup.sidecar).stat().st_mode) == 0o600
    assert not broken(made)


def test_an_old_sidecar_is_never_replaced(tmp_path: Path) -> None:
    backup = _made(tmp_path, "full")
    before = Path(backup.sidecar).read_text()
    with pytest.raises(FileExistsError):
        WriteSidecar(backup).act(2000)
    assert Path(backup.sidecar).read_text() == before


def test_only_its_own_sidecar_is_taken_back(tmp_path: Path) -> None:
    backup = _made(tmp_path, "full")
    assert not WriteSidecar(Backup("another", backup.path, "vm", "vda", 1)).undo()
    assert Path(backup.sidecar).exists()
    assert not WriteSidecar(backup).undo()
    assert not Path(backup.sidecar).exists()
    assert not WriteSidecar(backup).undo()


def test_nothing_is_written_where_the_backup_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        WriteSidecar(Backup("a", str(tmp_path / "none"), "vm", "vda", 1)).act(0)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "7", '{"diskchain-backup": 2}', '{"diskchain-backup": 1, "backup": {}}', "[" * 100_000,
     '{"diskchain-backup": 1, "backup": {"size": "x"}, "file": 3}', "\0\0", "{}" + " " * 70_000],
)  # fmt: skip
def test_what_is_no_sidecar_proves_nothing(tmp_path: Path, text: str) -> None:
    path = tmp_path / "b.qcow2"
    path.with_name(f"b.qcow2{SIDECAR}").write_text(text)
    with pytest.raises(NotSidecar):
        read_sidecar(str(path))
    assert sidecars(str(tmp_path)) == []
    assert "is not proved" in earlier(_wanted(tmp_path, str(path)), "", None).wrong


def test_a_link_or_a_pipe_is_no_sidecar(tmp_path: Path) -> None:
    backup = _made(tmp_path, "full")
    (tmp_path / f"link.qcow2{SIDECAR}").symlink_to(backup.sidecar)
    os.mkfifo(tmp_path / f"pipe.qcow2{SIDECAR}")
    assert [made.backup.path for made in sidecars(str(tmp_path))] == [backup.path]


def test_the_newest_of_the_bitmap_is_found_and_the_one_it_counts_from_is_preferred(tmp_path: Path) -> None:
    _made(tmp_path, "full", at=1)
    _made(tmp_path, "next", "full", at=2)
    _made(tmp_path, "other", at=3, disk="vdb")
    _made(tmp_path, "diff", "next", at=4, sync="bitmap")
    found = earlier(_wanted(tmp_path), "", None)
    assert found.made is not None
    assert found.made.backup.id == "id-next"
    assert not found.wrong
    assert not found.later, "a differential continues nothing"
    first = earlier(_wanted(tmp_path), "id-full", None)
    assert first.made is not None
    assert first.made.backup.id == "id-full"
    assert first.later == (str(tmp_path / "next.qcow2"),)


def test_a_copy_of_the_whole_folder_holds_together(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    _made(old, "full")
    _made(old, "next", "full")
    old.rename(new)
    assert not broken(read_sidecar(str(new / "next.qcow2")))


@pytest.mark.parametrize("gap", ["contents", "sidecar", "another"])
def test_a_chain_that_does_not_hold_together_is_told(tmp_path: Path, gap: str) -> None:
    full = _made(tmp_path, "full")
    _made(tmp_path, "next", "full")
    if gap == "contents":
        Path(full.path).write_bytes(b"X" * 4000)
    else:
        Path(full.sidecar).unlink()
    if gap == "another":
        WriteSidecar(Backup("other", full.path, "vm", "vda", 1)).act(5)
    said = broken(read_sidecar(str(tmp_path / "next.qcow2")))
    assert {"contents": "other contents", "sidecar": "is not proved", "another": "another backup"}[gap] in said
    assert said.endswith(".")


def test_a_chain_in_a_circle_is_no_chain(tmp_path: Path) -> None:
    backup = _made(tmp_path, "full")
    told = json.loads(Path(backup.sidecar).read_text())
    told["backup"] |= {"parent": backup.path, "parent_id": backup.id, "parent_sha256": told["sha256"]}
    Path(backup.sidecar).write_text(json.dumps(told))
    assert "does not end" in broken(read_sidecar(backup.path))
