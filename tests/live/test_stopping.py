"""An operation of ours is stopped at any moment, the guest writing meanwhile: every byte is right, and the outcome is true."""

from __future__ import annotations

import asyncio
import random

import pytest

from diskchain.session.carriage import Phase, Result
from diskchain.session.session import Session
from tests.support.live_session import done, prepared, with_session
from tests.support.machine import Machine
from tests.support.tools import MIB, make_image

pytestmark = pytest.mark.live

_CHAINS = {"vda": "base <- one <- two <- three"}
_PLANS = {
    "commit in the middle": ("commit", {"top": "two", "base": "base", "speed": "24M"}),
    "active commit": ("commit", {"top": "three", "base": "one", "finish": "pivot"}),
    "stream": ("stream", {"node": "three", "base": "base", "speed": "24M"}),
}  # fmt: skip
_MOMENTS = (0.0, 0.01, 0.05, 0.15)
"""Seconds after the yes; each is moved at random, so that every run tries others."""


@pytest.mark.parametrize("moment", _MOMENTS)
@pytest.mark.parametrize("plan", _PLANS)
def test_stopped_at_any_moment(plan: str, moment: float) -> None:
    name, keys = _PLANS[plan]
    moment *= random.uniform(0.4, 2.5)
    with Machine(_CHAINS, size=12 * MIB + 512) as machine:
        shape, files = machine.shape(), machine.files()

        async def run(session: Session) -> tuple[Result, dict[str, str]]:
            preview = await prepared(session, name, keys)
            carriage = session.carry_out(preview)
            await asyncio.sleep(moment)
            carriage.cancel()
            async with asyncio.timeout(30):
                result = await carriage.wait()
            return result, {entry.path: entry.word for entry in session.ledger.entries}

        with machine.writing("vda") as guest:
            machine.until(lambda: guest.written > 2, "the guest does not write")
            result, marks = with_session(machine, run)
            count = guest.written
            machine.until(lambda: guest.written > count, "the guest does not go on writing")
        where = f"after {moment * 1e3:.0f} ms: {result}"
        assert machine.files() == files, where
        words = set(marks.values())
        if machine.shape() == shape:
            assert result.outcome is Phase.CANCELLED, where
            assert words == ({"changed"} if name == "commit" and result.sent else set()), where
        else:
            assert result.outcome is Phase.DONE, where
            assert result.as_predicted, where
            assert words == ({"invalid"} if name == "commit" else set()), where
        machine.settled(vda=guest.model)


def test_stopped_while_it_waits_for_an_answer() -> None:
    with Machine(_CHAINS) as machine:
        shape = machine.shape()

        async def run(session: Session) -> Result:
            carriage = session.carry_out(await prepared(session, "commit", {"top": "three", "base": "base"}))
            asked = asyncio.Event()
            carriage.changed.connect(lambda: asked.set() if carriage.choice else None)
            await asked.wait()
            carriage.cancel()
            return await carriage.wait()

        seen = machine.contents("vda")
        result = with_session(machine, run)
        assert result.outcome is Phase.CANCELLED, result
        assert machine.shape() == shape
        machine.settled(vda=seen)


def test_left_alone_a_job_goes_on() -> None:
    """Looking away from a job leaves it running, and a later session knows it as ours and can end it."""
    with Machine(_CHAINS) as machine:
        seen = machine.contents("vda")

        async def run(session: Session) -> str:
            keys = {"top": "two", "base": "base", "speed": "256k"}
            carriage = session.carry_out(await prepared(session, "commit", keys))
            began = asyncio.Event()
            carriage.changed.connect(lambda: began.set() if carriage.job else None)
            await began.wait()
            job = carriage.job
            carriage.leave()
            result = await carriage.wait()
            assert result.outcome is Phase.LEFT, result
            return job

        job = with_session(machine, run)
        assert [told["id"] for told in machine.qmp("query-jobs")] == [job]

        async def later(session: Session) -> Result:
            assert session.owns(job)
            assert {entry.word for entry in session.ledger.entries} == {"changed"}
            preview = await prepared(session, "job", {"do": "cancel", "id": job})
            assert preview.allowed, preview.objections
            return await session.carry_out(preview).wait()

        result = with_session(machine, later)
        assert result.outcome is Phase.DONE, result
        machine.until(lambda: not machine.qmp("query-jobs"), "our job stays")
        machine.settled(vda=seen)


def test_marks_go_with_the_files_they_were_for() -> None:
    """An overlay that became invalid is removed, and its name taken again: by us, and by another program."""
    with Machine(_CHAINS) as machine:
        two, one = machine.image("two"), machine.image("one")

        async def run(session: Session) -> None:
            _, result = await done(session, "commit", {"top": "two", "base": "base"})
            assert {entry.path: entry.word for entry in session.ledger.entries} == {
                str(two): "invalid",
                str(one): "invalid",
            }
            assert (await prepared(session, "commit", {"top": "three", "base": "base"})).allowed, (
                "they are known as invalid"
            )
            two.unlink()
            _, result = await done(session, "snapshot", {"file.vda": str(two), "node.vda": "four"})
            assert result.as_predicted
            assert [entry.path for entry in session.ledger.entries] == [str(one)]
            one.unlink()
            make_image(one, "qcow2", 0, str(machine.image("base")), "qcow2")
            preview = await prepared(session, "commit", {"top": "three", "base": "base"})
            assert [objection.lifts for objection in preview.objections] == [f"spoils={one}"], "it is another file now"

        seen = machine.contents("vda")
        with_session(machine, run)
        machine.settled(vda=seen)
