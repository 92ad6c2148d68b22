"""Backups and bitmaps by hand: from a card's menu through the sheet to the file."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from tests.support.backing_up import bitmaps_of
from tests.support.machine import Machine
from tests.support.tools import restored, same
from tests.support.window import Driver, drive_machine

pytestmark = pytest.mark.live


async def _choose(window: Driver, node: str, words: str) -> None:
    """Choose an entry of a card's menu."""
    await window.click(node)
    await window.until(lambda: window.desk.selected == node, "the selection")
    QTest.keyClick(window.canvas, Qt.Key.Key_Return)
    menu = await window.part("offersMenu")
    assert isinstance(menu, QMenu)
    entry = next(action for action in menu.actions() if action.text().startswith(words))
    assert entry.isEnabled(), entry.text()
    QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(entry).center())


def test_a_bitmap_and_a_backup_are_made_from_the_menu(qapp: QApplication, tmp_path: Path) -> None:
    with Machine() as machine:
        seen, shape = machine.contents("vda"), machine.shape()

        async def work(window: Driver) -> None:
            await _choose(window, "vda-3", "Add the bitmap bitmap0 on vda-3")
            await window.press("previewRun")
            await window.until(lambda: "bitmap0" in bitmaps_of(machine, "vda-3"), "the bitmap")
            await window.until(lambda: "done" in window.said, "the end of it")
            await _choose(window, "vda-3", "Back up vda")
            await window.press("previewRun")
            await window.until(lambda: list(machine.folder.glob("vda-backup-*.diskchain.json")), "the backup's record")

        drive_machine(qapp, tmp_path, machine, work)
        assert machine.shape() == shape
        same(restored(next(machine.folder.glob("vda-backup-*.qcow2"))), seen, "the backup")
