"""What operations judge, plan and predict, without QEMU: the table's first truth, every refusal, and any state at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from diskchain.model.node import Kind
from diskchain.model.root import Device
from diskchain.model.state import INOPERABLE, OPERABLE, State
from diskchain.operations import catalog
from diskchain.operations.attach import Attach
from diskchain.operations.backup import TakeBackup
from diskchain.operations.commit import Commit
from diskchain.operations.create import Create
from diskchain.operations.detach import Detach
from diskchain.operations.export import Export
from diskchain.operations.job import SteerJob
from diskchain.operations.operation import Drag, Operation
from diskchain.operations.preview import Preview, prepare
from diskchain.operations.resize import Resize
from diskchain.operations.revert import Revert
from diskchain.operations.snapshot import Snapshot
from diskchain.operations.steps import Choose
from diskchain.operations.stream import Stream
from diskchain.operations.surroundings import Folder, Surroundings
from diskchain.operations.unexport import Unexport
from diskchain.session.check import differences
from tests.operations.table import FOUR, TABLE, Row
from tests.support.states import (
    FOLDER,
    NOTHING_ELSE,
    chain_of,
    machine,
    path,
    with_bitmap,
    with_export,
    with_filter,
    with_internal_snapshot,
    with_job,
    with_reader,
)

_ROWS = pytest.mark.parametrize("row", TABLE, ids=[row.name for row in TABLE])


def predicted(row: Row) -> Preview:
    return prepare(catalog.parse(row.operation, row.said(FOLDER), "/"), machine(row.before, row.relative), NOTHING_ELSE)


@_ROWS
def test_after_is_what_the_table_says(row: Row) -> None:
    preview = predicted(row)
    assert preview.allowed, preview.objections
    for disk, wanted in row.after.items():
        known = [name if name in preview.before.graph.nodes else "NEW" for name in chain_of(preview.after, disk)]
        assert " <- ".join(known) == wanted
    gone = set(preview.before.graph.nodes) - set(preview.after.graph.nodes)
    held = {word.strip().partition(":")[0] for chain in row.before.values() for word in chain.split("<-")}
    left = {word for chain in row.after.values() for word in chain.split(" <- ")} - {"NEW"}
    assert gone == {name for image in held - left for name in (image, f"{image}-file")} - {
        name for image in row.stays for name in (image, f"{image}-file")
    }


@_ROWS
def test_a_prediction_that_came_true_has_no_differences(row: Row) -> None:
    preview = predicted(row)
    assert differences(preview.draft, preview.before, preview.after) == ()
    assert differences(preview.draft, preview.before, preview.before), "an act that did nothing must be noticed"


@_ROWS
def test_files_that_change_are_named(row: Row) -> None:
    preview = predicted(row)
    draft, before = preview.draft, preview.before
    files = {node.file for node in before.graph.nodes.values()}
    assert {*draft.changed, *draft.invalid} <= files
    assert not set(draft.created) & files
    if row.operation == "commit":
        leaving = set(before.graph.nodes) - set(preview.after.graph.nodes)
        assert set(draft.invalid) == {before.graph.nodes[name].file for name in leaving}
        base = before.graph.nodes[row.keys["base"]].file
        assert draft.changed[0] == base
        top = before.graph.nodes[row.keys["top"]].file
        assert set(draft.unfinished) == {*draft.invalid, base} - {top}
        assert set(draft.closes) == {name for name in leaving if before.graph.nodes[name].kind is Kind.FORMAT}
    if row.operation == "stream":
        assert draft.changed == (before.graph.nodes[row.keys["node"]].file,)
        assert draft.invalid == ()
    if row.operation == "snapshot":
        assert (draft.changed, draft.invalid) == ((), ())
        assert len(draft.created) == sum(after.count("NEW") for after in row.after.values())


@_ROWS
def test_headers_keep_their_style(row: Row) -> None:
    preview = predicted(row)
    for name, node in preview.after.graph.nodes.items():
        old = preview.before.graph.nodes.get(name)
        if node.header_backing is not None and (old is None or old.header_backing != node.header_backing):
            assert not node.header_backing.startswith("json:")
            assert node.header_backing_format
            below = preview.after.graph.backing(name)
            assert below is not None
            file = preview.after.graph.nodes[below].file or ""
            assert node.header_backing == (file.rpartition("/")[2] if row.relative else file)


@pytest.mark.parametrize("row", [row for row in TABLE if row.drag], ids=[row.name for row in TABLE if row.drag])
def test_the_drag_offers_it_first(row: Row) -> None:
    assert row.drag is not None
    offers = catalog.offers_for_drag(machine(row.before), Drag(*row.drag))
    wanted = catalog.parse(row.operation, row.said(FOLDER), "/")
    assert offers[0].operation == wanted
    assert not offers[0].reason
    assert len({offer.title for offer in offers}) == len(offers)


@_ROWS
def test_keys_go_round(row: Row) -> None:
    operation = catalog.parse(row.operation, row.said(FOLDER), "/")
    assert catalog.parse(operation.name, operation.keys(), "/") == operation


@pytest.mark.parametrize(
    "operation",
    [
        Commit("a", "b", "pivot", ("/x/y.qcow2", "/z"), False, 3 << 20),
        Commit("a", "b", spoils=("/with,comma,,twice.qcow2", "/plain")),
        Stream("a", "b", False, 7),
        Snapshot(("vda", "vdb"), "/new", "night", {"vda": "/a b/c,d.qcow2"}, {"vdb": "n-1"}),
        Snapshot(),
        Revert(("a", "b"), False, False, "/a b"),
        SteerJob("speed", "some job", 0),
        TakeBackup("vda", target="/b/c.qcow2", sync="incremental", bitmap="a b", parent="/p,q", compress=True, speed=9),
        TakeBackup(disks=("vda", "vdb"), target="/b"),
        TakeBackup("vda", target="nbd+unix:///x?socket=/s", sync="none"),
        SteerJob("cancel", "j=1", foreign=True),
        Export("a"),
        Export("a", "look", "/x y/z.nbd", "creds", True, "daily"),
        Export("a", listen="[::1]:10809"),
        Unexport("look", True),
        Create("/a b/c.raw", 512, "raw"),
        Create("/a", 0, "qcow2", "/b", "vmdk"),
        Attach("/a b.raw", "raw", "n", True, "scsi"),
        Attach("/a"),
        Detach(disk="vda"),
        Detach(node="n"),
        Resize("n", 512, True),
    ],
)
def test_all_keys_go_round(operation: Operation) -> None:
    assert catalog.parse(operation.name, operation.keys(), "/") == operation


# Refusals

_COMMIT = Commit("two", "base", finish="pivot")
_ACTIVE = Commit("three", "one", finish="pivot")
_STREAM = Stream("three", "base")
_SNAPSHOT = Snapshot()
_Change = Callable[[State], State]


def _on(change: Callable[[State, str], State], name: str) -> _Change:
    return lambda state: change(state, name)


@pytest.mark.parametrize(
    ("operation", "change", "words"),
    [
        *[(op, _on(with_job, node), "backup job theirs") for op in (_COMMIT, _ACTIVE) for node in ("one", "three")],
        *[(op, _on(with_export, node), "exported") for op in (_COMMIT, _ACTIVE) for node in ("one", "three")],
        (_COMMIT, _on(with_job, "base"), "backup job theirs"),
        (_COMMIT, _on(with_job, "base-file"), "backup job theirs"),
        (_COMMIT, _on(with_export, "base"), "exported"),
        (_COMMIT, _on(with_filter, "two"), "filter throttle-over-two"),
        (_COMMIT, _on(with_filter, "one"), "filter throttle-over-one"),
        (_COMMIT, _on(with_filter, "base"), "filter throttle-over-base"),
        (_STREAM, _on(with_job, "two"), "backup job theirs"),
        (_STREAM, _on(with_job, "three"), "backup job theirs"),
        (_STREAM, _on(with_export, "one"), "exported"),
        (_STREAM, _on(with_filter, "two"), "filter throttle-over-two"),
        (_SNAPSHOT, _on(with_job, "three"), "backup job theirs"),
    ],
)  # fmt: skip
def test_what_others_do_there_speaks_against_it(operation: Operation, change: _Change, words: str) -> None:
    before = machine(FOUR)
    assert prepare(operation, before, NOTHING_ELSE).allowed
    preview = prepare(operation, change(before), NOTHING_ELSE)
    assert any(words in objection.text and not objection.lifts for objection in preview.objections), preview.objections
    assert all(objection.text.endswith(".") for objection in preview.objections)


@pytest.mark.parametrize(
    ("status", "why"),
    [*INOPERABLE.items(), ("something new", "whether its disks may be changed then is not known here.")],
)
def test_a_machine_that_is_not_here_is_not_changed(status: str, why: str) -> None:
    before = machine(FOUR)
    before = replace(before, machine=replace(before.machine, status=status))
    for operation in (_COMMIT, _STREAM, _SNAPSHOT):
        said = [objection.text for objection in prepare(operation, before, NOTHING_ELSE).objections]
        assert f"The machine is {status}: {why}" in said
    assert ("other side" in why) is (status == "postmigrate")
    assert not OPERABLE & INOPERABLE.keys()


def test_a_machine_that_is_only_looked_at_is_not_changed() -> None:
    managed = replace(NOTHING_ELSE, read_only="libvirt manages this machine.")
    for operation in (_COMMIT, _STREAM, _SNAPSHOT, SteerJob("pause", "x")):
        assert prepare(operation, machine(FOUR), managed).objections[0].text == managed.read_only


def test_a_reduced_look_allows_nothing() -> None:
    before = replace(machine(FOUR), reduced="A stream waits.")
    assert not prepare(_COMMIT, before, NOTHING_ELSE).allowed


def test_a_base_shared_in_one_machine_is_not_committed_into() -> None:
    both = machine({"vda": "base <- one <- two", "vdb": "base <- other"})
    for operation in (Commit("one", "base"), Commit("two", "base"), Commit("two", "one")):
        assert prepare(operation, both, NOTHING_ELSE).allowed is (operation.base == "one")
    middle = machine({"vda": "base <- one <- two", "vdb": "base <- one <- other"})
    assert not prepare(Commit("one", "base"), middle, NOTHING_ELSE).allowed, "one is in two chains"
    assert not prepare(Commit("two", "base"), middle, NOTHING_ELSE).allowed, "other would be spoilt"
    assert prepare(Stream("two"), both, NOTHING_ELSE).allowed, "a stream changes nobody else's data"


def test_a_base_that_another_disk_uses_itself_is_not_committed_into() -> None:
    both = machine({"vda": "base <- one <- two", "vdb": "base"})
    assert not prepare(Commit("one", "base"), both, NOTHING_ELSE).allowed


@pytest.mark.parametrize("image", ["base", "one", "two"])
def test_closed_overlays_on_what_is_committed_are_named(image: str) -> None:
    around = with_reader(path(image), "/elsewhere/branch.qcow2")
    preview = prepare(_COMMIT, machine(FOUR), around)
    assert [objection.lifts for objection in preview.objections] == ["spoils=/elsewhere/branch.qcow2"]
    agreed = prepare(replace(_COMMIT, spoils=("/elsewhere/branch.qcow2",)), machine(FOUR), around)
    assert agreed.allowed
    assert any("/elsewhere/branch.qcow2" in warning for warning in agreed.warnings)
    assert "/elsewhere/branch.qcow2" in agreed.draft.invalid, "it must not be used again"
    other = prepare(replace(_COMMIT, spoils=("/elsewhere/another.qcow2",)), machine(FOUR), around)
    assert not other.allowed, "only what was named is agreed to"


def test_what_becomes_of_an_image_elsewhere_is_said_truly() -> None:
    """Three ways: what changes is below it; the guest will write below it; it stays right, but on an invalid image."""
    spoilt = "/x/s.qcow2 is backed by /images/one.qcow2, which the commit changes: it would be spoilt."
    child = spoilt.replace("/x/s.qcow2", "/x/t.qcow2").replace("one.qcow2,", "one.qcow2 through /x/s.qcow2,")
    around = replace(NOTHING_ELSE, readers={path("one"): ("/x/s.qcow2",), "/x/s.qcow2": ("/x/t.qcow2",)})
    assert [each.text for each in prepare(Commit("two", "base"), machine(FOUR), around).objections] == [spoilt, child]
    agreed = prepare(Commit("two", "base", spoils=("/x/s.qcow2",)), machine(FOUR), around)
    assert [each.lifts for each in agreed.objections] == ["spoils=/x/t.qcow2"]
    assert f"{spoilt} You agreed to that." in agreed.warnings

    start = "/x/u.qcow2 is backed by /images/"
    [switched] = prepare(Commit("three", "one"), machine(FOUR), with_reader(path("three"), "/x/u.qcow2")).objections
    assert switched.text.startswith(f"{start}three.qcow2: it would be spoilt once the guest is switched over")
    [leans] = prepare(Commit("two", "base"), machine(FOUR), with_reader(path("two"), "/x/u.qcow2")).objections
    assert leans.text == f"{start}two.qcow2, which is invalid then: it reads as before only until base changes again."


def test_the_chain_itself_is_no_stranger() -> None:
    around = with_reader(path("base"), path("one"))
    assert prepare(_COMMIT, machine(FOUR), around).allowed
    above = with_reader(path("two"), path("three"))
    assert prepare(_COMMIT, machine(FOUR), above).allowed, "three's header is rewritten"


@pytest.mark.parametrize("operation", [_COMMIT, _ACTIVE, _STREAM, _SNAPSHOT])
def test_bitmaps_and_internal_snapshots_want_one_more_yes(operation: Operation) -> None:
    assert not prepare(operation, machine(FOUR), NOTHING_ELSE).draft.confirm
    node = {"snapshot": "three", "commit": "two", "stream": "two"}[operation.name]
    before = with_bitmap(machine(FOUR), node)
    if operation.name == "snapshot":  # one that records goes on on the overlay; only another one is left behind
        assert not prepare(operation, before, NOTHING_ELSE).draft.confirm
        still = replace(before.graph.nodes[node].bitmaps[0], recording=False)
        before = replace(before, graph=before.graph.with_nodes([replace(before.graph.nodes[node], bitmaps=(still,))]))
    preview = prepare(operation, before, NOTHING_ELSE)
    assert [text for text in preview.draft.confirm if "daily" in text and node in text]
    assert node not in preview.draft.closes, "its bitmap would be lost"
    if operation.name == "commit":
        base = with_bitmap(machine(FOUR), "base" if operation is _COMMIT else "one")
        assert prepare(operation, base, NOTHING_ELSE).draft.confirm
    if operation.name != "snapshot":
        kept = with_internal_snapshot(machine(FOUR), "three" if operation is _STREAM else node)
        assert any("before" in text for text in prepare(operation, kept, NOTHING_ELSE).draft.confirm)


def test_a_bitmap_is_spoken_of_once_and_an_internal_snapshot_of_the_base_truly() -> None:
    preview = prepare(_COMMIT, with_bitmap(machine(FOUR), "two"), NOTHING_ELSE)
    told = [text for text in (*preview.warnings, *preview.draft.confirm) if "daily" in text]
    kept = "The bitmap daily on two stays behind there and stops recording, but keeps its node open outside the chain."
    assert told == [kept]
    [base] = prepare(_COMMIT, with_internal_snapshot(machine(FOUR), "base"), NOTHING_ELSE).draft.confirm
    assert "keeps what it held" in base
    [top] = prepare(_COMMIT, with_internal_snapshot(machine(FOUR), "two"), NOTHING_ELSE).draft.confirm
    assert "no longer to be relied on" in top


@pytest.mark.parametrize("finish", ["ask", "pivot"])
@pytest.mark.parametrize("top", ["three", "two"])
def test_where_there_is_no_guest_none_is_spoken_of(top: str, finish: str) -> None:
    before = machine(FOUR)
    daemon = replace(before, machine=replace(before.machine, commands=frozenset(), status=""), devices=())
    draft = prepare(Commit(top, "base", finish), daemon, NOTHING_ELSE).draft
    branches = [branch for step in draft.steps if isinstance(step, Choose) for branch in step.branches]
    told = [*(f"{label}: {value}" for label, value in draft.facts), *draft.warnings, draft.stop, *draft.confirm]
    told += [branch.meaning for branch in branches]
    assert told
    assert not [text for text in told if "guest" in text or "you choose when" in text or "switched" in text]
    assert draft.guest == "there is none: this is a storage daemon"


@pytest.mark.parametrize("do", ["speed", "finalize", "cancel", "dismiss"])
def test_what_has_no_half_way_does_not_speak_of_it(do: str) -> None:
    assert not prepare(SteerJob(do, "theirs", 0, foreign=True), with_job(machine(FOUR), "two"), NOTHING_ELSE).draft.stop


def test_an_old_file_is_never_replaced() -> None:
    around = replace(NOTHING_ELSE, folders={FOLDER: Folder(frozenset({"mine.qcow2", "vda-20261123-193000.qcow2"}), 1)})
    assert not prepare(Snapshot(files={"vda": f"{FOLDER}/mine.qcow2"}, disks=("vda",)), machine(FOUR), around).allowed
    chosen = prepare(Snapshot(), machine(FOUR), around)
    assert chosen.allowed
    assert chosen.draft.created == (f"{FOLDER}/vda-20261123-193000-2.qcow2",)
    own = prepare(
        Snapshot(("vda",), files={"vda": path("base")}), machine(FOUR), replace(around, folders={}, here=None)
    )
    assert not own.allowed, "its own base"


def test_a_device_is_never_taken_for_a_new_file() -> None:
    """Also where we do not see QEMU's files, and its refusal to open a device as a file would look like absence."""
    for place in ("/dev/sdb", "/dev/mapper/vg-lv"):
        for around in (NOTHING_ELSE, replace(NOTHING_ELSE, here=None, folders={}, owner=None)):
            assert not prepare(Snapshot(("vda",), files={"vda": place}), machine(FOUR), around).allowed
    unseen = replace(NOTHING_ELSE, here=None, folders={}, owner=None)
    assert prepare(Snapshot(("vda",), files={"vda": "/dev/shm/new.qcow2"}), machine(FOUR), unseen).allowed


