"""Buttons by the keyboard."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from diskchain.widgets.panels.lines import CopyButton, Link
from diskchain.widgets.style import button

KINDS = ["button", "link", "copy"]


def made(kind: str) -> QPushButton:
    if kind == "link":
        return Link("overlay1", "link")
    if kind == "copy":
        return CopyButton("Copy", "copy", "Copy the commands", lambda: "text")
    return button("Switch over", "choose-pivot")


class Pressed:
    """A button in a plain window, and how often it was pressed."""

    def __init__(self, qtbot: QtBot, kind: str) -> None:
        self.button = made(kind)
        self.times = 0
        self.button.clicked.connect(self._count)
        self._window = QWidget()
        qtbot.addWidget(self._window)
        QVBoxLayout(self._window).addWidget(self.button)
        self._window.show()
        self.button.setFocus()

    def _count(self) -> None:
        self.times += 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space])
def test_enter_acts_as_space_does(qtbot: QtBot, kind: str, key: Qt.Key) -> None:
    pressed = Pressed(qtbot, kind)
    QTest.keyClick(pressed.button, key)
    assert pressed.times == 1
    pressed.button.setEnabled(False)
    QTest.keyClick(pressed.button, key)
    assert pressed.times == 1


def test_a_key_held_down_presses_once(qtbot: QtBot) -> None:
    """What the first press previews the next one would run."""
    pressed = Pressed(qtbot, "button")
    for again in (False, True, True):
        none = Qt.KeyboardModifier.NoModifier
        event = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Return, none, "\r", autorep=again)
        QApplication.sendEvent(pressed.button, event)
    assert pressed.times == 1
