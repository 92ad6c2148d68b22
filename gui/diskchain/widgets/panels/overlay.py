"""What is painted over the curves: the dashed lines of events with their words, and the tops that the axis cuts off."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QToolTip, QWidget

from diskchain.model.words import age, rate
from diskchain.widgets.panels.axes import MIB
from diskchain.widgets.panels.marks import ROWS, Shown
from diskchain.widgets.panels.peaks import Cut

_NEAR = 6
"""Pixels around a line in which its tool tip comes."""
_WEDGE = 4.0
"""Half the width of the sign that points out of the plot, in pixels."""


class Overlay(QWidget):
    """Lies over the plot, and tells in a tool tip what there is no room to write.

    :param area: where the curves are.
    """

    def __init__(self, parent: QWidget, area: Callable[[], QRectF]) -> None:
        super().__init__(parent)
        self._area = area
        self.marks: Sequence[Shown] = ()
        self.cuts: Sequence[Cut] = ()
        self.window_seconds = 60.0
        self.colour, self.ground = QColor(), QColor()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint each line and, where there is room, its words above the curves."""
        painter, area = QPainter(self), self._area()
        pen = QPen(self.colour, 1)
        pen.setDashPattern([3, 3])
        painter.setPen(pen)
        for mark in self.marks:
            at = self._x(area, mark.at)
            top = self._top(area, mark.row) if mark.text else area.top()
            painter.drawLine(QPointF(at, top), QPointF(at, area.bottom()))
        painter.setPen(self.colour)
        for mark in self.marks:
            if mark.text:
                self._write(painter, self._x(area, mark.at), self._top(area, mark.row), mark.text, mark.left)
        for row, cut in enumerate(self.cuts):
            self._point(painter, area, cut, row)
        painter.end()
        event.accept()

    def _write(self, painter: QPainter, at: float, top: float, text: str, left: bool) -> None:
        """Write words beside a line, on a ground of their own."""
        width, height = self.fontMetrics().horizontalAdvance(text), self.fontMetrics().height()
        place = QRectF(at - 5 - width if left else at + 5, top, width + 1, height)
        painter.fillRect(place.adjusted(-2, 0, 2, 0), self.ground)
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, text)

    def _point(self, painter: QPainter, area: QRectF, cut: Cut, row: int) -> None:
        """A sign that points out of the plot where a curve leaves it, and how high it goes there."""
        at, top, text = max(self._x(area, cut.at), area.left() + _WEDGE), area.top() + 1, _words(cut)
        below = top + 2 * _WEDGE
        wedge = QPolygonF([QPointF(at, top), QPointF(at + _WEDGE, below), QPointF(at - _WEDGE, below)])
        painter.save()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(cut.colour))
        painter.drawPolygon(wedge)
        painter.restore()
        left = at + 5 + self.fontMetrics().horizontalAdvance(text) > area.right()
        self._write(painter, at, top + row * self.fontMetrics().height(), text, left)

    def _x(self, area: QRectF, at: float) -> float:
        return area.right() + at / self.window_seconds * area.width()

    def _top(self, area: QRectF, row: int) -> float:
        return area.top() - self.room + row * (self.room - 2) / ROWS

    @property
    def room(self) -> float:
        """Pixels that the words need above the curves."""
        return ROWS * self.fontMetrics().height() + 2.0

    def told_at(self, x: float) -> str:
        """What happened near a place, a line for each, with its age: also what there was no room to write."""
        area = self._area()
        near = [mark for mark in self.marks if abs(self._x(area, mark.at) - x) <= _NEAR]
        tops = [cut for cut in self.cuts if abs(self._x(area, cut.at) - x) <= _NEAR]
        told = [f"{cut.label}: {_words(cut)}, {age(-cut.at)}" for cut in tops]
        return "\n".join([*told, *(f"{mark.words}, {age(-mark.at)}" for mark in reversed(near))])

    def event(self, event: QEvent) -> bool:
        """Tell in a tool tip what is near the mouse."""
        if event.type() is QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.told_at(event.pos().x()), self)
            return True
        return super().event(event)


def _words(cut: Cut) -> str:
    return f"{rate(cut.value * MIB)}, cut off"
