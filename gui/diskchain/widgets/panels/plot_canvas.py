"""The plot itself, on pyqtgraph. Imported late, by `throughput` alone: pyqtgraph and numpy are half of a start-up.

Measured (`facts/gui.md` §6): pens wider than 1 cost five times as much, antialiasing twice, OpenGL without a card ten times.
Only where a display has several pixels for each of ours are pens as wide as that: a line of one could hardly be seen there.
Bare `PlotCurveItem`s are used, not `PlotWidget.plot`: nothing of its clipping and downsampling is wanted.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from diskchain.model.measured import Series
from diskchain.picture.palette import Palette
from diskchain.widgets.panels.axes import MIB, ceiling, rate_ticks, time_steps, time_ticks
from diskchain.widgets.panels.curve_colours import Curve
from diskchain.widgets.panels.marks import Shown
from diskchain.widgets.panels.overlay import Overlay
from diskchain.widgets.panels.peaks import Cut, lasting, reach

_APART = 10.0
"""Pixels between two labels of the time axis."""


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
        self._marks = Overlay(self._plot, lambda: self.area)
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
        highest = calm = 0.0
        tops: list[Cut] = []
        for series, look in lines:
            top, without = self._draw_curve(series, look, now, window)
            highest, calm = max(highest, top.value), max(calm, without)
            tops.append(top)
        for key in self._curves.keys() - {series.key for series, _ in lines}:
            self._item.removeItem(self._curves.pop(key))
            self._looks.pop(key, None)
        self._show_grid(window, ceiling(reach(highest, calm), self._end))
        self._marks.marks, self._marks.cuts = marks, [top for top in tops if top.value > self._end]
        self._marks.window_seconds = window
        self._marks.update()
        return highest

    def _draw_curve(self, series: Series, look: Curve, now: float, window: float) -> tuple[Cut, float]:
        """Exchange the data of one curve; gives its top, and its highest value without bursts in MiB per second."""
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
        ages, shown = times[first:] - now, values[first:] / MIB
        curve.setData(ages, shown)
        if not shown.size:
            return Cut(0.0, 0.0, look.colour), 0.0
        top = int(shown.argmax())
        return Cut(float(ages[top]), float(shown[top]), look.colour, series.label), lasting(ages, shown)

    @property
    def cuts(self) -> Sequence[Cut]:
        """The tops that are cut off."""
        return self._marks.cuts

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