def test_a_header_is_not_written_for_an_image_without_a_name() -> None:
    for file in (None, "/i/\ufffd.qcow2", "relative.qcow2"):
        before = machine(FOUR)
        nameless = [replace(before.graph.nodes[name], file=file) for name in ("one", "three")]
        before = replace(before, graph=before.graph.with_nodes(nameless))
        for operation in (Snapshot(files={"vda": "/i/new.qcow2"}), Commit("two", "one"), Stream("three", "one")):
            assert any("is not known" in o.text for o in prepare(operation, before, Surroundings()).objections)
        assert prepare(Stream("three"), before, NOTHING_ELSE).allowed, "nothing stays below: no name is written"


def test_two_disks_get_two_files_and_two_names() -> None:
    before = machine({"vda": "a", "vdb": "b"})
    same = prepare(Snapshot(files={"vda": f"{FOLDER}/x", "vdb": f"{FOLDER}/x"}), before, NOTHING_ELSE)
    assert not same.allowed
    twice = prepare(Snapshot(nodes={"vda": "n", "vdb": "n"}), before, NOTHING_ELSE)
    assert not twice.allowed
    free = prepare(Snapshot(label="x" * 60), before, NOTHING_ELSE)
    assert free.allowed
    made = set(free.after.graph.nodes) - set(before.graph.nodes)
    assert len(made) == len(set(free.draft.created)) == 2
    assert all(len(name) <= 31 for name in made)


