"""The canvas ends while Full graph is still being laid out."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from diskchain.model.diff import Diff
from diskchain.model.ledger import Ledger
from diskchain.widgets.canvas.view import CanvasView
from tests.support import graphs
from tests.support.qt import run
from tests.support.slow_dot import SlowDot


def test_ending_leaves_no_dot_and_later_news_start_none(
    qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    """Machines close after the canvas ended, so that it is told of others: it must not lay them out."""
    dot = SlowDot(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    async def work() -> None:
        view = CanvasView()
        view.set_mode("full")
        view.show_state(graphs.talk(), Diff(), Ledger(), None)
        await dot.started()
        await view.end()
        assert not dot.alive
        view.show_state(None, Diff(), None, None)
        view.show_state(graphs.mirroring(), Diff(), Ledger(), None)
        await asyncio.sleep(0.2)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        view.deleteLater()

    run(qapp, work())
    assert len(dot.groups) == 1
    assert not dot.alive
    assert not recwarn.list
