"""Rows of the machine list: something to choose, with a sign, a title, a second line and a remark."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from diskchain.widgets.panels.lines import Elided
from diskchain.widgets.style import label, monospace, restyle


class Sign(QWidget):
    """A dot for how a machine is: full, a ring, or crossed out; the word for it stands beside it in the row."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._colour, self._shape = QColor("grey"), "full"
        self.setFixedSize(QSize(12, 12))

    def show_sign(self, colour: str, shape: str) -> None:
        """`colour`: `#rrggbb`. `shape`: `full`, `ring` (not open, or waiting) or `cross` (lost)."""
        if (self._colour.name(), self._shape) != (colour, shape):
            self._colour, self._shape = QColor(colour), shape
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._colour, 2))
        if self._shape == "full":
            painter.setBrush(self._colour)
        if self._shape == "cross":
            painter.drawLine(QPointF(2, 2), QPointF(10, 10))
            painter.drawLine(QPointF(2, 10), QPointF(10, 2))
        else:
            painter.drawEllipse(QPointF(6, 6), 4, 4)


class Row(QFrame):
    """One row. Chosen by a click, Enter or Space."""

    def __init__(self, name: str, chosen: Callable[[], object], indent: int = 0) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setProperty("kind", "row")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._choose = chosen
        self.sign = Sign(self)
        self.sign.setVisible(not indent)
        loses = Qt.TextElideMode.ElideRight if indent else Qt.TextElideMode.ElideMiddle
        self._title, self._below = Elided(loses=loses), Elided()
        self._title.setProperty("kind", "" if indent else "strong")
        self._below.setFont(monospace(8))
        self._below.setProperty("tone", "quiet")
        self._remark = label("", tone="quiet")
        self.line = QHBoxLayout(self)
        self.line.setContentsMargins(9 + indent, 2 if indent else 5, 8, 2 if indent else 5)
        self.line.setSpacing(8)
        self.line.addWidget(self.sign, 0, Qt.AlignmentFlag.AlignTop)
        self.head = QHBoxLayout()
        self.head.setSpacing(6)
        self.head.addWidget(self._title, 1)
        self.head.addWidget(self._remark)
        column = QVBoxLayout()
        column.setSpacing(1)
        column.addLayout(self.head)
        column.addWidget(self._below)
        self.line.addLayout(column, 1)

    def show_row(
        self, title: str, below: str = "", remark: str = "", tone: str = "quiet", chosen: bool = False
    ) -> None:
        """Exchange the words. `remark` stands at the right, in a tone of the style sheet."""
        self._title.setText(title)
        self._below.setText(below)
        self._below.setVisible(bool(below))
        self._remark.setText(remark)
        self._remark.setVisible(bool(remark))
        if self._remark.property("tone") != tone:
            restyle(self._remark, tone=tone)
        if self.property("chosen") != chosen:
            restyle(self, chosen=chosen)
        words = ", ".join(word for word in (title, below, remark) if word)
        self.setAccessibleName(words)
        self.setToolTip("\n".join(word for word in (title, below, remark) if word))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take it, so that its release comes here too."""
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Choose by the left button."""
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self._choose()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Choose by Enter or Space; the arrows go from row to row."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space}:
            self._choose()
        elif event.key() == Qt.Key.Key_Down:
            self.focusNextChild()
        elif event.key() == Qt.Key.Key_Up:
            self.focusPreviousChild()
        else:
            super().keyPressEvent(event)
