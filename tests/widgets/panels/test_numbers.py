"""The numbers on the card of a job."""

from __future__ import annotations

from typing import cast

import pytest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from diskchain.picture.palette import LIGHT
from diskchain.session.session import Session
from diskchain.widgets.panels.jobs import JobsPanel
from diskchain.widgets.panels.numbers import unbroken
from diskchain.widgets.style import sheet
from tests.support.fake_session import MIRROR, FakeSession
from tests.support.qt_parts import part

SAID = "17.1 of 18.3 MiB, 1.2 MiB of it written meanwhile · limited to 4 MiB/s · 8–12 s left"


def test_numbers_stay_with_their_units() -> None:
    held = unbroken(SAID).split(" ")
    assert [word.replace("\N{WORD JOINER}", "") for word in held if any(map(str.isdigit, word))] == [
        "17.1\N{NO-BREAK SPACE}of\N{NO-BREAK SPACE}18.3\N{NO-BREAK SPACE}MiB,",
        "1.2\N{NO-BREAK SPACE}MiB",
        "4\N{NO-BREAK SPACE}MiB/s",
        "8–12\N{NO-BREAK SPACE}s",
    ]


@pytest.mark.parametrize(("width", "lost"), [(430, False), (330, False), (230, True)])
def test_the_numbers_end_before_the_buttons(qtbot: QtBot, width: int, lost: bool) -> None:
    session = FakeSession()
    panel = JobsPanel(clock=lambda: session.now)
    qtbot.addWidget(panel)
    panel.set_theme(LIGHT)
    panel.setStyleSheet(f"{sheet(LIGHT, 9)}{panel.styleSheet()}")
    panel.resize(width, 600)
    panel.set_session(cast("Session", session))
    panel.show()
    session.be(MIRROR)
    numbers = part(panel, QLabel, "jobNumbers")
    numbers.setText(unbroken(SAID))
    QApplication.processEvents()
    qtbot.waitUntil(lambda: numbers.heightForWidth(numbers.width()) <= numbers.height())
    words = QLabel.text(numbers).split(" ")
    assert max(map(numbers.fontMetrics().horizontalAdvance, words)) <= numbers.width()
    assert numbers.text() == unbroken(SAID)
    assert (QLabel.text(numbers) != numbers.text()) == lost
