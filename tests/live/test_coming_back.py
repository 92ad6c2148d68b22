"""QEMU goes while a session watches it, and comes back on the same socket, or does not."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import time
from collections.abc import Awaitable, Callable

import pytest

from diskchain.monitors.monitor import Lost
from diskchain.session.carriage import Phase
from diskchain.session.journal import Journal
from diskchain.session.line import Link
from diskchain.session.session import Session
from tests.support.live_session import done, prepared, with_session
from tests.support.machine import Machine
from tests.support.qmp import Qmp
from tests.support.tools import MIB
from tests.support.watching import until as _until

pytestmark = pytest.mark.live


def _ended(machine: Machine, how: str) -> None:
    if how == "quit":
        machine.quit()
    else:
        machine.process.send_signal(getattr(signal, how))
        machine.process.wait(20)


def _again(machine: Machine) -> None:
    """Start the same machine again, on the same sockets. Only in the main thread: QEMU ends with the thread that started it."""
    machine.qmp.close()
    if machine.process.stderr:
        machine.process.stderr.close()
    machine.process = subprocess.Popen(machine.process.args, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    machine.qmp = machine.until(lambda: Qmp(machine.folder / "eyes.qmp"), "QEMU did not start again")


def _held(machine: Machine, work: Callable[[Session], Awaitable[None]]) -> None:
    """A session that comes back by itself."""

    async def run() -> None:
        session = Session(str(machine.target), journal=Journal(machine.folder / "journal.qmp"))
        await session.open()
        try:
            await work(session)
        finally:
            await session.close()

    asyncio.run(run())


async def _link(session: Session, wanted: Link, limit: float = 10) -> float:
    start = time.monotonic()
    changed = asyncio.Event()
    disconnect = session.link_changed.connect(changed.set)
    try:
        while session.link is not wanted:
            changed.clear()
            async with asyncio.timeout(start + limit - time.monotonic()):
                await changed.wait()
    finally:
        disconnect()
    return time.monotonic() - start


@pytest.mark.parametrize("how", ["quit", "SIGTERM", "SIGKILL"])
def test_qemu_ends_and_comes_back(how: str) -> None:
    with Machine({"vda": "base <- top"}) as machine:

        async def work(session: Session) -> None:
            before = session.state
            assert before is not None
            await asyncio.to_thread(_ended, machine, how)
            assert await _link(session, Link.LOST) < 3
            assert session.link_text.endswith(".")
            assert session.state is before, "what was last seen stays"
            with pytest.raises(Lost):
                await session.refresh()
            _again(machine)
            await asyncio.to_thread(
                lambda: machine.qmp("blockdev-add", driver="null-co", node_name="another", size=MIB)
            )
            await _link(session, Link.LIVE)
            await _until(session, lambda state: "another" in state.graph.nodes)
            assert session.state.machine.pid == machine.process.pid
            _, result = await done(session, "snapshot", {})
            assert result.as_predicted, result

        _held(machine, work)


def test_a_monitor_that_is_taken_when_qemu_comes_back() -> None:
    with Machine({"vda": "base"}) as machine:

        async def work(session: Session) -> None:
            await asyncio.to_thread(_ended, machine, "SIGKILL")
            await _link(session, Link.LOST)
            await asyncio.sleep(0.9)  # the next try is a second away now
            _again(machine)
            other = await asyncio.to_thread(lambda: machine.until(lambda: Qmp(machine.target), "no socket"))
            try:
                await _link(session, Link.FAILED)
                assert "another client" in session.link_text.lower()
            finally:
                other.close()
            await asyncio.sleep(1.5)
            assert session.link is Link.FAILED, "it is not tried again"
            await asyncio.to_thread(lambda: Qmp(machine.target).close())

        _held(machine, work)


@pytest.mark.parametrize(("name", "keys"), [("commit", {"top": "top", "base": "base", "finish": "pivot"}),
                                            ("stream", {"node": "top"})])  # fmt: skip
def test_qemu_ends_while_a_job_of_ours_runs(name: str, keys: dict[str, str]) -> None:
    """The files alone give every byte, and the base that a commit changed is marked, also for a later session."""
    with Machine({"vda": "base <- top"}, size=40 * MIB + 512) as machine:
        seen = machine.contents("vda")

        async def work(session: Session) -> None:
            preview = await prepared(session, name, {**keys, "speed": "1M"})
            carriage = session.carry_out(preview)
            await _until(session, lambda state: any(job.offset for job in state.jobs))
            await asyncio.to_thread(_ended, machine, "SIGKILL")
            async with asyncio.timeout(10):
                result = await carriage.wait()
            assert result.outcome is Phase.LOST, result
            assert "may or may not have happened" in result.text
            _again(machine)
            await _link(session, Link.LIVE, 20)
            assert {entry.word for entry in session.ledger.entries} == ({"changed"} if name == "commit" else set())

        _held(machine, work)

        async def later(session: Session) -> int:
            return len(session.ledger.entries)

        assert with_session(machine, later) == (1 if name == "commit" else 0)
        machine.settled(vda=seen)
