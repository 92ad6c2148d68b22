"""Images that nobody has open and that need what a commit changes; and data that lie in a file of their own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from diskchain.operations.preview import Preview
from diskchain.session.carriage import Phase
from tests.support.live_session import done, prepared, with_session
from tests.support.machine import Machine
from tests.support.tools import MIB, QEMU_IMG, fill, make_image, restored, tool

pytestmark = pytest.mark.live


def _made(path: Path, kind: str, value: int, backing: Path | None = None, backing_kind: str = "") -> Path:
    """An image of 8 MiB with one value in its first MiB or, above a backing file, in its second."""
    make_image(path, kind, 0 if backing else 8 * MIB, str(backing or ""), backing_kind or kind)
    fill(path, kind, value, MIB if backing else 0, MIB)
    return path


@contextmanager
def _machine(top: Path, kind: str) -> Iterator[tuple[Machine, list[str]]]:
    """A machine with a second disk, vdb, and the node-names of its chain from the top down."""
    node = {"driver": kind, "node-name": "top", "file": {"driver": "file", "filename": str(top)}}
    extra = ("-blockdev", json.dumps(node), "-device", "virtio-blk-pci,drive=top,id=vdb")
    with Machine({"vda": "alone"}, extra=extra) as machine:
        yield machine, machine.below("top")


def _commit(machine: Machine, top: str, base: str) -> Preview:
    keys = {"top": top, "base": base, "finish": "pivot"}
    return with_session(machine, lambda session: prepared(session, "commit", keys))


def _lifts(preview: Preview) -> list[str]:
    return [objection.lifts for objection in preview.objections]


def test_an_image_on_a_closed_overlay_is_spoilt_with_it_and_is_named(tmp_path: Path) -> None:
    """img0 <- img1 <- img2 <- img3 is open; s2 lies on img1, s2child on s2, and kept on img2."""
    paths = [_made(tmp_path / "img0", "qcow2", 1)]
    for value in (2, 3, 4):
        paths.append(_made(tmp_path / f"img{value - 1}", "qcow2", value, paths[-1]))
    fill(paths[2], "qcow2", 9, 2 * MIB, MIB)
    make_image(tmp_path / "s2", "qcow2", 0, str(paths[1]), "qcow2")
    make_image(tmp_path / "s2child", "qcow2", 0, str(tmp_path / "s2"), "qcow2")
    make_image(tmp_path / "kept", "qcow2", 0, str(paths[2]), "qcow2")
    with _machine(paths[-1], "qcow2") as (machine, chain):
        named = [tmp_path / name for name in ("s2", "s2child", "kept")]
        preview = _commit(machine, chain[1], chain[3])
        assert _lifts(preview) == [f"spoils={path}" for path in named]
        assert [said for each in preview.objections if "would be spoilt" in (said := each.text)] == [
            each.text for each in preview.objections[:2]
        ]
        before, seen = [restored(path) for path in named], machine.contents("vdb")
        agreed = {"top": chain[1], "base": chain[3], "spoils": ",".join(map(str, named))}
        _, result = with_session(machine, lambda session: done(session, "commit", agreed))
        assert result.as_predicted, result
        assert [restored(path) == was for path, was in zip(named, before, strict=True)] == [False, False, True]
        machine.settled(vdb=seen)


def test_an_internal_snapshot_of_the_base_keeps_what_it_held(tmp_path: Path) -> None:
    """It shares the clusters that the commit writes, and reads others from below, which no commit changes."""
    below = _made(tmp_path / "below.qcow2", "qcow2", 1)
    base = _made(tmp_path / "base.qcow2", "qcow2", 2, below)
    tool(QEMU_IMG, "snapshot", "-c", "old", base)
    top = _made(tmp_path / "top.qcow2", "qcow2", 3, base)

    def old() -> bytes:
        tool(QEMU_IMG, "convert", "-U", "-l", "snapshot.name=old", "-O", "raw", base, tmp_path / "old")
        return (tmp_path / "old").read_bytes()

    before = old()
    with _machine(top, "qcow2") as (machine, chain):
        seen = machine.contents("vdb")
        keys = {"top": chain[0], "base": chain[1], "finish": "pivot"}
        preview, result = with_session(machine, lambda session: done(session, "commit", keys))
        assert result.outcome is Phase.DONE, result
        assert any("old in" in text and "keeps what it held" in text for text in preview.draft.confirm)
        machine.settled(vdb=seen)
        assert old() == before


def test_another_vmdk_on_the_same_base_is_found(tmp_path: Path) -> None:
    base = _made(tmp_path / "base.vmdk", "vmdk", 1)
    top = _made(tmp_path / "top.vmdk", "vmdk", 2, base)
    other = _made(tmp_path / "other.vmdk", "vmdk", 3, base)
    with _machine(top, "vmdk") as (machine, chain):
        assert _lifts(_commit(machine, *chain)) == [f"spoils={other}"]


def test_an_image_where_a_link_to_the_base_leads_is_found(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "mine").mkdir()
    base = _made(tmp_path / "store" / "base.qcow2", "qcow2", 1)
    other = _made(tmp_path / "store" / "other.qcow2", "qcow2", 3, base)
    link = tmp_path / "mine" / "base.qcow2"
    link.symlink_to(base)
    top = _made(tmp_path / "mine" / "top.qcow2", "qcow2", 2, link)
    with _machine(top, "qcow2") as (machine, chain):
        assert _lifts(_commit(machine, *chain)) == [f"spoils={other}"]


def test_a_chain_that_is_reached_by_a_linked_folder_is_no_stranger_to_itself(tmp_path: Path) -> None:
    (tmp_path / "true").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "true")
    base = _made(tmp_path / "link" / "base.qcow2", "qcow2", 1)
    top = _made(tmp_path / "link" / "top.qcow2", "qcow2", 2, base)
    with _machine(top, "qcow2") as (machine, chain):
        assert _commit(machine, *chain).allowed


def _with_data_file(folder: Path) -> Path:
    base = folder / "base.qcow2"
    tool(QEMU_IMG, "create", "-q", "-f", "qcow2", "-o", f"data_file={folder}/data,data_file_raw=on", base, 8 * MIB)
    fill(base, "qcow2", 1, 0, MIB)
    return base


def test_an_image_on_the_file_with_the_data_is_found_and_that_file_is_told(tmp_path: Path) -> None:
    base = _with_data_file(tmp_path)
    top = _made(tmp_path / "top.qcow2", "qcow2", 2, base)
    with _machine(top, "qcow2") as (machine, chain):
        preview = _commit(machine, *chain)
        assert preview.allowed
        assert preview.draft.changed == (str(base), str(tmp_path / "data"))
        other = _made(tmp_path / "other.qcow2", "qcow2", 3, tmp_path / "data", "raw")
        assert _lifts(_commit(machine, *chain)) == [f"spoils={other}"]
        other.unlink()
        seen = machine.contents("vdb")
        keys = {"top": chain[0], "base": chain[1], "finish": "pivot"}
        _, result = with_session(machine, lambda session: done(session, "commit", keys))
        assert (result.outcome, result.as_predicted) == (Phase.DONE, True), result
        machine.settled(vdb=seen)


@pytest.mark.parametrize("operation", ["commit", "snapshot", "stream"])
def test_another_file_in_the_place_of_the_data_is_noticed(tmp_path: Path, operation: str) -> None:
    base = _with_data_file(tmp_path)
    if operation == "commit":
        top = _made(tmp_path / "top.qcow2", "qcow2", 2, base)
    elif operation == "snapshot":
        top = base
    else:
        below = _made(tmp_path / "below.qcow2", "qcow2", 9)
        top = _made(tmp_path / "top.qcow2", "qcow2", 2, below)
    with _machine(top, "qcow2") as (machine, chain):
        keys = {
            "commit": {"top": chain[0], "base": chain[-1], "finish": "pivot"},
            "snapshot": {"disks": "vdb"},
            "stream": {"node": chain[0]},
        }[operation]
        held = tmp_path / "below.qcow2" if operation == "stream" else tmp_path / "data"
        held.rename(tmp_path / "moved")
        held.write_bytes(b"the only copy of something else")
        preview = with_session(machine, lambda session: prepared(session, operation, keys))
        assert any(f"{held} is not the file that QEMU has open" in each.text for each in preview.objections)
        assert held.read_bytes() == b"the only copy of something else"


def test_a_base_that_is_open_twice_in_one_machine_is_not_committed_into(tmp_path: Path) -> None:
    base = _made(tmp_path / "base.qcow2", "qcow2", 1)
    (tmp_path / "link.qcow2").symlink_to(base)
    extra: list[str] = []
    for disk, named in (("vdb", base), ("vdc", tmp_path / "link.qcow2")):
        top = _made(tmp_path / f"{disk}.qcow2", "qcow2", 2, base)
        below = {"driver": "file", "filename": str(named), "locking": "off"}
        node = {"driver": "qcow2", "node-name": f"top-{disk}", "file": {"driver": "file", "filename": str(top)}}
        lower = {"driver": "qcow2", "node-name": f"base-{disk}", "read-only": True, "file": below}
        extra += ["-blockdev", json.dumps({**node, "backing": lower})]
        extra += ["-device", f"virtio-blk-pci,drive=top-{disk},id={disk}"]
    with Machine({"vda": "alone"}, extra=tuple(extra)) as machine:
        preview = _commit(machine, "top-vdb", "base-vdb")
        said = f"{base} is open once more in this machine, as base-vdc: what is read there would be spoilt."
        assert said in [objection.text for objection in preview.objections]
        assert machine.sent() == []
