"""A check box beside words that may take several lines: Qt's own cannot break its words."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QWidget

from diskchain.widgets.wrapped import Wrapped


def boxed(box: QCheckBox, sentence: str) -> QWidget:
    """A box without words of its own, and a sentence; a click on the sentence ticks it too."""
    words = _Sentence(sentence, box)
    row = QWidget()
    inner = QHBoxLayout(row)
    inner.setContentsMargins(0, 0, 0, 0)
    inner.addWidget(box, 0, Qt.AlignmentFlag.AlignTop)
    inner.addWidget(words, 1)
    return row


class _Sentence(Wrapped):
    """The words beside a check box."""

    def __init__(self, sentence: str, box: QCheckBox) -> None:
        super().__init__(sentence)
        self._box = box

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take it, so that its release comes here too."""
        event.accept()

    def mouseReleaseEvent(self, _: QMouseEvent) -> None:
        """Tick."""
        self._box.toggle()
