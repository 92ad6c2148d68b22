"""The window on what is not so now: a recording, and a machine whose line is lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget

from diskchain.session.session import Session
from diskchain.widgets.panels.job_row import JobRow
from tests.support.live_session import with_session
from tests.support.machine import Machine
from tests.support.window import Driver, drive, drive_machine

pytestmark = pytest.mark.live


def _said(part: QWidget) -> str:
    return "\n".join(line.text() for line in part.findChildren(QLabel) if line.isVisible())


def test_a_recording_looks_like_one(qapp: QApplication, tmp_path: Path) -> None:
    file = tmp_path / "r.jsonl"

    async def record(session: Session) -> None:
        await session.record(file)

    with Machine({"vda": "base <- mid <- top"}) as machine:
        machine.qmp("block-stream", device="top", base_node="base", job_id="by-another", speed=1)
        with_session(machine, record)

    async def work(window: Driver) -> None:
        await window.until(lambda: window.desk.current, "the recording")
        await window.part("jobsPanel")
        inside = window.window
        assert "Shown is its last moment" in _said(inside.inspector)
        assert "running then" in _said(inside.inspector)
        assert "recording · 20" in _said(inside.machines)
        row = await window.part("job-by-another")
        assert isinstance(row, JobRow)
        assert "running then" in _said(row)
        assert not [each for each in row.findChildren(QPushButton) if each.isVisible()]
        assert window.find("throughputPlot") is None
        assert window.canvas.accessibleName()
        record_button = await window.part("record")
        assert not record_button.isEnabled()
        assert "copy its file" in record_button.toolTip()
        window.key(Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
        await window.until(lambda: "copy its file" in window.said, "why it cannot be recorded")

    drive(qapp, tmp_path, [f"replay:{file}"], work)


def test_the_facts_of_a_lost_machine_have_an_age(qapp: QApplication, tmp_path: Path) -> None:
    with Machine({"vda": "base <- top"}) as machine:

        async def work(window: Driver) -> None:
            inspector = window.window.inspector
            await window.until(lambda: "running" in _said(inspector), "the facts")
            assert "then" not in _said(inspector)
            machine.kill()
            await window.until(lambda: "running then" in _said(inspector), "that it is not known any more")
            assert "Last seen" in _said(inspector)
            await window.until(lambda: "Last seen 2 s ago" in _said(inspector), "its age")

        drive_machine(qapp, tmp_path, machine, work)
