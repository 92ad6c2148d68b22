"""Watching: at which pace, what an event brings about, and how a line is lost and comes back."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from diskchain.model.diff import Diff
from diskchain.model.ledger import LedgerEntry
from diskchain.model.state import State
from diskchain.monitors.monitor import Lost, Monitor, Unanswered, Unreachable
from diskchain.qapi.command import Command
from diskchain.session.journal import Journal
from diskchain.session.line import Link
from diskchain.session.pace import BURST, SHARE, Pace
from diskchain.session.session import Session
from tests.support.scripted import ScriptedMonitor

_REPLIES = Path(__file__).parents[1] / "qapi" / "replies-7.2.json"
_SHAPE, _NODES, _COUNTERS = "x-debug-query-block-graph", "query-named-block-nodes", "query-blockstats"
_QUIET: dict[str, object] = {"query-block-jobs": [], "query-jobs": []}
_Work = Callable[[Session], Awaitable[None]]


def scripted() -> ScriptedMonitor:
    told: dict[str, Any] = json.loads(_REPLIES.read_text())
    return ScriptedMonitor({**told, **_QUIET})


def watched(monitors: list[Monitor | Unreachable], work: _Work, folder: Path, reconnect: bool = True) -> None:
    """Open a session whose first line is the first monitor, its second the next; do something, close it."""

    def monitor_for(_: str) -> Monitor:
        found = monitors.pop(0)
        if isinstance(found, Unreachable):
            raise found
        return found

    async def run() -> None:
        session = Session("scripted", monitor_for, Journal(folder / "journal"), reconnect)
        await session.open()
        try:
            await work(session)
        finally:
            await session.close()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left, f"left behind: {left}"

    asyncio.run(run())


async def until(done: Callable[[], object], limit: float = 5) -> float:
    """Wait for something; gives how many seconds it took."""
    start = time.monotonic()
    while not done():
        assert time.monotonic() < start + limit, "it did not come about"
        await asyncio.sleep(0.002)
    return time.monotonic() - start


def test_two_machines_of_one_name_in_two_folders_do_not_share_their_marks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(tmp_path / "journal")

    async def marks_at(folder: str, note: bool) -> list[str]:
        (tmp_path / folder).mkdir(exist_ok=True)
        monkeypatch.chdir(tmp_path / folder)
        session = Session("q1", lambda _: scripted(), journal)
        await session.open()
        if note:
            await session.books.remember([LedgerEntry("/i/a", "a", "invalid", "It was.", machine=session.target)], ())
        await session.close()
        return [entry.path for entry in session.ledger.entries]

    assert asyncio.run(marks_at("one", note=True)) == ["/i/a"]
    assert asyncio.run(marks_at("two", note=False)) == []
    assert asyncio.run(marks_at("one", note=False)) == ["/i/a"]


def test_a_pace_keeps_its_share() -> None:
    pace = Pace(0.45)
    assert pace.due() == float("-inf")
    pace.asked(100, 0.001)
    assert pace.due() == pytest.approx(100.45)
    for at in range(200, 205):
        pace.asked(at, 0.02)
    assert pace.due() == pytest.approx(204 + SHARE * 0.02)
    pace.asked(300, 0.0)
    assert pace.due() == pytest.approx(300.45), "one quick answer shows what QEMU can do"
    assert pace.due(wished=10) == pytest.approx(310)
    assert SHARE >= 50


def test_a_pace_lets_events_through_at_once_but_not_without_end() -> None:
    pace = Pace(0.45)
    now = 100.0
    for _ in range(5):
        pace.asked(now, 0.01)
    for _ in range(BURST):
        pace.asked(now, 0.01)
    assert pace.soon() == pytest.approx(now + SHARE * 0.01)
    assert pace.due() == pytest.approx(now + 1.25 * SHARE * 0.01), "a part of the share is saved for the next event"
    while pace.due() > now + 0.51:
        now = pace.due()
        pace.asked(now, 0.01)
    assert now < 130
    assert pace.soon() == now


def test_where_nothing_moves_it_is_measured_less_often(tmp_path: Path) -> None:
    monitor = scripted()

    async def work(_: Session) -> None:
        await asyncio.sleep(2.5)
        monitor.asked.clear()
        await asyncio.sleep(4.1)
        assert 1 <= Counter(monitor.asked)[_COUNTERS] <= 3, monitor.asked

    watched([monitor], work, tmp_path)


def test_two_rates(tmp_path: Path) -> None:
    monitor = scripted()

    async def work(session: Session) -> None:
        monitor.asked.clear()
        await asyncio.sleep(3.05)
        asked = Counter(monitor.asked)
        assert 5 <= asked[_SHAPE] <= 7, asked
        assert 1 <= asked[_NODES] <= 3, asked
        assert 2 <= asked[_COUNTERS] <= 4, asked
        assert asked["query-block-jobs"] <= asked[_SHAPE] + asked[_NODES] + 1, (
            "jobs alone are asked only while one runs"
        )

    watched([monitor], work, tmp_path)


def test_jobs_are_asked_quickly_while_one_runs(tmp_path: Path) -> None:
    monitor = scripted()
    job = {"device": "j", "type": "mirror", "status": "running", "auto-dismiss": True, "len": 9, "offset": 1}
    monitor.answers |= {"query-block-jobs": [job], "query-jobs": [{**job, "id": "j"}]}

    async def work(session: Session) -> None:
        monitor.asked.clear()
        await asyncio.sleep(2)
        asked = Counter(monitor.asked)
        assert 8 <= asked["query-block-jobs"] <= 21, asked
        assert asked[_SHAPE] <= 6, asked

    watched([monitor], work, tmp_path)


def test_slow_answers_make_looks_rare(tmp_path: Path) -> None:
    """At most 2 % of QEMU's time in each group: an answer that takes 0.1 s is asked for every 5 s, 0.02 s every second."""
    monitor = scripted()
    monitor.seconds = {_NODES: 0.1, _SHAPE: 0.02}

    async def work(session: Session) -> None:
        monitor.asked.clear()
        await asyncio.sleep(4)
        asked = Counter(monitor.asked)
        assert asked[_NODES] <= 1, asked
        assert asked[_SHAPE] <= 4, asked

    watched([monitor], work, tmp_path)


