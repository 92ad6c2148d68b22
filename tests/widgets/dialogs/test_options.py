"""The form for an operation's options."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication, QPushButton, QScrollArea, QWidget

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
from tests.support.qt_parts import part
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
