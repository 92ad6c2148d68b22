"""A revert that is cut off after each of its steps: what is known of it afterwards puts all back, or brings it to its end."""

from __future__ import annotations

import asyncio
import json

import pytest

from diskchain.qapi.command import Command
from diskchain.session.carriage import Phase, Result
from diskchain.session.journal import Journal
from diskchain.session.session import Session
from tests.support.chains import Style
from tests.support.failing import FailingMonitor
from tests.support.live_session import carried_out, done, prepared, with_session
from tests.support.machine import Machine
from tests.support.passing import PassingMonitor
from tests.support.tools import restored

pytestmark = pytest.mark.live

_CHAINS = {"vda": "base <- one <- two", "vdb": "data:raw <- over"}


def _cut(machine: Machine, step: int | None) -> tuple[Result, list[str]]:
    """Go back with both disks, over a line that is cut before a step; the result, and the commands that came."""
    monitor = FailingMonitor(str(machine.target), step, "lost")
    session = Session(str(machine.target), lambda _: monitor, Journal(machine.folder / "journal.qmp"), reconnect=False)
    keys = {"to": f"{machine.node('one')},{machine.node('data')}", "keep": "no"}
    return asyncio.run(carried_out(session, "revert", keys)), monitor.changing


async def _taken_back(session: Session) -> Result | None:
    """Take back what was cut off; None: nothing is known to be left."""
    if not await session.books.cut_off():
        return None
    result = (await done(session, "undo", {}))[1]
    assert not await session.books.cut_off(), "it needs nothing more"
    return result


@pytest.mark.parametrize("style", [Style.BLOCKDEV, Style.DRIVE])
def test_what_was_cut_off_is_taken_back_or_brought_to_its_end(style: Style) -> None:
    with Machine(_CHAINS, style) as machine:
        commands = _cut(machine, None)[1]
    reset = commands.index("system_reset")
    for step, command in enumerate(commands):
        with Machine(_CHAINS, style) as machine:
            seen, shape = {disk: machine.contents(disk) for disk in _CHAINS}, machine.shape()
            images = {"vda": restored(machine.image("one")), "vdb": restored(machine.image("data"))}
            assert _cut(machine, step)[0].outcome is Phase.LOST
            result = with_session(machine, _taken_back)
            where = f"cut before step {step}, {command}: {result}"
            assert result is None or result.outcome is Phase.DONE, where
            assert machine.qmp("query-status")["status"] == "running", where
            assert not [name for name in machine.names() if name.startswith("diskchain")], where
            if step <= reset:
                assert machine.shape() == shape, where
            machine.settled(**(seen if step <= reset else images))


class _Silent(PassingMonitor):
    """Passes everything to QEMU but the reset, and gives no answer to that. `reached`: it came."""

    def __init__(self, target: str) -> None:
        super().__init__(target)
        self.reached = asyncio.Event()

    async def execute(self, command: Command, limit: float | None = None) -> object:
        if command.name == "system_reset":
            self.reached.set()
            await asyncio.Event().wait()
        return await super().execute(command, limit)


def test_a_plan_is_cut_off_as_well_where_its_machine_is_hung_up_on() -> None:
    with Machine(_CHAINS) as machine:
        shape = machine.shape()

        async def run() -> None:
            monitor = _Silent(str(machine.target))
            journal = Journal(machine.folder / "journal.qmp")
            session = Session(str(machine.target), lambda _: monitor, journal, reconnect=False)
            await session.open()
            session.carry_out(await prepared(session, "revert", {"to": "one"}), confirmed=True)
            await monitor.reached.wait()
            await session.close()

        asyncio.run(run())
        result = with_session(machine, _taken_back)
        assert result is not None
        assert result.outcome is Phase.DONE, result
        assert (machine.shape(), machine.qmp("query-status")["status"]) == (shape, "running")


def test_no_disk_is_put_back_under_a_guest_that_runs_again() -> None:
    with Machine(_CHAINS) as machine:
        commands = _cut(machine, None)[1]
    with Machine(_CHAINS) as machine:
        _cut(machine, commands.index("system_reset"))
        machine.qmp("cont")
        shape = machine.shape()

        async def run(session: Session) -> Result:
            return (await done(session, "undo", {}))[1]

        result = with_session(machine, run)
        assert "another client has let it go on" in result.text
        assert machine.shape() == shape


def test_where_nothing_was_cut_off_there_is_nothing_to_take_back() -> None:
    with Machine(_CHAINS) as machine:
        assert _cut(machine, None)[0].outcome is Phase.DONE

        async def run(session: Session) -> str:
            return (await prepared(session, "undo", {})).objections[0].text

        assert "No plan is known here" in with_session(machine, run)


def test_what_had_gone_too_far_is_called_so() -> None:
    with Machine(_CHAINS) as machine:
        commands = _cut(machine, None)[1]
    with Machine(_CHAINS) as machine:
        assert _cut(machine, commands.index("system_reset") + 1)[0].outcome is Phase.LOST
        preview, result = with_session(machine, lambda session: done(session, "undo", {}))
        assert preview.draft.title.startswith("Bring to its end")
        assert "too far" in " ".join(preview.warnings)
        assert not [warning for warning in preview.warnings if "stays" in warning], "the new images are in use"
        assert result.outcome is Phase.DONE, result


def test_nothing_is_forgotten_while_a_job_of_it_runs() -> None:
    """The copy was begun, and we were killed: its node cannot be closed before the job has ended."""
    with Machine(_CHAINS) as machine:
        target = str(machine.folder / "copy.qcow2")
        keys = {"disk": "vda", "target": target, "speed": "1M", "finish": "copy"}

        async def leave(session: Session) -> None:
            carriage = session.carry_out(await prepared(session, "mirror", keys), confirmed=True)
            begun = asyncio.Event()
            carriage.changed.connect(lambda: begun.set() if carriage.job else None)
            await asyncio.wait_for(begun.wait(), 20)
            lines = (json.loads(line) for line in (machine.folder / "journal.qmp").read_text().splitlines())
            await session.books.cut([line["plan"] for line in lines if "plan" in line][-1])
            refused = await prepared(session, "undo", {})
            assert any(carriage.job in objection.text for objection in refused.objections), refused.objections
            assert await session.books.cut_off()
            carriage.cancel()
            await carriage.wait()

        with_session(machine, leave)
