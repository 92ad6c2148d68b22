"""After the script: the other views, and the states of the sandbox that have a look of their own."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

from diskchain.app.tour.stage import Stage
from diskchain.app.tour.staging import say
from diskchain.app.tour.states import states
from diskchain.session.session import Session

_RECORDING = "sandbox.jsonl"
"""In the folder of the pictures, while it is shown."""


async def gallery(stage: Stage) -> None:
    """Views, the other scheme, then each state that has a look of its own."""
    session = stage.keeper.sessions.sessions[-1]
    await _views(stage)
    recording = stage.folder / _RECORDING
    try:
        await _record(session, recording)
        await _paused(stage, session)
        await _taken(stage, session)
        await _slow(stage, session)
        await _lost(stage, session)
        await stage.hang_up()
        await _replayed(stage, recording)
    finally:
        recording.unlink(missing_ok=True)
    await states(stage)


async def _views(stage: Stage) -> None:
    await stage.click("view-full")
    await stage.picture("full-graph", "Full graph: every node, edge, role and permission", settle=1.5)
    await stage.click("view-chain")
    await stage.click("tab-log")
    await stage.picture("command-log", "Everything that was sent and received", settle=0.8)
    await stage.click("tab-tree")
    await stage.picture("tree", "The same graph as a tree", settle=0.8)
    await stage.click("tab-jobs")
    await stage.keys("Ctrl+l")
    await stage.picture("other-scheme", "The other colours", settle=1)
    await stage.keys("Ctrl+l")


async def _record(session: Session, file: Path) -> None:
    """A moment of the sandbox, to be opened as a machine later."""
    await asyncio.to_thread(file.unlink, missing_ok=True)
    await session.record(file)
    await asyncio.sleep(2.5)
    await session.stop_recording()


async def _paused(stage: Stage, session: Session) -> None:
    """Another client pauses the guest."""
    spare = stage.keeper.sandbox.spare
    await say(spare, "stop")
    await stage.until(lambda: session.state and session.state.machine.status == "paused", "the guest is paused")
    await stage.picture("guest-paused", "The guest is paused by another client", settle=0.8)
    await say(spare, "cont")
    await stage.until(lambda: session.state and session.state.machine.status == "running", "the guest runs")


async def _taken(stage: Stage, session: Session) -> None:
    """The connect dialog, with a monitor that a client holds already: we ourselves."""
    link = stage.folder / "monitor.sock"  # by its own name it would only be brought into the middle
    link.symlink_to(session.target)
    try:
        await stage.ask_for(str(link))
        await stage.until(lambda: stage.there("connectGo"), "the answer", 10)
        await stage.picture("monitor-taken", "Another client holds this monitor", settle=0.6)
        await stage.click("connectCancel")
    finally:
        link.unlink()


async def _slow(stage: Stage, session: Session) -> None:
    """QEMU is held for some seconds, as a host does that has no time for it."""
    pid = stage.keeper.sandbox.pid
    if pid is None:
        return
    os.kill(pid, signal.SIGSTOP)
    try:
        await stage.until(lambda: stage.there("note"), "slowness is noticed")
        await stage.picture("reading-too-slow", "QEMU answers slowly: the age of what is shown is told", settle=1.5)
    finally:
        os.kill(pid, signal.SIGCONT)
    await stage.until(lambda: not stage.there("note"), "QEMU answers again")


async def _lost(stage: Stage, session: Session) -> None:
    """QEMU is killed under our eyes."""
    pid = stage.keeper.sandbox.pid
    if pid is not None:
        os.kill(pid, signal.SIGKILL)
    await stage.until(lambda: session.link != "live", "the loss is noticed")
    await stage.picture("connection-lost", "The connection is lost: what is shown has an age", settle=2.5)


async def _replayed(stage: Stage, recording: Path) -> None:
    await stage.open(f"replay:{recording}")
    await stage.picture("replay", "A recording, opened as a machine: it can only be looked at", settle=1.2)
    await stage.hang_up()
