"""Any state, any drag, any words: nothing raises, and nothing is offered against the direction of the data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from diskchain.model.graph import BlockGraph
from diskchain.model.node import Edge, Node, kind_of
from diskchain.model.root import Device
from diskchain.model.state import Machine, State
from diskchain.operations import catalog
from diskchain.operations.attach import Attach
from diskchain.operations.backup import TakeBackup
from diskchain.operations.bitmap import ChangeBitmap
from diskchain.operations.commit import Commit
from diskchain.operations.create import Create
from diskchain.operations.cutoff import CutOff
from diskchain.operations.detach import Detach
from diskchain.operations.export import Export
from diskchain.operations.job import SteerJob
from diskchain.operations.keys import UsageError
from diskchain.operations.operation import Drag, Operation
from diskchain.operations.preview import prepare
from diskchain.operations.resize import Resize
from diskchain.operations.revert import Revert
from diskchain.operations.snapshot import Snapshot
from diskchain.operations.stream import Stream
from diskchain.operations.surroundings import Surroundings
from diskchain.operations.undo import Undo
from diskchain.operations.unexport import Unexport
from diskchain.qapi.command import Command, command
from diskchain.session.check import differences
from tests.support.states import (
    NOTHING_ELSE,
    chain_of,
    machine,
    with_bitmap,
    with_export,
    with_internal_snapshot,
    with_job,
    with_reader,
)

_NAMES = st.sampled_from(["a", "b", "c", "d", "e", "f", 'q"<b>\n', "ü-名", "#block123", "x" * 31])
_DRIVERS = st.sampled_from(["qcow2", "raw", "file", "throttle", "mirror_top", "vmdk", "brand-new", ""])
_FILES = st.sampled_from(
    [None, "/i/a.qcow2", "rel.qcow2", "nbd://h/x", 'json:{"driver":"raw"}', "/i/ü\n.raw", "we:ird"]
)
_SIZES = st.one_of(st.none(), st.integers(0, 1 << 50))
_NODES = st.builds(
    lambda name, driver, file, size, used, ro, below: Node(
        name, driver, kind_of(driver), file, size, used, ro, header_backing=below, facts={"file": file}
    ),
    _NAMES, _DRIVERS, _FILES, _SIZES, _SIZES, st.booleans(), _FILES,
)  # fmt: skip
_CHANGES: tuple[Callable[[State, str], State], ...] = (
    with_export, with_bitmap, with_internal_snapshot, with_job,
)  # fmt: skip
_ROLES = st.sampled_from(["backing", "file", "target", "data-file", "root", "new role"])


@st.composite
def _states(draw: st.DrawFn) -> State:
    """Any graph, with loops, filters without children, nodes without figures, devices on anything, jobs and exports."""
    nodes = {node.name: node for node in draw(st.lists(_NODES, max_size=8))}
    ends = st.sampled_from(sorted(nodes)) if nodes else st.nothing()
    edges = draw(st.lists(st.builds(Edge, ends, ends, _ROLES), max_size=14, unique_by=str)) if nodes else []
    roots = st.one_of(st.none(), ends)
    devices = draw(
        st.lists(st.builds(Device, _NAMES, _NAMES, st.just("virtio-blk"), roots, removable=st.booleans()), max_size=3)
    )
    state = State(
        Machine("m", "", draw(st.sampled_from(["running", "", "postmigrate", "odd"]))),
        BlockGraph(nodes, tuple(edges)),
        tuple(devices),
    )
    for node in draw(st.lists(ends, max_size=2)) if nodes else []:
        state = draw(st.sampled_from(_CHANGES))(state, node)
    return state


_BACK = (
    command("qom-set", path="a", property="drive", value="b"), command("cont"), command("blockdev-del", node_name="c"),
    Command("odd"), Command("blockdev-del"),
)  # fmt: skip
_AROUND = st.sampled_from(
    [
        Surroundings(),
        NOTHING_ELSE,
        replace(NOTHING_ELSE, owner=None, here=None, cwd="/work"),
        with_reader("/i/a.qcow2", "/r"),
        replace(NOTHING_ELSE, cut_off=(CutOff("p", "Go back", _BACK, ("/i/new.qcow2",)),)),
    ]
)


def _operations(state: State, names: tuple[str, str]) -> list[Operation]:
    top, base = names
    return [
        Commit(top, base), Commit(top, base, "pivot", ("/r",), False, 5), Stream(top), Stream(top, base, False),
        Snapshot(), Snapshot((top,), "/i", "label", {top: "/i/new.qcow2"}, {top: base}), SteerJob("cancel", "theirs"),
        SteerJob("odd", "theirs"), Revert((top,)), Revert((top, base), False, False, "/i"), Revert((), keep=False),
        Undo(),
        SteerJob("odd", "theirs"), Export(top), Export(base, top, "/i/a.qcow2", writable=True, bitmap="daily"), Unexport("shown"),
        Create("/i/new.qcow2", 512), Create("/i/new.qcow2", backing="/i/a.qcow2"),
        Attach("/i/a.qcow2"), Attach("/i/b.raw", "raw", top, True, "scsi"), Detach(disk=top), Detach(node=base),
        Resize(top, 4096), Resize(base, 0, True),
        SteerJob("odd", "theirs"), ChangeBitmap("add", top, base), ChangeBitmap("merge", top, "daily", source=base),
        ChangeBitmap("odd", top, "daily"), ChangeBitmap("clear", top, "daily"), TakeBackup(top),
        *[TakeBackup(top, sync=sync, bitmap="daily") for sync in ("full", "top", "incremental", "bitmap", "none", "odd")],
        TakeBackup(disks=(top, base), target="/i", bitmap="b", compress=True), TakeBackup(disks=(top, top), format="raw"),
        TakeBackup(top, target="nbd://h/x", parent="/p", sync="incremental", speed=5),
    ]  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(_states(), st.tuples(_NAMES, _NAMES), _AROUND)
def test_no_state_raises(state: State, names: tuple[str, str], around: Surroundings) -> None:
    for operation in _operations(state, names):
        preview = prepare(operation, state, around)
        assert preview.as_json()["operation"] == operation.name
        assert preview.draft.title
        assert preview.same_as(prepare(operation, state, around))
        for edge in preview.after.graph.edges:
            assert {edge.parent, edge.child} <= preview.after.graph.nodes.keys()
        if preview.allowed:
            differences(preview.draft, state, preview.after)
    for source in state.graph.nodes:
        catalog.offers_for_node(state, source)
    tuple(catalog.offers_for_machine(state))
    catalog.offers_for_job(state, "theirs")


@settings(max_examples=300, deadline=None)
@given(_states(), _NAMES, _NAMES)
def test_nothing_is_committed_upwards_or_pulled_downwards(state: State, source: str, target: str) -> None:
    for offer in catalog.offers_for_drag(state, Drag(source, target)):
        operation = offer.operation
        if isinstance(operation, Commit):
            assert (operation.top, operation.base) == (source, target)
            assert target in state.graph.chain(source)[1:]
        else:
            assert isinstance(operation, Stream)
            assert operation.node == target
            assert source in state.graph.chain(target)[1:]
            assert operation.base in {"", source, *state.graph.chain(source)[1:]}


@settings(max_examples=100, deadline=None)
@given(st.integers(2, 9), st.data())
def test_a_prediction_moves_no_other_edge(length: int, data: st.DataObject) -> None:
    names = [f"n{at}" for at in range(length)]
    state = machine({"vda": " <- ".join(names), "vdb": "other <- over"})
    low, high = sorted(data.draw(st.lists(st.integers(0, length - 1), min_size=2, max_size=2, unique=True)))
    for operation in (Commit(names[high], names[low], "pivot"), Stream(names[high], names[low])):
        preview = prepare(operation, state, NOTHING_ELSE)
        if isinstance(operation, Stream) and high - low == 1:
            assert not preview.allowed
            continue
        assert preview.allowed, preview.objections
        middle = names[low + 1 : high + 1] if isinstance(operation, Commit) else names[low + 1 : high]
        assert chain_of(preview.after, "vda") == [name for name in names if name not in middle]
        assert chain_of(preview.after, "vdb") == ["other", "over"]


_Keys = Mapping[str, str]


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(sorted(catalog.OPERATIONS)), st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=4)
)
def test_any_words_are_read_or_refused_in_a_sentence(name: str, keys: _Keys) -> None:
    known = {
        "top": "a",
        "base": "b",
        "node": "a",
        "do": "pause",
        "id": "j",
        "disk": "d",
        "target": "/t",
        "name": "n",
        "file": "/f",
        "size": "1M",
    }
    needed = {key: value for key, value in known.items() if key in catalog.OPERATIONS[name].known}
    for words in (keys, {**needed, **{key: value for key, value in keys.items() if key in needed}}):
        said = ""
        try:
            operation = catalog.parse(name, words, "/work")
        except UsageError as error:
            said = str(error)
        assert said.endswith(".") if said else catalog.parse(name, operation.keys(), "/work") == operation
