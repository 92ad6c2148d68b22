"""After the script: the states that have a look of their own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal

from diskchain.app.tour.stage import Stage
from diskchain.session.session import Session


async def gallery(stage: Stage) -> None:
    """Full graph, tree, command log, the other scheme, a paused guest, a taken monitor, a lost line."""
    session = stage.keeper.sessions.sessions[-1]
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
    await _paused(stage, session)
    await _taken(stage, session)
    await _lost(stage, session)


async def _paused(stage: Stage, session: Session) -> None:
    """Another client pauses the guest."""
    spare = stage.keeper.sandbox.spare
    await _say(spare, "stop")
    await stage.until(lambda: session.state and session.state.machine.status == "paused", "the guest is paused")
    await stage.picture("guest-paused", "The guest is paused by another client", settle=0.8)
    await _say(spare, "cont")
    await stage.until(lambda: session.state and session.state.machine.status == "running", "the guest runs")


async def _say(spare: str, command: str) -> None:
    """Send one command over the sandbox's second monitor, as another client would."""
    reader, writer = await asyncio.open_unix_connection(spare)
    try:
        async with asyncio.timeout(5):
            await reader.readline()
            for name in ("qmp_capabilities", command):
                writer.write(json.dumps({"execute": name}).encode() + b"\n")
                while "return" not in json.loads(await reader.readline()):
                    pass
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def _taken(stage: Stage, session: Session) -> None:
    """The connect dialog, with a monitor that a client holds already: we ourselves."""
    await stage.click("machinesAdd")
    await stage.until(lambda: stage.there("connectTarget"), "the connect dialog")
    await stage.click("connectTarget")
    await stage.type(f"unix:{session.target}")
    await stage.keys("Return")
    await stage.until(lambda: stage.there("connectGo"), "the answer", 10)
    await stage.picture("monitor-taken", "Another client holds this monitor", settle=0.6)
    await stage.click("connectCancel")


async def _lost(stage: Stage, session: Session) -> None:
    """QEMU is killed under our eyes."""
    pid = stage.keeper.sandbox.pid
    if pid is not None:
        os.kill(pid, signal.SIGKILL)
    await stage.until(lambda: session.link != "live", "the loss is noticed")
    await stage.picture("connection-lost", "The connection is lost: what is shown has an age", settle=2.5)