def test_an_event_is_looked_after_at_once_and_a_burst_only_once(tmp_path: Path) -> None:
    monitor = scripted()

    async def work(session: Session) -> None:
        await asyncio.sleep(0.1)
        monitor.asked.clear()
        for _ in range(50):
            monitor.tell("JOB_STATUS_CHANGE", id="j", status="created")
        assert await until(lambda: _NODES in monitor.asked) < 0.4
        await asyncio.sleep(0.1)
        assert Counter(monitor.asked)[_NODES] <= 2, monitor.asked

    watched([monitor], work, tmp_path)


def test_a_storm_of_events_keeps_the_share(tmp_path: Path) -> None:
    """Another client that starts job after job must not have us ask QEMU without a pause."""
    monitor = scripted()
    monitor.seconds = {_NODES: 0.02}

    async def work(session: Session) -> None:
        await asyncio.sleep(0.1)
        monitor.asked.clear()
        start = time.monotonic()
        while time.monotonic() < start + 4:
            monitor.tell("JOB_STATUS_CHANGE", id="j", status="created")
            await asyncio.sleep(0.02)
        spent = Counter(monitor.asked)[_NODES] * 0.02
        assert spent < 0.08 * 4, f"{spent:.2f} s of 4 s"

    watched([monitor], work, tmp_path)


def test_changes_are_told_once(tmp_path: Path) -> None:
    monitor = scripted()
    told: list[Diff] = []

    async def work(session: Session) -> None:
        assert session.state is not None
        session.changed.connect(lambda _, found: told.append(found))
        await asyncio.sleep(1)
        assert told == [], "nothing changed"
        nodes = json.loads(_REPLIES.read_text())[_NODES]
        nodes[0]["image"]["actual-size"] = 1 << 40
        monitor.answers[_NODES] = nodes
        await session.refresh()
        assert [found.changed for found in told] == [(nodes[0]["node-name"],)]

    watched([monitor], work, tmp_path)


# Lost and found


def test_what_is_asked_over_a_lost_line_is_told_that_it_was_lost_and_how(tmp_path: Path) -> None:
    monitor = scripted()

    async def work(session: Session) -> None:
        monitor.end("QEMU was killed.")
        await until(lambda: session.link is Link.ENDED)
        with pytest.raises(Lost, match=r"The line to .*scripted was lost\. QEMU was killed\."):
            await session.refresh()

    watched([monitor], work, tmp_path, reconnect=False)


