"""What moves, over time: each job's rate, what the guest reads and writes, and marks for events."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from diskchain.model.measured import Series
from diskchain.model.words import rate
from diskchain.picture.palette import DARK, Palette
from diskchain.session.session import Session
from diskchain.widgets.panels.axes import MIB
from diskchain.widgets.panels.curve_colours import Curve, guest_curve, job_curve
from diskchain.widgets.panels.legend import Entry, Legend
from diskchain.widgets.panels.marks import shown_marks
from diskchain.widgets.style import button, label

if TYPE_CHECKING:
    from diskchain.widgets.panels.plot_canvas import PlotCanvas

WINDOWS = {60.0: "1 min", 600.0: "10 min"}
"""Seconds that can be shown -> the button's words."""

_EVERY = {60.0: 250, 600.0: 1000}
"""Milliseconds between two redraws at least: a pixel of the long window stands for most of a second."""

_FLAT_EVERY = 5.0
"""Seconds between two redraws of a plot on which nothing moved: the line at the bottom only grows."""

_SPOKEN = 5.0
"""Seconds between two changes of what a screen reader is told."""


class ThroughputPlot(QFrame):
    """The plot of one machine. Draws nothing while hidden, and nothing while nothing was measured."""

    def __init__(self, parent: QWidget | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(parent)
        self.setObjectName("throughputPlot")
        self.setProperty("kind", "card")
        self.setAccessibleName("Throughput")
        self._clock, self._colours = clock, DARK
        self._session: Session | None = None
        self._cut: Callable[[], None] | None = None
        self._canvas: PlotCanvas | None = None
        self._looks: dict[str, Curve] = {}
        self._window, self._spoken_at = 60.0, float("-inf")
        self._stale = False
        self._rested, self._flat, self._drawn_at = True, False, 0.0
        self._legend = Legend()
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.timeout.connect(self._rest_over)
        self._build()

    def _build(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(8, 0, 6, 0)
        head.addWidget(label("MiB/s", tone="quiet"))
        head.addWidget(self._legend, 1)
        head.addSpacing(10)
        self._choice = QButtonGroup(self)
        for window, text in WINDOWS.items():
            made = button(text, f"plot-{text.replace(' ', '')}", "choice", f"Show the last {text}")
            made.setCheckable(True)
            made.setChecked(window == self._window)
            made.clicked.connect(lambda _=False, chosen=window: self.show_window(chosen))
            self._choice.addButton(made)
            head.addWidget(made)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(8, 8, 10, 6)
        self._column.setSpacing(4)
        self._column.addLayout(head)
        self._column.addStretch(1)

    def set_session(self, session: Session | None) -> None:
        """Plot this machine from now on; None: none."""
        if self._cut is not None:
            self._cut()
        self._session, self._cut = session, None
        self._looks.clear()
        self._spoken_at = float("-inf")
        if session is not None:
            self._cut = session.sampled.connect(lambda _: self._note())
        self._note()

    def set_theme(self, colours: Palette) -> None:
        """Take the colours of the scheme."""
        self._colours = colours
        self._looks.clear()
        self._legend.set_theme(colours)
        if self._canvas is not None:
            self._canvas.set_theme(colours)
        self._note()

    def show_window(self, window: float) -> None:
        """Show so many seconds: one of `WINDOWS`."""
        self._window = window
        if self._canvas is not None and self.isVisible():
            self.redraw()

    def _note(self) -> None:
        """There is something new: draw it, now or when the pause since the last drawing is over."""
        self._stale = True
        if self._rested and self.isVisible() and self._canvas is not None and self._differs():
            self.redraw()

    def _differs(self) -> bool:
        """Whether another picture is due: not while nothing moves, since the line at the bottom only grows then."""
        meter = self._session.meter if self._session is not None else None
        if not self._flat or meter is None or self._clock() - self._drawn_at >= _FLAT_EVERY:
            return True
        return bool(meter.marks) or any(len(each.values) and each.values[-1] for each in meter.series())

    def _rest_over(self) -> None:
        self._rested = True
        if self._stale and self.isVisible() and self._differs():
            self.redraw()

    def redraw(self) -> None:
        """Draw what is known now."""
        if self._canvas is None:
            return
        self._stale, self._rested = False, False
        self._rest.start(_EVERY[self._window])
        now = self._drawn_at = self._clock()
        lines = [(each, self._look(each)) for each in self._series(now)]
        self._legend.show_entries(tuple(Entry(each.label, look) for each, look in lines))
        meter = self._session.meter if self._session is not None else None
        marks = (
            shown_marks(
                meter.marks, now, self._window, meter.short_name, self._canvas.words_width, self._canvas.area.width()
            )
            if meter
            else []
        )
        self._flat = not self._canvas.draw(lines, marks, now, self._window) and not marks
        if now - self._spoken_at >= _SPOKEN:
            self._spoken_at = now
            self._speak([each for each, _ in lines])

    def _series(self, now: float) -> list[Series]:
        """The series that have anything inside the window."""
        if self._session is None:
            return []
        return [each for each in self._session.meter.series() if each.ended is None or each.ended > now - self._window]

    def _look(self, series: Series) -> Curve:
        """A job keeps its look for as long as it is shown."""
        dark = self._colours.dark
        if series.kind != "job":
            return guest_curve(series.kind, dark)
        if series.key not in self._looks:
            used = set(self._looks.values())
            free = (job_curve(number, dark) for number in range(8))
            self._looks[series.key] = next((each for each in free if each not in used), job_curve(len(used), dark))
        return self._looks[series.key]

    def _speak(self, shown: list[Series]) -> None:
        words = [f"{each.label} {rate(each.values[-1])}" for each in shown if each.ended is None and len(each.values)]
        cuts = self._canvas.cuts if self._canvas is not None else ()
        words += [f"{cut.label} reached {rate(cut.value * MIB)}, which is cut off" for cut in cuts]
        self.setAccessibleDescription(", ".join(words) or "Nothing moves.")

    def showEvent(self, event: QShowEvent) -> None:
        """The first time, the plot is made when this window has been painted."""
        super().showEvent(event)
        if self._canvas is None:
            QTimer.singleShot(0, self, self._make_canvas)
        else:
            self.redraw()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nothing is drawn while hidden."""
        super().hideEvent(event)
        self._rest.stop()
        self._rested = True

    def _make_canvas(self) -> None:
        """The one late import: pyqtgraph and numpy take a quarter of a second, which the first paint shall not wait for."""
        if self._canvas is not None:
            return
        made: PlotCanvas = importlib.import_module("diskchain.widgets.panels.plot_canvas").PlotCanvas(self)
        made.set_theme(self._colours)
        self._canvas = made
        self._column.takeAt(self._column.count() - 1)
        self._column.addWidget(made, 1)
        QTimer.singleShot(0, self, self.redraw)
