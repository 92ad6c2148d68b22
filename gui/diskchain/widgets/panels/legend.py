"""The legend above the plot: a swatch and a name for each curve, as many as there is room for."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from diskchain.picture.palette import DARK, Palette
from diskchain.widgets.panels.curve_colours import Curve

_GAP, _SWATCH = 18, 14


@dataclass(frozen=True, slots=True)
class Entry:
    """One curve's name and look."""

    label: str
    curve: Curve


class Legend(QWidget):
    """Painted from right to left; what does not fit is counted, and told in full in the tool tip."""

    def __init__(self) -> None:
        super().__init__()
        self._entries: tuple[Entry, ...] = ()
        self._colours = DARK
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """One line of text, as wide as there is room."""
        return QSize(200, self.fontMetrics().height() + 4)

    def set_theme(self, colours: Palette) -> None:
        """Paint in these colours from now on."""
        self._colours = colours
        self.update()

    def show_entries(self, entries: tuple[Entry, ...]) -> None:
        """Show these curves, in this order."""
        if entries != self._entries:
            self._entries = entries
            self.setToolTip("\n".join(entry.label for entry in entries))
            self.setAccessibleName("Curves: " + ", ".join(entry.label for entry in entries))
            self.update()

    @property
    def shown(self) -> tuple[Entry, ...]:
        """The entries that fit, with room for the count of the others; the first in any case, its label shortened."""
        metrics = self.fontMetrics()
        widths = [metrics.horizontalAdvance(entry.label) + _SWATCH + 6 + _GAP for entry in self._entries]
        if sum(widths) <= self.width():
            return self._entries
        rest = metrics.horizontalAdvance("+99 more") + _GAP if len(widths) > 1 else 0
        room, count = self.width() - rest, 0
        while count < len(widths) and sum(widths[: count + 1]) <= room:
            count += 1
        if count:
            return self._entries[:count]
        first = self._entries[0]
        label = metrics.elidedText(first.label, Qt.TextElideMode.ElideMiddle, room - _SWATCH - 6)
        return (replace(first, label=label),) if len(label) > 1 else ()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint swatches and names."""
        painter = QPainter(self)
        metrics, shown = self.fontMetrics(), self.shown
        rest = len(self._entries) - len(shown)
        right = float(self.width())
        if rest:
            text = f"+{rest} more"
            right = self._text(painter, right, text, self._colours.quiet) - _GAP
        for entry in reversed(shown):
            left = self._text(painter, right, entry.label, self._colours.text)
            pen = QPen(QColor(entry.curve.colour), 3)
            pen.setStyle(Qt.PenStyle.DotLine if entry.curve.dashed else Qt.PenStyle.SolidLine)
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
            painter.setPen(pen)
            middle = self.height() / 2
            painter.drawLine(QPointF(left - 6 - _SWATCH, middle), QPointF(left - 6, middle))
            right = left - 6 - _SWATCH - _GAP
        painter.end()
        self.setMinimumHeight(metrics.height() + 4)
        event.accept()

    def _text(self, painter: QPainter, right: float, text: str, colour: str) -> float:
        """Write a text that ends at `right`; gives where it begins."""
        width = self.fontMetrics().horizontalAdvance(text)
        painter.setPen(QColor(colour))
        area = QRectF(right - width, 0, width + 1, self.height())
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
        return right - width
