"""A job that is over before a look that saw it is: its end is told by an event, while the look still waits for answers."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from diskchain.model.state import State
from diskchain.qapi.command import Command
from diskchain.session.journal import Journal
from diskchain.session.session import Session
from tests.support.scripted import ScriptedMonitor

_REPLIES = Path(__file__).parents[1] / "qapi" / "replies-7.2.json"
_NODES, _COUNTERS = "query-named-block-nodes", "query-blockstats"


async def until(done: Callable[[], object]) -> None:
    end = time.monotonic() + 30
    while not done():
        assert time.monotonic() < end, "it did not come about"
        await asyncio.sleep(0.002)


class Held(ScriptedMonitor):
    """Answers what is measured only when it is let.

    :ivar let: set: answers come at once.
    """

    def __init__(self, answers: dict[str, object]) -> None:
        super().__init__(answers)
        self.let = asyncio.Event()

    async def execute(self, command: Command, limit: float | None = None) -> object:
        answer = await super().execute(command, limit)
        if command.name == _COUNTERS:
            await self.let.wait()
        return answer


def test_a_job_that_ends_during_the_look_that_saw_it_is_told_once(tmp_path: Path) -> None:
    told: dict[str, Any] = json.loads(_REPLIES.read_text())
    monitor = Held({**told, "query-block-jobs": [], "query-jobs": []})
    job = {"id": "c1", "type": "commit", "status": "running", "current-progress": 1, "total-progress": 1}

    def ends(_: Command) -> object:
        """The nodes are told after the job's end."""
        if monitor.answers["query-jobs"]:
            monitor.answers |= {"query-jobs": [], "query-block-jobs": []}
            monitor.tell("JOB_STATUS_CHANGE", id="c1", status="created")
            monitor.tell("BLOCK_JOB_COMPLETED", device="c1", type="commit", len=1, offset=1, speed=0)
            monitor.tell("JOB_STATUS_CHANGE", id="c1", status="null")
        return told[_NODES]

    async def run() -> None:
        session = Session("scripted", lambda _: monitor, Journal(tmp_path / "journal"), reconnect=False)
        seen: list[State] = []
        session.changed.connect(lambda state, _: seen.append(state))
        await session.open()
        await until(lambda: _COUNTERS in monitor.asked)
        monitor.answers[_NODES] = ends
        monitor.answers |= {"query-jobs": [job], "query-block-jobs": [{**job, "device": "c1", "offset": 1, "len": 1}]}
        sampled: list[bool] = []
        try:
            await session.refresh()
            assert [each.id for each in seen[-1].jobs] == ["c1"], "an answer from before its end"
            await until(lambda: session.meter.marks[-1:] and session.meter.marks[-1].word == "completed")
            session.sampled.connect(lambda _: sampled.append(bool(session.state and session.state.jobs)))
            monitor.let.set()
            await until(lambda: sampled and not sampled[-1])
            assert sampled[0], "measured while it was thought to be there"
            assert [(past.title.sentence, past.word) for past in session.meter.past] == [("commit c1", "completed")]
            assert [mark.word for mark in session.meter.marks] == ["started", "completed"]
        finally:
            await session.close()

    asyncio.run(run())
