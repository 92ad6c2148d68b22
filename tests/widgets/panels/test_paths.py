"""Paths in panels and sheets."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from diskchain.operations.backup import TakeBackup
from diskchain.picture.palette import LIGHT
from diskchain.widgets.panels.paths import Paths
from diskchain.widgets.style import sheet
from tests.support.qt_parts import part
from tests.support.sheet import Seen
from tests.support.states import machine


def _whole(shown: Paths) -> bool:
    """Whether its last line is in sight within it."""
    end = shown.textCursor()
    end.movePosition(QTextCursor.MoveOperation.End)
    return shown.cursorRect(end).bottom() < shown.viewport().height() and not shown.verticalScrollBar().value()


def test_every_line_is_in_sight_at_each_width(qapp: QApplication, qtbot: QtBot) -> None:
    ground = QWidget()
    qtbot.addWidget(ground)
    ground.setStyleSheet(sheet(LIGHT, qapp.font().pointSizeF()))
    shown = Paths([f"vd{letter}-backup-20261123-193000.qcow2.diskchain.json" for letter in "abcd"], "New")
    column = QVBoxLayout(ground)
    column.addWidget(shown)
    column.addStretch(1)
    ground.show()
    for width in (500, 340, 284, 200, 120, 330, 600):
        ground.resize(width, 900)
        qapp.processEvents()
        assert _whole(part(ground, Paths, "paths")), width


@pytest.mark.parametrize("height", [400, 900])
def test_the_new_files_of_a_backup_are_all_in_sight(qapp: QApplication, qtbot: QtBot, height: int) -> None:
    seen = Seen(qtbot)
    seen.sheet.setStyleSheet(sheet(LIGHT, qapp.font().pointSizeF()))
    seen.sheet.resize(336, height)
    two = machine({"vda": "base <- top", "vdb": "low <- high"})
    for operation in (TakeBackup("vda"), TakeBackup(disks=("vda", "vdb"))):
        seen.show(operation, two)
        for width in (336, 284, 400, 336):
            seen.sheet.resize(width, height)
            qtbot.waitUntil(lambda: all(_whole(each) for each in seen.sheet.findChildren(Paths) if each.isVisible()))
