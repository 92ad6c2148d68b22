"""The overview of keys and gestures (F1)."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from diskchain.widgets.actions import ACTIONS, CANVAS_KEYS
from diskchain.widgets.style import button, label


class KeysDialog(QDialog):
    """Not modal: it can stay open beside the window."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("keysDialog")
        self.setWindowTitle("Keys")
        self.setModal(False)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        column = QVBoxLayout(self)
        beside = QHBoxLayout()
        beside.setSpacing(36)
        column.setContentsMargins(22, 18, 22, 16)
        column.setSpacing(12)
        for title, rows in (
            ("In the window", [(_keys(said.keys), said.text.removesuffix("…")) for said in ACTIONS.values()]),
            ("On the picture", list(CANVAS_KEYS)),
        ):
            part = QVBoxLayout()
            part.setSpacing(10)
            part.addWidget(label(title, "section"))
            grid = QGridLayout()
            grid.setHorizontalSpacing(24)
            grid.setVerticalSpacing(7)
            for number, (keys, words) in enumerate(rows):
                grid.addWidget(label(keys, "strong"), number, 0)
                grid.addWidget(label(words, tone="quiet"), number, 1)
            grid.setColumnStretch(1, 1)
            part.addLayout(grid)
            part.addStretch(1)
            beside.addLayout(part)
        column.addLayout(beside)
        close = button("Close", "keysClose", "large")
        close.clicked.connect(self.close)
        column.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)


def _keys(keys: tuple[str, ...]) -> str:
    return " or ".join(QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText) for key in keys)
