"""What is looked up outside QEMU before an operation is judged."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

from diskchain.model.state import State
from diskchain.operations.commit import Commit
from diskchain.operations.operation import Concerns, Operation
from diskchain.operations.preview import prepare
from diskchain.operations.surroundings import Surroundings
from diskchain.session.surroundings import Around, gather
from tests.support.states import machine
from tests.support.tools import QEMU_IMG, make_image, tool

_MIB = 1 << 20
_HERE = Around(here=True, cwd="/")


def _at(state: State, folder: Path) -> State:
    """The state with its images in a real folder."""
    return State(
        state.machine,
        state.graph.with_nodes(
            type(node)(
                node.name, node.driver, node.kind, str(folder / Path(node.file or "x").name), node.virtual_size,
                node.allocated, node.read_only, header_backing=node.header_backing, facts=node.facts,
            )
            for node in state.graph.nodes.values()
        ),
        state.devices,
    )  # fmt: skip


def _images(folder: Path) -> State:
    """Three images, base <- one <- two, on disk and in a state."""
    make_image(folder / "base.qcow2", "qcow2", _MIB)
    for name, below in (("one", "base"), ("two", "one")):
        make_image(folder / f"{name}.qcow2", "qcow2", 0, f"{below}.qcow2", "qcow2")
    return _at(machine({"vda": "base <- one <- two"}), folder)


def _around(operation: Operation, state: State, around: Around = _HERE) -> Surroundings:
    return gather(operation.concerns(state), state, around, "stamp", 1)


def test_a_closed_branch_is_found_and_the_chain_itself_does_not_count(tmp_path: Path) -> None:
    state, branch = _images(tmp_path), tmp_path / "branch.qcow2"
    commit = Commit("one", "base")
    assert prepare(commit, state, _around(commit, state)).allowed
    make_image(branch, "qcow2", 0, "base.qcow2", "qcow2")
    preview = prepare(commit, state, _around(commit, state))
    assert [objection.lifts for objection in preview.objections] == [f"spoils={branch}"]


def test_only_what_is_invalid_for_good_is_passed_over(tmp_path: Path) -> None:
    """What a commit changed that did not finish is still somebody's disk."""
    state, branch = _images(tmp_path), tmp_path / "branch.qcow2"
    make_image(branch, "qcow2", 0, "base.qcow2", "qcow2")
    commit = Commit("one", "base")
    changed = Around(here=True, cwd="/", spoilt={str(branch): "It was changed by a commit that was not finished."})
    assert not prepare(commit, state, _around(commit, state, changed)).allowed
    invalid = Around(here=True, cwd="/", spoilt={str(branch): "invalid"}, dead=frozenset({str(branch)}))
    assert prepare(commit, state, _around(commit, state, invalid)).allowed


def test_an_overlay_that_another_machine_has_open_is_named(tmp_path: Path) -> None:
    state, elsewhere = _images(tmp_path), tmp_path / "elsewhere"
    other = machine({"vda": "base <- theirs"})
    theirs = other.graph.nodes["theirs"]
    held = [_at(other, elsewhere).graph.nodes["theirs"], _at(other, tmp_path).graph.nodes["base"]]
    around = Around(
        here=True, cwd="/", others={"vm": State(other.machine, other.graph.with_nodes(held), other.devices)}
    )
    assert theirs.file
    commit = Commit("one", "base")
    preview = prepare(commit, state, _around(commit, state, around))
    assert [objection.lifts for objection in preview.objections] == [f"spoils={elsewhere}/theirs.qcow2"]


