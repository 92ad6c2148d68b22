"""The window while a commit waits: for the lock of somebody else to go, or for an answer."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QLabel

from diskchain.operations.commit import Commit
from tests.support.holding import holder
from tests.support.machine import Machine
from tests.support.window import Driver, drive, drive_machine

pytestmark = pytest.mark.live


def test_the_card_says_what_a_commit_waits_for(qapp: QApplication, tmp_path: Path) -> None:
    with Machine({"vda": "base <- one <- two <- three"}) as machine:
        holders: list[subprocess.Popen[bytes]] = []
        path = machine.image("two")

        async def work(window: Driver) -> None:
            session = window.desk.current
            assert session is not None
            preview = await session.prepare(Commit("one", "base", speed=2 << 20))
            session.carry_out(preview)
            await window.until(lambda: session.state is not None and session.state.jobs, "the job")
            holders.append(await asyncio.to_thread(holder, path))
            wanted = f"Another program holds a lock on {path}. All is copied"
            await window.until(
                lambda: any(wanted in each.text() for each in window.window.findChildren(QLabel)), "why", 15
            )
            holders[0].kill()
            await asyncio.to_thread(holders[0].wait)
            await window.until(lambda: session.carriages[-1].result, "the end")
            result = session.carriages[-1].result
            assert result is not None
            assert result.as_predicted, result

        try:
            drive_machine(qapp, tmp_path, machine, work)
        finally:
            for each in holders:
                each.kill()
                each.wait()


def test_a_question_names_its_machine_where_there_are_several(qapp: QApplication, tmp_path: Path) -> None:
    with Machine({"vda": "base <- one"}) as first, Machine({"vda": "base <- one"}) as second:

        async def work(window: Driver) -> None:
            await window.until(lambda: len(window.keeper.sessions.sessions) == 2 and window.desk.current, "both")
            await window.drag("one", "base")
            await window.press("previewRun")
            await window.until(lambda: "test: base now holds everything" in window.said, "the question")
            await window.press("choose-pivot")
            await window.until(lambda: "test: Commit 1 overlay into base: done." in window.said, "the end")

        drive(qapp, tmp_path, [str(first.target), str(second.target)], work)
