"""What a look asks, and what it must not ask, on a scripted line."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from diskchain.model.state import Machine, State
from diskchain.qapi.command import Command, command
from diskchain.qapi.stale import Ask
from diskchain.session.source import QmpSource
from tests.support.scripted import ScriptedMonitor

_REPLIES = Path(__file__).parents[1] / "qapi" / "replies-7.2.json"
_NODES = "query-named-block-nodes"
_QUIET: dict[str, object] = {"query-block-jobs": [], "query-jobs": []}


def scripted(**changes: object) -> ScriptedMonitor:
    """A machine as QEMU 7.2 told it, no job under way; underscores in names become dashes."""
    told: dict[str, Any] = json.loads(_REPLIES.read_text())
    return ScriptedMonitor({**told, **_QUIET, **{name.replace("_", "-"): value for name, value in changes.items()}})


def looked(monitor: ScriptedMonitor, work: Callable[[QmpSource], Awaitable[None]]) -> None:
    async def run() -> None:
        await monitor.open()
        source = QmpSource(monitor)
        await source.begin(Machine(target="t"))
        monitor.asked.clear()
        await work(source)

    asyncio.run(run())


@pytest.mark.parametrize(
    ("ask", "asked"),
    [
        (Ask.JOBS, ["query-jobs"]),
        (Ask.SHAPE, ["x-debug-query-block-graph"]),
        (Ask.STATUS, ["query-block-exports", "query-status"]),
        (Ask.NODES, ["query-jobs", _NODES]),
        (Ask.DEVICES, ["query-block"]),
        (Ask.SHAPE | Ask.NODES, ["x-debug-query-block-graph", "query-jobs", _NODES]),
    ],
)
def test_a_look_asks_for_its_group_and_for_jobs_before_nodes(ask: Ask, asked: list[str]) -> None:
    monitor = scripted()

    async def work(source: QmpSource) -> None:
        await source.look(ask)
        assert monitor.asked == asked

    looked(monitor, work)


def test_block_jobs_are_asked_once_a_job_is_listed() -> None:
    job = {"id": "m", "type": "mirror", "status": "running"}
    monitor = scripted()

    async def work(source: QmpSource) -> None:
        monitor.answers |= {"query-jobs": [job], "query-block-jobs": [{**job, "device": "m", "offset": 3, "len": 9}]}
        state = await source.look(Ask.JOBS)
        assert monitor.asked == ["query-jobs", "query-block-jobs"]
        assert [(found.id, found.offset) for found in state.jobs] == [("m", 3)]

    looked(monitor, work)


def test_nodes_are_shown_before_devices_are_known() -> None:
    monitor = scripted()
    told = json.loads(_REPLIES.read_text())[_NODES]
    order: list[str] = []

    def devices(_: Command) -> object:
        order.append("query-block")
        return json.loads(_REPLIES.read_text())["query-block"]

    async def work(source: QmpSource) -> None:
        one = next(node for node in told if node["node-name"] == "one")
        one["ro"] = not one["ro"]
        monitor.answers |= {_NODES: told, "query-block": devices}
        await source.look(Ask.WHOLE, lambda state: order.append(f"read-only: {state.graph.nodes['one'].read_only}"))
        assert order == [f"read-only: {one['ro']}", "query-block"]

    looked(monitor, work)


def test_nodes_that_cannot_be_had_are_never_asked_on_old_jobs() -> None:
    """Without fresh jobs nobody knows whether the question would end QEMU."""
    monitor = scripted()

    async def work(source: QmpSource) -> None:
        del monitor.answers[_NODES]
        await source.look(Ask.NODES)
        monitor.asked.clear()
        await source.look(Ask.SHAPE | Ask.STATUS | Ask.DEVICES)
        assert _NODES not in monitor.asked
        await source.look(Ask.JOBS)
        assert monitor.asked[-2:] == ["query-jobs", _NODES]

    looked(monitor, work)


def test_details_follow_a_new_shape_at_once() -> None:
    monitor = scripted()

    async def work(source: QmpSource) -> None:
        await source.look(Ask.SHAPE)
        assert _NODES not in monitor.asked
        told = json.loads(_REPLIES.read_text())["x-debug-query-block-graph"]
        told["edges"].pop()
        monitor.answers["x-debug-query-block-graph"] = told
        await source.look(Ask.SHAPE)
        assert _NODES in monitor.asked

    looked(monitor, work)


@pytest.mark.parametrize("status", ["running", "pending", "concluded"])
def test_a_deadly_stream_keeps_the_nodes_unasked(status: str) -> None:
    stream = {"device": "s", "type": "stream", "status": status, "auto-dismiss": False, "len": 9, "offset": 3}
    monitor = scripted()

    async def work(source: QmpSource) -> None:
        before = source.state
        monitor.answers |= {"query-block-jobs": [stream], "query-jobs": [{**stream, "id": "s"}]}
        for ask in (Ask.JOBS, Ask.SHAPE, Ask.STATUS, Ask.NODES, Ask.DEVICES, Ask.WHOLE):
            await source.look(ask)
        assert _NODES not in monitor.asked
        assert "s" in source.state.reduced
        assert source.state.graph.nodes.keys() == before.graph.nodes.keys()
        assert source.state.graph.edges == before.graph.edges
        assert source.state.job("s") is not None
        monitor.answers |= _QUIET
        await source.look(Ask.JOBS)
        assert _NODES in monitor.asked, "details return as soon as they may"
        assert source.state.reduced == ""
        assert source.state.graph.nodes == before.graph.nodes

    looked(monitor, work)


def test_a_deadly_stream_at_the_first_look() -> None:
    stream = {"device": "s", "type": "stream", "status": "concluded", "auto-dismiss": False}
    monitor = scripted(query_block_jobs=[stream], query_jobs=[{**stream, "id": "s"}])

    async def run() -> State:
        await monitor.open()
        return await QmpSource(monitor).begin(Machine(target="t"))

    state = asyncio.run(run())
    assert _NODES not in monitor.asked
    assert state.reduced
    assert state.graph.chain("top-filter") == ("two", "one", "base")
    assert {device.name: device.root for device in state.devices} == {"vda": "top-filter", "vdb": "over", "cd0": None}


def test_no_look_while_an_image_is_made() -> None:
    """Between `blockdev-create` and the moment its job has moved on, only the jobs are asked."""
    monitor = scripted()
    running = {"id": "c", "type": "create", "status": "running"}
    left = [5]

    def jobs(_: Command) -> object:
        left[0] -= 1
        return [running if left[0] > 0 else {**running, "status": "concluded"}] if left[0] < 5 else []

    async def work(source: QmpSource) -> None:
        monitor.answers |= {"query-jobs": jobs, "blockdev-create": {}}
        await asyncio.gather(source.undisturbed(command("blockdev-create", job_id="c")), source.look(Ask.WHOLE))
        first = monitor.asked.index(_NODES)
        assert set(monitor.asked[:first]) >= {"blockdev-create", "query-jobs"}
        assert left[0] <= 0, "the nodes were asked while the image was made"

    looked(monitor, work)


def test_replies_of_different_moments_are_asked_again() -> None:
    whole = json.loads(_REPLIES.read_text())
    short = [node for node in whole[_NODES] if node["node-name"] != "base"]
    answers = [short, short, whole[_NODES]]
    monitor = scripted()

    async def work(source: QmpSource) -> None:
        monitor.answers[_NODES] = lambda _: answers.pop(0)
        before = source.state
        await source.look(Ask.WHOLE)
        assert answers == []
        assert source.state.graph.nodes == before.graph.nodes
        monitor.answers[_NODES] = short
        kept = await source.look(Ask.WHOLE)
        assert kept.graph.nodes == before.graph.nodes, "never a torn state, and never for ever"

    looked(monitor, work)


def test_what_the_server_does_not_have_is_not_asked() -> None:
    names = [
        {"name": name}
        for name in ("query-block", _NODES, "x-debug-query-block-graph", "query-jobs", "query-block-jobs")
    ]
    monitor = scripted(query_commands=names)

    async def work(source: QmpSource) -> None:
        await source.look(Ask.WHOLE)
        assert not {"query-status", "qom-list", "query-block-exports"} & set(monitor.asked)
        assert source.state.machine.daemon

    looked(monitor, work)


def test_a_refused_query_is_not_known_rather_than_empty() -> None:
    monitor = scripted()
    del monitor.answers["x-debug-query-block-graph"]

    async def run() -> State:
        await monitor.open()
        return await QmpSource(monitor).begin(Machine(target="t"))

    assert asyncio.run(run()).graph.chain("two") == ("two", "one", "base")


def test_a_measurement() -> None:
    monitor = scripted()

    async def work(source: QmpSource) -> None:
        sample = await source.sample(nodes=False)
        assert {"vda", "vdb"} <= sample.devices.keys()
        assert sample.nodes is None
        assert monitor.asked == ["query-blockstats"]
        assert (await source.sample(nodes=True)).nodes is not None

    looked(monitor, work)
