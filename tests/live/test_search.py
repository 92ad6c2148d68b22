"""The search field: it says how many nodes it found, which one is shown, and when there is none."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit

from tests.support.machine import Machine
from tests.support.window import Driver, drive_machine

pytestmark = pytest.mark.live


def test_what_is_found_is_said_and_escape_ends_the_search(qapp: QApplication, tmp_path: Path) -> None:
    with Machine() as machine:

        async def work(window: Driver) -> None:
            window.key(Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
            field = window.find("findField")
            assert isinstance(field, QLineEdit)
            await window.until(field.hasFocus, "the keys are in the field")
            QTest.keyClicks(field, "vda-1")
            said = await window.part("findSaid")
            assert isinstance(said, QLabel)
            assert said.text() == "1 node found; Enter goes to it.", "the file is in the image's card"
            QTest.keyClick(field, Qt.Key.Key_Return)
            assert said.text() == f"1 of 1 node: {window.desk.selected}"
            window.window.top.views["full"].click()
            await window.until(
                lambda: said.text() == "2 nodes found; Enter goes from one to the next.", "both are drawn"
            )
            window.window.top.views["chain"].click()
            assert said.text() == "1 node found; Enter goes to it."
            field.setFocus()
            QTest.keyClicks(field, "23")
            assert said.text() == "No node has “vda-123” in its name, file or driver."
            assert field.accessibleDescription() == said.text()
            assert window.window.rect().contains(said.geometry())
            window.real_key("Escape")
            await window.until(lambda: window.find("findSaid") is None, "the words are gone")
            await window.until(lambda: not field.text(), "the field is empty")
            await window.until(window.canvas.hasFocus, "the keys are on the picture")

        drive_machine(qapp, tmp_path, machine, work)
