"""The form for an operation's options."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from diskchain.operations.attach import Attach
from diskchain.operations.backup import TakeBackup
from diskchain.operations.bitmap import ChangeBitmap
from diskchain.operations.create import Create
from diskchain.operations.export import Export
from diskchain.operations.mirror import Mirror
from diskchain.operations.operation import Operation
from diskchain.operations.resize import Resize
from diskchain.picture.palette import LIGHT
from diskchain.widgets.style import sheet
from tests.support.qt_parts import part, words
from tests.support.sheet import Seen
from tests.support.states import machine


@pytest.mark.parametrize("width", [284, 336])
@pytest.mark.parametrize(
    "operation",
    [
        Mirror("vda"),
        TakeBackup(disks=("vda", "vdb")),
        Create(),
        Attach(),
        Export("top"),
        ChangeBitmap("add", "top", "bitmap0"),
        Resize("top", 20 << 30),
    ],
    ids=lambda operation: str(operation.name),
)
def test_the_options_fit_the_column(qapp: QApplication, seen: Seen, operation: Operation, width: int) -> None:
    seen.sheet.setStyleSheet(sheet(LIGHT, qapp.font().pointSizeF()))
    seen.sheet.resize(width, 700)
    seen.show(operation, machine({"vda": "base <- mid <- top", "vdb": "b1 <- b2"}))
    head = part(seen.sheet, QPushButton, "previewOptions")
    head.setChecked(True)
    area = part(seen.sheet, QScrollArea, "previewScroll")
    inside = area.findChild(QWidget, "previewInside")
    assert inside is not None
    assert inside.width() <= area.viewport().width()
    for each in inside.findChildren(QWidget):
        if each.isVisible():
            right = each.mapTo(inside, each.rect().topRight()).x()
            assert right < inside.width(), each.objectName()
            assert each.minimumSizeHint().width() <= each.width(), each.objectName()


@pytest.mark.parametrize("operation", [Create(), Attach()], ids=lambda operation: str(operation.name))
def test_what_is_to_be_filled_in_is_asked_quietly_and_has_the_keys(seen: Seen, operation: Operation) -> None:
    seen.show(operation)
    said = words(seen.sheet)
    assert "Say which file is to be" in said
    assert "Something is still to be filled in." in said
    assert "Not possible as things are" not in said
    assert "It cannot be done" not in said
    assert seen.sheet.focusWidget() is part(seen.sheet, QLineEdit, "option-file")
    seen.show(Create("relative.qcow2") if isinstance(operation, Create) else Attach("relative.qcow2"))
    assert "Not possible as things are" in words(seen.sheet)


def test_what_is_typed_counts_by_itself_and_typing_goes_on(seen: Seen, qtbot: QtBot) -> None:
    seen.show(Create())
    seen.sheet.edited.connect(seen.show)
    field = part(seen.sheet, QLineEdit, "option-file")
    QTest.keyClicks(field, "/images/w.qcow2")
    assert not seen.edited, "not with each key"
    for _ in range(len("w.qcow2") - 1):
        QTest.keyClick(field, Qt.Key.Key_Left)
    qtbot.waitUntil(lambda: seen.edited == [Create("/images/w.qcow2")])
    QTest.keyClicks(seen.sheet.focusWidget(), "ide")
    qtbot.waitUntil(lambda: len(seen.edited) == 2)
    assert seen.edited[-1] == Create("/images/wide.qcow2")
    assert part(seen.sheet, QLineEdit, "option-file").cursorPosition() == len("/images/wide")
    QTest.keyClicks(part(seen.sheet, QLineEdit, "option-size"), "20G")
    qtbot.waitUntil(part(seen.sheet, QPushButton, "previewRun").isEnabled)


def test_typing_goes_on_where_what_is_typed_cannot_be_done_yet(seen: Seen, qtbot: QtBot) -> None:
    """A mirror is asked how it ends; while its target is not a path yet, it has no end, and still the form stays."""
    seen.show(Mirror("vda"))
    seen.sheet.edited.connect(seen.show)
    part(seen.sheet, QPushButton, "previewOptions").click()
    field = part(seen.sheet, QLineEdit, "option-target")
    field.setFocus()
    QTest.keyClicks(field, "new")
    qtbot.waitUntil(lambda: "Not possible as things are" in words(seen.sheet))
    assert part(seen.sheet, QLineEdit, "option-target") is field
    assert seen.sheet.focusWidget() is field


def test_the_keys_and_the_place_in_the_text_outlive_another_form(seen: Seen) -> None:
    seen.show(Mirror("vda", "new"))
    field = part(seen.sheet, QLineEdit, "option-target")
    field.setFocus()
    field.setCursorPosition(2)
    seen.show(Mirror("vda", "/images/new.qcow2"))
    other = part(seen.sheet, QLineEdit, "option-target")
    assert other is not field
    assert (seen.sheet.focusWidget(), other.cursorPosition()) == (other, 2)


def test_who_types_keeps_the_keys_where_the_machine_changes(seen: Seen) -> None:
    preview = seen.show(Create("/images/a.qcow2"))
    field = part(seen.sheet, QLineEdit, "option-file")
    field.setFocus()
    seen.sheet.show_preview(preview, None, "The machine has changed.")
    assert seen.sheet.focusWidget() is field


def test_a_sheet_that_was_put_away_stays_so(seen: Seen, qtbot: QtBot) -> None:
    seen.show(Create())
    QTest.keyClicks(part(seen.sheet, QLineEdit, "option-file"), "/images/a.qcow2")
    seen.sheet.leave()
    seen.sheet.hide()
    qtbot.wait(500)
    assert not seen.edited
