"""The connect dialog."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from diskchain.widgets.dialogs.connect import ConnectDialog
from tests.support.qt_parts import part, press


class Asked:
    """The dialog and what it told."""

    def __init__(self, qtbot: QtBot) -> None:
        self.above = QWidget()
        qtbot.addWidget(self.above)
        self.dialog = ConnectDialog(self.above)
        self.wanted: list[str] = []
        self.given_up = 0
        self.dialog.wanted.connect(self.wanted.append)
        self.dialog.given_up.connect(self._give_up)
        self.dialog.begin()

    def _give_up(self) -> None:
        self.given_up += 1

    def type(self, text: str) -> None:
        QTest.keyClicks(part(self.dialog, QLineEdit, "connectTarget"), text)


@pytest.fixture
def asked(qtbot: QtBot) -> Asked:
    return Asked(qtbot)


def test_it_is_not_modal_and_asks_for_what_was_typed_once(asked: Asked) -> None:
    assert not asked.dialog.isModal()
    asked.type("  /run/vm.qmp ")
    QTest.keyClick(asked.dialog, Qt.Key.Key_Return)
    QTest.keyClick(asked.dialog, Qt.Key.Key_Return)
    assert asked.wanted == ["/run/vm.qmp"]


def test_what_went_wrong_is_said_in_it_and_can_be_tried_again(asked: Asked) -> None:
    asked.type("/run/vm.qmp")
    press(asked.dialog, "connectGo")
    asked.dialog.done_with("There is no socket there. Check the path.")
    assert asked.dialog.isVisible()
    assert part(asked.dialog, QLabel, "connectSaid").text() == "There is no socket there. Check the path."
    press(asked.dialog, "connectGo")
    assert asked.wanted == ["/run/vm.qmp"] * 2


def test_it_closes_when_the_machine_is_open(asked: Asked) -> None:
    asked.type("/run/vm.qmp")
    press(asked.dialog, "connectGo")
    asked.dialog.done_with("")
    assert not asked.dialog.isVisible()


def test_waiting_can_be_given_up(asked: Asked) -> None:
    asked.type("/run/vm.qmp")
    press(asked.dialog, "connectGo")
    QTest.keyClick(asked.dialog, Qt.Key.Key_Escape)
    assert asked.given_up == 1
    assert not asked.dialog.isVisible()
