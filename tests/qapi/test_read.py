"""Reading QEMU's replies: real ones, and real ones with fields missing, new, or of another type."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diskchain.model.diff import diff
from diskchain.model.node import Kind
from diskchain.model.public import state_as_json
from diskchain.model.state import Machine, State
from diskchain.operations import catalog
from diskchain.operations.preview import prepare
from diskchain.operations.snapshot import Snapshot
from diskchain.operations.surroundings import Surroundings
from diskchain.qapi.command import Command, command
from diskchain.qapi.counters import read_device_counters, read_node_counters
from diskchain.qapi.event import Event, event
from diskchain.qapi.jobs import deadly, running
from diskchain.qapi.nodes import plain_name
from diskchain.qapi.read import Torn, jobs_only, read
from diskchain.qapi.replies import Replies
from diskchain.qapi.stale import Ask, stale

_QUERIES = {
    "named": "query-named-block-nodes", "graph": "x-debug-query-block-graph", "block": "query-block",
    "block_jobs": "query-block-jobs", "jobs": "query-jobs", "exports": "query-block-exports", "status": "query-status",
    "name": "query-name", "peripherals": "qom-list", "commands": "query-commands", "greeting": "greeting",
}  # fmt: skip
_VERSIONS = ("7.2", "10.0")
_TOLD = {version: Path(__file__).with_name(f"replies-{version}.json").read_text() for version in _VERSIONS}
"""What these versions told of the same machine: two chains, an export, a bitmap, an active commit under way, an empty drive."""

both = pytest.mark.parametrize("version", _VERSIONS)


def replies(version: str) -> Replies:
    """The replies, newly decoded."""
    told = json.loads(_TOLD[version])
    return Replies(**{name: told[query] for name, query in _QUERIES.items()})


def first(version: str) -> State:
    return read(replies(version), State(Machine(target="t")))


@both
def test_what_is_there(version: str) -> None:
    state = first(version)
    graph = state.graph
    assert state.machine.qemu.startswith(version)
    assert (state.machine.status, state.machine.name, state.machine.daemon) == ("running", "test", False)
    assert graph.chain("top-filter") == ("two", "one", "base")
    assert graph.chain("over") == ("over", "data")
    assert {name: graph.nodes[name].kind for name in ("two", "data", "top-filter", "loose")} == {
        "two": Kind.FORMAT, "data": Kind.FORMAT, "top-filter": Kind.FILTER, "loose": Kind.PROTOCOL,
    }  # fmt: skip
    assert graph.nodes["two"].file == "/images/two.qcow2"
    assert graph.nodes["two"].header_backing == "/images/one.qcow2"
    assert graph.nodes["over"].header_backing_format == "raw"
    assert [bitmap.name for bitmap in graph.nodes["two"].named_bitmaps] == ["daily"]
    assert graph.nodes["loose"].file is None
    edge = next(edge for edge in graph.edges if edge.parent == "over" and edge.role == "file")
    assert "write" in edge.permissions


@both
def test_what_hangs_on_it(version: str) -> None:
    state = first(version)
    found = {device.name: (device.model, device.root, state.active_of(device)) for device in state.devices}
    assert found == {
        "vda": ("virtio-blk", "top-filter", "two"), "vdb": ("virtio-blk", "over", "over"), "cd0": ("ide-cd", None, None),
    }  # fmt: skip
    assert [(export.id, export.type, export.node, export.name) for export in state.exports] == [
        ("exp0", "nbd", "over", None)
    ]
    job = state.jobs[0]
    assert (job.id, job.type, job.speed, job.ours) == ("j0", "commit", 1, False)
    assert {"two", "one"} <= set(job.node_names)


@both
def test_what_did_not_change_stays_the_same_object(version: str) -> None:
    state = first(version)
    again = read(replies(version), state)
    assert again.graph is state.graph
    assert again.graph.edges is state.graph.edges
    assert again.jobs is state.jobs
    assert again.devices is state.devices
    assert again.exports is state.exports
    assert again.machine is state.machine
    assert not diff(state, again)


@both
def test_one_node_that_changed_leaves_the_others(version: str) -> None:
    state, told = first(version), replies(version)
    assert isinstance(told.named, list)
    for raw in told.named:
        if raw["node-name"] == "over":
            raw["image"]["actual-size"] += 65536
    again = read(told, state)
    assert diff(state, again).changed == ("over",)
    same = [name for name, node in again.graph.nodes.items() if node is state.graph.nodes[name]]
    assert len(same) == len(state.graph.nodes) - 1


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("/a/b", "/a/b"), ("", None), ("nbd://h/x", "nbd://h/x"), ("json:{", None), ("json:3", None), ("json:[[]]", None),
        ('json:{"driver":"qcow2","file":{"driver":"file","filename":"/x"}}', "/x"), ('json:{"file.filename":"/x"}', "/x"),
        ('json:{"driver":"raw","file":{"driver":"ssh","path":"/y","server.host":"h"}}', "/y"),
        ("json:" + "[" * 4000, None), ("json:" + '{"file":' * 4000 + "1" + "}" * 4000, None), ('json:{"filename":7}', None),
    ],
)  # fmt: skip
def test_a_path_out_of_a_name(told: str, name: str | None) -> None:
    assert plain_name(told) == name


@both
def test_an_edge_to_a_node_that_is_not_told_is_torn(version: str) -> None:
    told = replies(version)
    assert isinstance(told.named, list)
    told.named = [raw for raw in told.named if raw["node-name"] != "base"]
    with pytest.raises(Torn):
        read(told, State())


@both
def test_without_the_debug_graph_edges_come_from_elsewhere(version: str) -> None:
    state = read(replace(replies(version), graph=None), State())
    assert state.graph.chain("two") == ("two", "one", "base")
    assert state.graph.chain("over") == ("over", "data")
    newer = replies(version)
    assert isinstance(newer.named, list)
    for raw in newer.named:  # QEMU 11.1
        edges = [edge for edge in first(version).graph.edges if edge.parent == raw["node-name"]]
        raw["children"] = [{"node-name": edge.child, "child": edge.role} for edge in edges]
    told = read(replace(newer, graph=None), State())
    ends = {(edge.parent, edge.child, edge.role) for edge in first(version).graph.edges}
    assert {(edge.parent, edge.child, edge.role) for edge in told.graph.edges} == ends


@both
def test_without_details_the_graph_is_told_all_the_same(version: str) -> None:
    """The deadly rule: what is known stays known, what is new gets what its place tells."""
    state = first(version)
    kept = read(replace(replies(version), named=None, reduced="why"), state)
    assert kept.reduced == "why"
    assert kept.graph is state.graph
    fresh = read(replace(replies(version), named=None, reduced="why"), State())
    assert {(e.parent, e.child, e.role) for e in fresh.graph.edges} == {
        (e.parent, e.child, e.role) for e in state.graph.edges
    }
    assert fresh.graph.chain("top-filter") == ("two", "one", "base")
    assert fresh.graph.nodes["top-filter"].kind is Kind.FILTER
    assert fresh.graph.nodes["two"].file == "/images/two.qcow2"
    back = read(replies(version), fresh)
    assert back.graph.nodes == state.graph.nodes
    assert back.reduced == ""


def test_the_quick_look_tells_all_of_a_job() -> None:
    told = replies("7.2")
    state = read(told, State())
    ended = [{"id": "j0", "type": "commit", "status": "concluded", "error": "No space left on device"}]
    told.block_jobs, told.jobs = [], [*ended, {"id": "new", "type": "create", "status": "running"}]
    quick = jobs_only(told, state)
    assert [(job.id, job.status, job.error) for job in quick.jobs] == [
        ("j0", "concluded", "No space left on device"), ("new", "running", ""),
    ]  # fmt: skip
    assert quick.graph is state.graph
    assert jobs_only(told, quick) is quick


# Deadly looks


@pytest.mark.parametrize(
    ("block_jobs", "jobs", "dead"),
    [
        ([{"device": "s", "type": "stream", "auto-dismiss": False, "status": "running"}], [], True),
        ([{"device": "s", "type": "stream", "auto-dismiss": False, "status": "concluded"}], [], True),
        ([{"device": "s", "type": "stream", "status": "running"}], [], True),
        ([{"device": "s", "type": "stream", "auto-dismiss": True, "status": "running"}], [], False),
        ([{"device": "c", "type": "commit", "auto-dismiss": False, "status": "concluded"}], [], False),
        ([], [{"id": "c", "type": "create", "status": "running"}], True),
        ([], [{"id": "c", "type": "create", "status": "created"}], True),
        ([], [{"id": "c", "type": "create", "status": "concluded"}], False),
        (None, None, False),
    ],
)
def test_when_nodes_must_not_be_asked(block_jobs: object, jobs: object, dead: bool) -> None:
    assert bool(deadly(block_jobs, jobs)) is dead


def test_a_stream_that_only_the_other_list_names_is_deadly_too() -> None:
    """A server may list a concluded stream with the jobs and no longer with the block jobs."""
    assert deadly([], [{"id": "s", "type": "stream", "status": "concluded"}])
    assert not deadly(
        [{"device": "s", "type": "stream", "auto-dismiss": True}], [{"id": "s", "type": "stream", "status": "running"}]
    )


# Anything a server may say

_JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(-(1 << 70), 1 << 70), st.floats(allow_nan=False), st.text(max_size=8),
    st.lists(st.integers(), max_size=2), st.dictionaries(st.text(max_size=4), st.integers(), max_size=2),
    st.sampled_from(["json:{", "json:[]", 'json:{"file": 3}', "#block1", "two", "base", "mirror_top", "quorum", "null"]),
)  # fmt: skip
_Place = tuple[Any, Any]


def _places(value: object) -> Iterator[_Place]:
    """Every (container, key) in decoded JSON."""
    pairs: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        pairs = list(value.items())
    elif isinstance(value, list):
        pairs = list(enumerate(value))
    for key, inner in pairs:
        yield value, key
        yield from _places(inner)


def _mutate(told: dict[str, Any], data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(1, 6))):
        places = list(_places(told))
        if not places:
            return
        container, key = places[data.draw(st.integers(0, len(places) - 1))]
        act = data.draw(st.sampled_from(["remove", "replace", "add", "twice"]))
        if act == "replace":
            container[key] = data.draw(_JUNK)
        elif act == "add" and isinstance(container, dict):
            container[data.draw(st.text(max_size=5))] = data.draw(_JUNK)
        elif act == "twice" and isinstance(container, list):
            container.append(copy.deepcopy(container[key]))
        else:
            del container[key]


def _mutated(version: str, data: st.DataObject) -> Replies:
    whole = json.loads(_TOLD[version])
    told: dict[str, Any] = {name: whole[query] for name, query in _QUERIES.items() if name != "commands"}
    _mutate(told, data)
    if not isinstance(told.get("greeting"), dict):
        told["greeting"] = {}
    return Replies(**{name: told[name] for name in _QUERIES if name in told})


@settings(max_examples=250, deadline=None)
@given(st.sampled_from(_VERSIONS), st.data())
def test_nothing_that_is_told_raises(version: str, data: st.DataObject) -> None:
    for before in (State(), first(version)):
        told = _mutated(version, data)
        try:
            state = read(told, before)
        except Torn:
            continue
        json.dumps(state_as_json(state, full=True))
        json.dumps(state_as_json(state))
        diff(before, state)
        assert not diff(state, read(replace(told, parts=None), state))
        for edge in state.graph.edges:
            assert {edge.parent, edge.child} <= state.graph.nodes.keys()
        for node in state.graph.nodes.values():
            assert isinstance(node.file, str | None)
            assert isinstance(node.virtual_size, int | None)
        prepare(Snapshot(), state, Surroundings())
        for name in state.graph.nodes:
            catalog.offers_for_node(state, name)
        jobs_only(told, state)
        deadly(told.block_jobs, told.jobs)
        running(told.block_jobs)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([field.name for field in fields(Replies) if field.name not in ("parts", "guests", "offered")]),
    _JUNK,
)
def test_any_answer_to_one_query(name: str, junk: object) -> None:
    told = replies("7.2")
    if name == "greeting" and not isinstance(junk, dict):
        return
    if name == "reduced":
        junk = str(junk)
    setattr(told, name, junk)
    try:
        read(told, State())
    except Torn:
        assert name == "named"


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_any_counters(data: st.DataObject) -> None:
    told = {"blockstats": json.loads(_TOLD["7.2"])["query-blockstats"]}
    assert {"vda", "vdb"} <= read_device_counters(told["blockstats"]).keys()
    _mutate(told, data)
    read_device_counters(told.get("blockstats"))
    read_node_counters(told.get("blockstats"))


# Events


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from(["event", "data", "timestamp", "new"]), _JUNK))
def test_any_event(told: dict[str, object]) -> None:
    found = event(told)
    assert isinstance(stale(found), Ask)
    assert found.job is None or isinstance(found.job, str)


@pytest.mark.parametrize(
    ("name", "data", "ask"),
    [
        ("JOB_STATUS_CHANGE", {"id": "j", "status": "concluded"}, Ask.WHOLE),
        ("JOB_STATUS_CHANGE", {"id": "j", "status": "paused"}, Ask.JOBS),
        ("BLOCK_JOB_COMPLETED", {"device": "j"}, Ask.WHOLE),
        ("BLOCK_EXPORT_DELETED", {"id": "e"}, Ask.SHAPE | Ask.STATUS | Ask.JOBS),
        ("STOP", {}, Ask.STATUS),
        ("RESUME", {}, Ask.STATUS),
        ("BLOCK_SOMETHING_NEW", {}, Ask.WHOLE),
        ("DEVICE_DELETED", {}, Ask.WHOLE),
        ("VNC_CONNECTED", {}, Ask(0)),
        ("RTC_CHANGE", {}, Ask(0)),
    ],
)
def test_what_events_make_stale(name: str, data: dict[str, object], ask: Ask) -> None:
    assert stale(Event(name, data)) == ask


def test_which_job_an_event_speaks_of() -> None:
    assert Event("JOB_STATUS_CHANGE", {"id": "a"}).job == "a"
    assert Event("BLOCK_JOB_READY", {"device": "a"}).job == "a"
    assert Event("BLOCK_JOB_PENDING", {"id": "a"}).job == "a"
    assert Event("STOP", {"id": "a"}).job is None


# Commands


@pytest.mark.parametrize(
    ("name", "looks"),
    [
        ("query-block", True), ("x-debug-query-block-graph", True), ("qom-list", True), ("qom-get", True), ("qom-set", False),
        ("block-commit", False), ("queryx", False), ("x-query-block", False), ("human-monitor-command", False),
        ("transaction", False), ("quit", False), ("x-debug-block-dirty-bitmap-sha256", False),
    ],
)  # fmt: skip
def test_what_only_looks(name: str, looks: bool) -> None:
    assert Command(name).looks is looks


def test_how_a_command_is_built() -> None:
    made: Callable[..., Command] = command
    assert made("block-commit", job_id="j", speed=0, base=None).as_json() == {
        "execute": "block-commit", "arguments": {"job-id": "j", "speed": 0},
    }  # fmt: skip
    assert json.loads(str(command("stop"))) == {"execute": "stop"}
