"""The plot itself, on pyqtgraph. Imported late, by `throughput` alone: pyqtgraph and numpy are half of a start-up.

Measured (`facts/gui.md` §6): pens wider than 1 cost five times as much, antialiasing twice, OpenGL without a card ten times.
Only where a display has several pixels for each of ours are pens as wide as that: a line of one could hardly be seen there.
Bare `PlotCurveItem`s are used, not `PlotWidget.plot`: nothing of its clipping and downsampling is wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from diskchain.model.measured import Series
from diskchain.picture.palette import Palette
from diskchain.widgets.panels.axes import MIB, ceiling, rate_ticks, time_steps, time_ticks
from diskchain.widgets.panels.curve_colours import Curve
from diskchain.widgets.panels.marks import ROWS, Shown

_APART = 10.0
"""Pixels between two labels of the time axis."""


class _Marks(QWidget):
    """The dashed lines of events, painted over the curves."""

    def __init__(self, parent: QWidget, area: Callable[[], QRectF]) -> None:
        super().__init__(parent)
        self._area = area
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.marks: Sequence[Shown] = ()
        self.window_seconds = 60.0
        self.colour, self.ground = QColor(), QColor()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint each line and, where there is room, its words above the curves."""
        painter, area = QPainter(self), self._area()
        pen = QPen(self.colour, 1)
        pen.setDashPattern([3, 3])
        painter.setPen(pen)
        for mark in self.marks:
            at = area.right() + mark.at / self.window_seconds * area.width()
            top = self._top(area, mark.row) if mark.text else area.top()
            painter.drawLine(QPointF(at, top), QPointF(at, area.bottom()))
        for mark in self.marks:
            if mark.text:
                self._write(painter, area, mark)
        painter.end()
        event.accept()

    def _write(self, painter: QPainter, area: QRectF, mark: Shown) -> None:
        """Write a mark's words on a ground of their own, so that no line of another mark runs through them."""
        at = area.right() + mark.at / self.window_seconds * area.width()
        width, height = self.fontMetrics().horizontalAdvance(mark.text), self.fontMetrics().height()
        left = at - 5 - width if mark.left else at + 5
        place = QRectF(left, self._top(area, mark.row), width + 1, height)
        painter.fillRect(place.adjusted(-2, 0, 2, 0), self.ground)
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, mark.text)

    def _top(self, area: QRectF, row: int) -> float:
        return area.top() - self.room + row * (self.room - 2) / ROWS

    @property
    def room(self) -> float:
        """Pixels that the words need above the curves."""
        return ROWS * self.fontMetrics().height() + 2.0


class PlotCanvas(QWidget):
    """Curves over the last seconds, and dashed lines for events. Redraws only when told to."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plot = pg.PlotWidget(background=None)
        self._plot.setObjectName("plot")
        self._item = self._plot.getPlotItem()
        self._item.setMenuEnabled(False)
        self._item.hideButtons()
        self._item.setMouseEnabled(False, False)
        self._item.disableAutoRange()
        self._plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._grid = pg.PlotCurveItem(antialias=False, skipFiniteCheck=True, connect="pairs")
        self._grid.setZValue(-1)
        self._item.addItem(self._grid, ignoreBounds=True)
        self._curves: dict[str, pg.PlotCurveItem] = {}
        self._looks: dict[str, Curve] = {}
        self._end, self._window, self._steps, self._thick = 0.0, 0.0, 0, 1
        self._marks = _Marks(self._plot, lambda: self.area)
        # At the right there is room for the half of a label that stands out, above for the words of the marks.
        self._item.layout.setContentsMargins(0, self._marks.room + 2, 26, 0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._plot)

    def set_theme(self, colours: Palette) -> None:
        """Take the colours of the scheme."""
        self._plot.setBackground(colours.raised)
        for side in ("left", "bottom"):
            axis = self._item.getAxis(side)
            axis.setTextPen(colours.quiet)
            axis.setPen(colours.line)
            axis.setTickPen(colours.line)
            axis.setStyle(tickLength=0, tickTextOffset=6, tickFont=self.font(), hideOverlappingLabels=False)
        self._grid.setPen(pg.mkPen(colours.line, width=1))
        self._marks.colour, self._marks.ground = QColor(colours.quiet), QColor(colours.raised)
        self._marks.ground.setAlpha(200)
        self._looks.clear()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The marks lie over all of the plot."""
        super().resizeEvent(event)
        self._marks.resize(self.size())

    def draw(self, lines: Sequence[tuple[Series, Curve]], marks: Sequence[Shown], now: float, window: float) -> float:
        """Draw these curves; gives the highest value in MiB per second.

        :param now: the right edge, on the clock of the series. `window`: seconds that are shown.
        """
        if (thick := max(int(self.devicePixelRatioF()), 1)) != self._thick:
            self._thick = thick
            self._looks.clear()
        highest = 0.0
        for series, look in lines:
            highest = max(highest, self._draw_curve(series, look, now, window))
        for key in self._curves.keys() - {series.key for series, _ in lines}:
            self._item.removeItem(self._curves.pop(key))
            self._looks.pop(key, None)
        self._show_grid(window, ceiling(highest, self._end))
        self._marks.marks = marks
        self._marks.window_seconds = window
        self._marks.update()
        return highest

    def _draw_curve(self, series: Series, look: Curve, now: float, window: float) -> float:
        """Exchange the data of one curve; gives its highest value in MiB per second."""
        key = series.key
        curve = self._curves.get(key)
        if curve is None:
            curve = self._curves[key] = pg.PlotCurveItem(antialias=False, skipFiniteCheck=True)
            self._item.addItem(curve, ignoreBounds=True)
        if self._looks.get(key) != look:
            self._looks[key] = look
            style = Qt.PenStyle.DashLine if look.dashed else Qt.PenStyle.SolidLine
            curve.setPen(pg.mkPen(look.colour, width=self._thick, style=style))
        times, values = np.frombuffer(series.times), np.frombuffer(series.values)
        first = max(int(np.searchsorted(times, now - window)) - 1, 0)
        shown = values[first:] / MIB
        curve.setData(times[first:] - now, shown)
        return float(shown.max()) if shown.size else 0.0

    def _show_grid(self, window: float, end: float) -> None:
        steps = time_steps(self.area.width(), self.words_width("-12 min") + _APART)
        if (window, end, steps) == (self._window, self._end, self._steps):
            return
        values = np.repeat([value for value, _ in rate_ticks(end)], 2)
        self._grid.setData(np.tile([-window, 0.0], len(values) // 2), values)
        if (window, steps) != (self._window, self._steps):
            self._window, self._steps = window, steps
            self._item.getAxis("bottom").setTicks([time_ticks(window, steps)])
            self._item.getViewBox().setXRange(-window, 0.0, padding=0)

        if end != self._end:
            self._end = end
            self._item.getAxis("left").setTicks([rate_ticks(end)])
            self._item.getViewBox().setYRange(0.0, end, padding=0)

    def words_width(self, words: str) -> float:
        """Pixels that the words of a mark take."""
        return float(self._marks.fontMetrics().horizontalAdvance(words))

    @property
    def area(self) -> QRectF:
        """Where the curves are, in this widget's pixels."""
        return QRectF(self._plot.mapFromScene(self._item.getViewBox().sceneBoundingRect()).boundingRect())