def test_a_lost_line_is_opened_again_and_all_is_read_anew(tmp_path: Path) -> None:
    first, second = scripted(), scripted()
    gone = json.loads(_REPLIES.read_text())
    second.answers["query-block-exports"] = []
    links: list[Link] = []

    async def work(session: Session) -> None:
        session.link_changed.connect(lambda: links.append(session.link))
        session.changed.connect(lambda state, _: states.append(state))
        states: list[State] = []
        first.end("QEMU has ended.")
        await until(lambda: session.link is Link.LOST)
        assert session.link_text == "QEMU has ended."
        assert session.state is not None, "what was last seen stays, with its age"
        assert session.state.exports
        await until(lambda: session.link is Link.LIVE)
        assert {_SHAPE, _NODES, "query-commands", "query-block", "query-name"} <= set(second.asked)
        assert session.state.exports == ()
        assert session.link_text == ""
        assert links == [Link.LOST, Link.LIVE]

    assert gone["query-block-exports"]
    watched([first, Unreachable("refused", "refused"), Unreachable("missing", "missing"), second], work, tmp_path)


def test_a_monitor_taken_by_another_client_is_not_tried_again(tmp_path: Path) -> None:
    first = scripted()
    monitors: list[Monitor | Unreachable] = [first, Unreachable("Another client holds it.", "taken"), scripted()]

    async def work(session: Session) -> None:
        first.end()
        await until(lambda: session.link is Link.FAILED)
        assert session.link_text == "Another client holds it."
        await asyncio.sleep(1.2)
        assert len(monitors) == 1, "it was tried again"

    watched(monitors, work, tmp_path)


def test_no_coming_back_where_it_is_not_wanted(tmp_path: Path) -> None:
    first = scripted()

    async def work(session: Session) -> None:
        first.end("QEMU has ended.")
        await until(lambda: session.link is Link.ENDED)
        await asyncio.sleep(0.4)

    watched([first], work, tmp_path, reconnect=False)


def test_a_first_failure_is_raised_and_not_retried(tmp_path: Path) -> None:
    session = Session("x", lambda _: ScriptedMonitor(), Journal(tmp_path / "journal"))

    async def run() -> None:
        def refuse(_: str) -> Monitor:
            raise Unreachable("Nothing listens there.", "refused")

        session = Session("x", refuse, Journal(tmp_path / "journal"))
        with pytest.raises(Unreachable):
            await session.open()
        assert session.link is Link.FAILED
        await session.close()
        assert session.link is Link.FAILED

    asyncio.run(run())
    assert session.state is None


def test_an_answer_that_does_not_come_is_told_until_one_comes(tmp_path: Path) -> None:
    monitor = scripted()
    shape = monitor.answers[_SHAPE]

    async def work(session: Session) -> None:
        monitor.answers[_SHAPE] = Unanswered(Command(_SHAPE), 10)
        await until(lambda: session.link_text)
        assert session.link is Link.LIVE
        assert "has not answered" in session.link_text
        monitor.answers[_SHAPE] = shape
        await until(lambda: not session.link_text)

    watched([monitor], work, tmp_path)


def test_a_server_that_answers_nonsense_is_shown_as_it_is(tmp_path: Path) -> None:
    told = json.loads(_REPLIES.read_text())
    monitor = ScriptedMonitor({name: {"what": [None, 3]} for name in told})
    monitor.greeting = {}

    async def work(session: Session) -> None:
        assert session.state is not None
        assert not session.state.graph.nodes
        assert next(session.operations.for_machine()).reason
        await session.refresh()

    watched([monitor], work, tmp_path)


@pytest.mark.parametrize("node", ["libvirt-1-format", "libvirt-12-storage"])
def test_nodes_that_libvirt_names_are_only_looked_at(node: str, tmp_path: Path) -> None:
    monitor = scripted()
    renamed = _REPLIES.read_text().replace('"two"', f'"{node}"')
    monitor.answers |= {name: told for name, told in json.loads(renamed).items() if name not in _QUIET}

    async def work(session: Session) -> None:
        assert "libvirt" in session.read_only
        assert session.state is not None
        assert session.state.machine.managed == "libvirt"

    watched([monitor], work, tmp_path)