@pytest.mark.parametrize("name", ["1st", "", "a b", "x" * 32, "é", "#block1", 'a"b'])
def test_names_that_qemu_refuses_are_refused_before(name: str) -> None:
    if name:
        assert not prepare(Snapshot(("vda",), nodes={"vda": name}), machine(FOUR), NOTHING_ELSE).allowed


def test_disks_that_cannot_are_left_out_and_named() -> None:
    before = machine({"vda": "a", "vdb": "b", "vdc": "c"})
    frozen = replace(before.graph.nodes["b"], read_only=True)
    empty = Device("cd0", "cd0", "ide-cd", None, removable=True)
    floppy = replace(before.devices[2], removable=True)
    before = replace(
        before, graph=before.graph.with_nodes([frozen]), devices=(before.devices[0], before.devices[1], floppy, empty)
    )
    preview = prepare(Snapshot(), before, NOTHING_ELSE)
    assert len(preview.draft.created) == 1
    assert {word for word in ("vdb", "vdc", "cd0") if any(word in text for text in preview.warnings)} == {
        "vdb", "vdc", "cd0",
    }  # fmt: skip
    for disk in ("vdb", "cd0", "nosuch"):
        assert not prepare(Snapshot((disk,)), before, NOTHING_ELSE).allowed
    assert not prepare(Snapshot(("vda", "vdb")), before, NOTHING_ELSE).allowed, "all that were named, or none"


def test_relative_headers_with_a_colon_stay_paths() -> None:
    before = machine({"vda": "a:qcow2 <- b <- c"}, relative=True)
    odd = replace(before.graph.nodes["a"], file=f"{FOLDER}/we:ird.qcow2")
    before = replace(before, graph=before.graph.with_nodes([odd]))
    after = prepare(Stream("c", "a"), before, NOTHING_ELSE).after
    assert after.graph.nodes["c"].header_backing == "./we:ird.qcow2"
