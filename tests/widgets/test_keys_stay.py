"""Where the keys go when the button that had them is gone: to what is nearest, never to the other end of the window."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from diskchain.model.job import Job
from diskchain.model.throughput import Meter
from diskchain.operations.steps import Branch, Choose
from diskchain.picture.palette import LIGHT
from diskchain.session.session import Session
from diskchain.widgets.machines import MachinesPanel
from diskchain.widgets.messages import MessageBar
from diskchain.widgets.panels.inspector import Inspector
from diskchain.widgets.panels.job_row import JobRow
from diskchain.widgets.panels.lower import Lower
from diskchain.widgets.window import Window
from tests.support.fake_session import BACKUP, MIRROR, FakeSession

ANSWERS = (Branch("pivot", "Switch over", "The guest goes on there.", ()), Branch("keep", "Keep", "It stays.", ()))
ASKS = Choose("How?", MIRROR.id, ANSWERS)
PAUSED = replace(MIRROR, status="paused", paused=True)
READY = replace(MIRROR, status="ready", ready=True)


class Shown:
    """A job's card in a window."""

    def __init__(self, qtbot: QtBot) -> None:
        self.window = Window()
        qtbot.addWidget(self.window)
        self.window.furnish(MachinesPanel(LIGHT), MessageBar(), Inspector())
        self.row = JobRow(MIRROR.id)
        self.window.right.addWidget(self.row)
        self.window.right.setCurrentWidget(self.row)
        self.window.show()
        self.window.activateWindow()
        qtbot.waitUntil(self.window.isActiveWindow)

    def show(self, job: Job, choice: Choose | None = None, why_not: str = "") -> None:
        self.row.show_job(job, Meter(), own=True, busy=False, choice=choice, why_not=why_not)
        QApplication.processEvents()

    def press(self, name: str) -> None:
        button = self.row.findChild(QPushButton, name)
        assert button is not None
        button.setFocus()
        QTest.keyClick(button, Qt.Key.Key_Space)

    @property
    def here(self) -> str:
        widget = self.window.focusWidget()
        return widget.objectName() if widget is not None else ""


@pytest.fixture
def shown(qtbot: QtBot) -> Shown:
    return Shown(qtbot)


def test_pause_and_resume_hand_the_keys_to_each_other(shown: Shown) -> None:
    shown.show(MIRROR)
    shown.press(f"pause-{MIRROR.id}")
    shown.show(PAUSED)
    assert shown.here == f"resume-{MIRROR.id}"
    shown.press(f"resume-{MIRROR.id}")
    shown.show(MIRROR)
    assert shown.here == f"pause-{MIRROR.id}"


def test_an_answer_hands_them_to_a_button_of_its_job(shown: Shown) -> None:
    shown.show(READY, ASKS)
    shown.press("choose-pivot")
    shown.show(READY)
    assert shown.here.endswith(MIRROR.id)


def test_without_any_button_the_row_has_them(shown: Shown) -> None:
    shown.show(MIRROR)
    shown.press(f"pause-{MIRROR.id}")
    shown.show(MIRROR, why_not="libvirt manages this machine.")
    assert shown.here == f"job-{MIRROR.id}"


def test_tab_goes_on_from_there(shown: Shown) -> None:
    shown.show(MIRROR)
    shown.press(f"pause-{MIRROR.id}")
    shown.show(PAUSED)
    QTest.keyClick(shown.window.focusWidget() or shown.window, Qt.Key.Key_Tab)
    assert shown.here == f"speed-{MIRROR.id}"


class Watched:
    """A machine's jobs in a whole window, beside their plot."""

    def __init__(self, qtbot: QtBot) -> None:
        self.window = Window()
        qtbot.addWidget(self.window)
        self.window.furnish(MachinesPanel(LIGHT), MessageBar(), Inspector())
        self.lower = Lower(self.window.tabs, LIGHT)
        self.lower.fill()
        self.session = FakeSession()
        self.lower.set_session(cast("Session", self.session))
        self.window.show_centre(self.lower.canvas)
        self.window.show()
        self.window.activateWindow()
        qtbot.waitUntil(self.window.isActiveWindow)

    def be(self, *jobs: Job) -> None:
        self.session.be(*jobs)
        QApplication.processEvents()

    def focus(self, name: str) -> None:
        button = self.window.findChild(QPushButton, name)
        assert button is not None
        button.setFocus()

    @property
    def here(self) -> str:
        widget = self.window.focusWidget()
        return widget.objectName() if widget is not None else ""


@pytest.mark.parametrize("ended", [MIRROR, BACKUP])
def test_a_job_that_ends_hands_the_keys_to_the_next_one_and_the_last_to_the_picture(qtbot: QtBot, ended: Job) -> None:
    watched = Watched(qtbot)
    watched.be(MIRROR, BACKUP)
    other = BACKUP if ended is MIRROR else MIRROR
    watched.focus(f"cancel-{ended.id}")
    watched.be(other)
    assert watched.here == f"pause-{other.id}"
    watched.be()
    assert watched.here == "canvas", "not at a button of the plot, which is no nearer than anything else"
    watched.window.let_go()