def test_a_kept_branch_is_found_wherever_it_lies(tmp_path: Path) -> None:
    """By its own header where it can be read, else by what the ledger says; one that was pulled together needs nothing."""
    (tmp_path / "disks").mkdir()
    state, branch = _images(tmp_path / "disks"), tmp_path / "branch.qcow2"
    base, commit = str(tmp_path / "disks" / "base.qcow2"), Commit("one", "base")
    make_image(branch, "qcow2", 0, base, "qcow2")
    for here in (True, None):
        around = Around(here=here, cwd="/", kept={str(branch): base})
        preview = prepare(commit, state, _around(commit, state, around))
        assert [objection.lifts for objection in preview.objections] == [f"spoils={branch}"], here
    branch.unlink()
    make_image(branch, "qcow2", _MIB)
    around = Around(here=True, cwd="/", kept={str(branch): base, str(tmp_path / "gone"): base})
    assert prepare(commit, state, _around(commit, state, around)).allowed


def test_what_is_backed_by_what_is_spoilt_is_found_too_and_so_on_upwards(tmp_path: Path) -> None:
    """Closed images above closed ones, also in another folder; above an open one elsewhere; and above one that is lost anyway."""
    state, far = _images(tmp_path), tmp_path / "a" / "b" / "c"
    far.mkdir(parents=True)
    images = [tmp_path / "branch.qcow2", far.parent / "child.qcow2", far / "grandchild.qcow2"]
    for image, below in zip(images, (tmp_path / "base.qcow2", *images), strict=False):
        make_image(image, "qcow2", 0, str(below), "qcow2")
    commit = Commit("one", "base")
    preview = prepare(commit, state, _around(commit, state))
    assert [objection.lifts for objection in preview.objections] == [f"spoils={image}" for image in images]
    dead = Around(here=True, cwd="/", dead=frozenset({str(images[0])}))
    preview = prepare(commit, state, _around(commit, state, dead))
    assert [objection.lifts for objection in preview.objections] == [f"spoils={image}" for image in images[1:]]

    other = machine({"vda": "child <- theirs <- upper"})
    held = [replace(other.graph.nodes["child"], file=str(images[1]))]
    around = Around(here=True, cwd="/", others={"vm": replace(other, graph=other.graph.with_nodes(held))})
    preview = prepare(commit, state, _around(commit, state, around))
    theirs = ["/images/theirs.qcow2", "/images/upper.qcow2"]
    assert {objection.lifts for objection in preview.objections} == {f"spoils={image}" for image in (*images, *theirs)}


def test_images_that_name_each_other_are_found_once(tmp_path: Path) -> None:
    state = _images(tmp_path)
    one, two = tmp_path / "x.qcow2", tmp_path / "y.qcow2"
    make_image(one, "qcow2", 0, str(tmp_path / "base.qcow2"), "qcow2")
    make_image(two, "qcow2", 0, str(one), "qcow2")
    both = {"a": {"filename": str(two)}, "b": {"filename": f"{tmp_path}/base.qcow2"}}
    tool(QEMU_IMG, "rebase", "-u", "-b", f"json:{json.dumps(both)}", "-F", "qcow2", one)
    commit = Commit("one", "base")
    preview = prepare(commit, state, _around(commit, state))
    assert [objection.lifts for objection in preview.objections] == [f"spoils={one}", f"spoils={two}"]


def test_what_cannot_be_searched_is_said(tmp_path: Path) -> None:
    state, commit = _images(tmp_path), Commit("one", "base")
    for around in (Around(here=False), Around(here=None), Around(here=None, pid=1 << 22)):
        found = _around(commit, state, around)
        assert found.readers == {}
        assert found.folders == {}
        assert found.owner is None
        preview = prepare(commit, state, found)
        assert any("not searched for" in warning for warning in preview.warnings)


def test_a_folder_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    (tmp_path / "dangling").symlink_to("nowhere")
    missing, file = f"{tmp_path}/missing", f"{tmp_path}/a"
    concerns = Concerns(folders=(str(tmp_path), missing, file, "/x\0y"))
    found = gather(concerns, State(), _HERE, "stamp", 1).folders
    assert found.keys() == {str(tmp_path)}
    assert found[str(tmp_path)].entries == {"a", "dangling"}
    free = os.statvfs(tmp_path)
    assert abs((found[str(tmp_path)].free or 0) - free.f_bavail * free.f_frsize) < 1 << 30
