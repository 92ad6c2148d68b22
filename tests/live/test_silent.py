"""The window while QEMU does not answer for some seconds: a key that is pressed then is not answered with nothing."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.support.machine import Machine
from tests.support.window import Driver, drive_machine

pytestmark = pytest.mark.live
_WAITS = "has not answered yet"


def test_a_preview_that_waits_says_so(qapp: QApplication, tmp_path: Path) -> None:
    with Machine() as machine:

        async def work(window: Driver) -> None:
            await window.click("vdb-1")
            await window.until(lambda: window.desk.selected == "vdb-1", "the selection")
            machine.process.send_signal(signal.SIGSTOP)
            try:
                window.key(Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
                menu = await window.part("offersMenu")
                QTest.keyClick(menu, Qt.Key.Key_Down)
                QTest.keyClick(menu, Qt.Key.Key_Return)
                await window.until(lambda: _WAITS in window.said, "that it waits")
                assert window.find("previewRun") is None
            finally:
                machine.process.send_signal(signal.SIGCONT)
            await window.part("previewRun")
            assert _WAITS not in window.said
            assert machine.sent() == []

        drive_machine(qapp, tmp_path, machine, work)


@pytest.mark.parametrize("name", ["offersMenu", "offerChooser"])
def test_a_preview_that_was_waited_for_closes_what_is_open_over_it(
    qapp: QApplication, tmp_path: Path, name: str
) -> None:
    with Machine({"vda": " <- ".join(f"a{number}" for number in range(9))}) as machine:

        async def work(window: Driver) -> None:
            await window.click("a8")
            await window.until(lambda: window.desk.selected == "a8", "the selection")
            machine.process.send_signal(signal.SIGSTOP)
            try:
                window.key(Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
                QTest.keyClick(await window.part("offersMenu"), Qt.Key.Key_Return)
                await window.until(lambda: window.find("offersMenu") is None, "the choice")
                window.key(Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
                menu = await window.part("offersMenu")
                if name == "offerChooser":
                    QTest.keyClick(menu, Qt.Key.Key_Up)
                    QTest.keyClick(menu, Qt.Key.Key_Return)
                await window.part(name)
            finally:
                machine.process.send_signal(signal.SIGCONT)
            await window.part("previewRun")
            assert window.find(name) is None
            assert machine.sent() == []

        drive_machine(qapp, tmp_path, machine, work)
