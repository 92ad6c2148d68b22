"""The sandbox in the window: what is thrown away leaves nothing behind, in words neither."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from tests.support.window import Driver, drive

pytestmark = pytest.mark.live

CTRL = Qt.KeyboardModifier.ControlModifier


def test_hanging_up_on_the_sandbox_leaves_nothing_of_it_in_sight(qapp: QApplication, tmp_path: Path) -> None:
    async def work(window: Driver) -> None:
        window.keeper.start_sandbox()
        await window.until(lambda: window.desk.current, "the sandbox")
        pid = window.keeper.sandbox.pid
        await window.until(lambda: any(one.pid == pid for one in window.keeper.sessions.found), "it is found")
        window.key(Qt.Key.Key_W, CTRL)
        await window.until(lambda: window.keeper.sandbox.pid is None, "it is closed")
        await window.until(lambda: not any(one.pid == pid for one in window.keeper.sessions.found), "it is gone", 1)
        await window.until(lambda: window.find("welcome") is not None, "the welcome")

    drive(qapp, tmp_path, [], work)


async def _begin_a_job(window: Driver) -> None:
    await window.drag("overlay3", "base")
    await window.press("previewRun")
    await window.until(lambda: window.session.state and window.session.state.jobs, "the job")


def test_no_job_is_said_to_go_on_where_the_sandbox_is_thrown_away(qapp: QApplication, tmp_path: Path) -> None:
    async def work(window: Driver) -> None:
        window.keeper.start_sandbox()
        await window.until(lambda: window.desk.current, "the sandbox")
        await _begin_a_job(window)
        old = window.session
        window.keeper.reset_sandbox()
        await window.until(lambda: window.desk.current not in (None, old), "a fresh one")
        assert "without us" not in window.said
        await _begin_a_job(window)
        window.key(Qt.Key.Key_W, CTRL)
        await window.until(lambda: window.keeper.sandbox.pid is None, "it is closed")
        assert "without us" not in window.said

    drive(qapp, tmp_path, [], work)
