"""The menu of a card, by key and by double click: one, beside the card or where the mouse is."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from tests.support.machine import Machine
from tests.support.window import Driver, drive_machine

pytestmark = pytest.mark.live


def _menus(window: Driver) -> list[QMenu]:
    return [each for each in window.window.findChildren(QMenu, "offersMenu") if each.isVisible()]


@pytest.mark.parametrize("way", ["key", "double click"])
def test_one_menu_opens(qapp: QApplication, tmp_path: Path, way: str) -> None:
    with Machine() as machine:

        async def work(window: Driver) -> None:
            await window.click("vda-0")
            await window.until(lambda: window.desk.selected == "vda-0", "the selection")
            item = window.canvas.canvas.item_of("vda-0")
            assert item is not None
            box = window.canvas.mapFromScene(item.box()).boundingRect()
            if way == "key":
                QTest.keyClick(window.canvas, Qt.Key.Key_Return)
            else:
                QTest.mouseDClick(window.canvas.viewport(), Qt.MouseButton.LeftButton, pos=box.center())
            menu = await window.part("offersMenu")
            assert _menus(window) == [menu]
            at = window.canvas.viewport().mapFromGlobal(menu.pos())
            assert box.adjusted(-40, -40, 40, 40).contains(at), "it opens at the card"
            menu.close()

        drive_machine(qapp, tmp_path, machine, work)
