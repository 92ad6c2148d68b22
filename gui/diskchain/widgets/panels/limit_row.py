"""Choose a job's speed limit without a dialog: presets, and any other number."""

from __future__ import annotations

import re

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QGridLayout, QLineEdit, QVBoxLayout, QWidget

from diskchain.model.words import rate
from diskchain.widgets.style import button, label, takes_escape

MIB = 1 << 20
PRESETS = (1, 10, 50, 100, 500)
"""MiB per second."""

_ACROSS = 3
"""Presets side by side: all six are wider than the card of a job."""

_SPEED = re.compile(r"(\d+(?:\.\d+)?)\s*(k|m|g|t)?i?b?(?:/s)?", re.IGNORECASE)
_FACTORS = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_LARGEST = 2**63 - 1


def speed_of(text: str) -> int | None:
    """Bytes per second for `50`, `50 MiB/s`, `1.5g`; a bare number is MiB per second. None: it is no speed."""
    found = _SPEED.fullmatch(text.strip())
    if found is None:
        return None
    speed = int(float(found[1]) * _FACTORS[(found[2] or "m").lower()])
    return speed if 0 < speed <= _LARGEST else None


class LimitRow(QWidget):
    """Presets and a field; emits `chosen` with bytes per second (0 = no limit), or `closed`."""

    chosen = Signal(object)  # an int: Qt's own is too short for bytes per second
    closed = Signal()

    def __init__(self, job: str) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(6)
        presets = QGridLayout()
        presets.setSpacing(6)
        self._buttons = {}
        for number, speed in enumerate((0, *(number * MIB for number in PRESETS))):
            text = rate(speed) if speed else "No limit"
            made = button(
                text.removesuffix("/s"), f"limit-{speed}", "choice", f"Limit {job} to {text}" if speed else text
            )
            made.setToolTip(text)
            made.clicked.connect(lambda _=False, chosen=speed: self.chosen.emit(chosen))
            self._buttons[speed] = made
            presets.addWidget(made, *divmod(number, _ACROSS))
        self.field = QLineEdit()
        self.field.setObjectName("limit-field")
        self.field.setAccessibleName(f"Limit {job} to MiB per second")
        self.field.setPlaceholderText("other, MiB/s")
        self.field.setMaximumWidth(130)
        self.field.returnPressed.connect(self._take)
        self._wrong = label("", tone="red")
        self._wrong.setWordWrap(True)
        self._wrong.hide()
        take, close = button("Set limit", "limit-set", "link"), button("Close", "limit-close", "link")
        take.clicked.connect(self._take)
        close.clicked.connect(self.closed)
        line = QGridLayout()
        line.setHorizontalSpacing(6)
        for at, widget in enumerate((self.field, take, close)):
            line.addWidget(widget, 0, at)
        line.setColumnStretch(3, 1)
        column.addLayout(presets)
        column.addLayout(line)
        column.addWidget(self._wrong)

    def show_limit(self, speed: int) -> None:
        """Mark the preset that holds now."""
        for value, made in self._buttons.items():
            made.setCheckable(True)
            made.setChecked(value == speed)

    def event(self, event: QEvent) -> bool:
        """Keep Esc for this row while the keys are in it: it is a key of the window too."""
        return takes_escape(event) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc closes it."""
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)

    def _take(self) -> None:
        speed = speed_of(self.field.text())
        self._wrong.setText("" if speed is not None else "Say a number, like 50 or 1.5 GiB/s.")
        self._wrong.setVisible(speed is None)
        if speed is not None:
            self.chosen.emit(speed)
