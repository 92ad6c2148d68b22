"""Frames of the canvas while it is panned and zoomed, with the cards as they are: raster, 1280 × 800, on Xvfb.

A frame is everything from the gesture to the painted window, in processor time of the window's thread: it waits for
nothing, and what others do on this computer does not count (the same by the clock stands beside it). Panning goes across
the whole picture, so that cards come into sight for the first time; zooming goes in steps as a wheel does, and the sharp
repainting after it counts too.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from tests.bench.display import Display
from tests.bench.figure import MILLI, Figure, median, percentile, rounds, tell

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from diskchain.widgets.canvas.view import CanvasView

SIZES = {1000: (10, 16), 5000: (16, 33)}
"""Nodes -> milliseconds that the median frame, and all but one of a hundred, may take."""
_CLOCK = "the same by the clock, with whatever else runs here"
_STEP = 40
_SETTLE = 0.3
_NOTHING = 0.5
"""Milliseconds: a turn of the loop that takes less has painted nothing."""


class Frame(NamedTuple):
    """Milliseconds of one frame: of the processor, and by the clock."""

    used: float
    clock: float


class Bench:
    """A canvas with a machine of so many nodes: every disk a row of cards, or (`full`) every node a card.

    The first has half as many cards as nodes, since files are folded into their images.
    """

    def __init__(self, nodes: int, full: bool) -> None:
        # Late imports: the display must be there before Qt is loaded.
        from PySide6.QtCore import QPoint
        from PySide6.QtWidgets import QApplication

        from diskchain.model.diff import diff
        from diskchain.model.state import State
        from diskchain.widgets.canvas.view import CanvasView
        from tests.support.graphs import crowd

        known = QApplication.instance()
        self.application: QApplication = known if isinstance(known, QApplication) else QApplication(sys.argv[:1])
        self.view: CanvasView = CanvasView()
        self.view.resize(1280, 800)
        self.view.planner.wish = replace(self.view.planner.wish, whole=True)
        self.view.planner.full = full
        self.view.show()
        state = crowd(nodes // 10, 5)
        self.view.show_state(state, diff(State(), state), None, None)
        self._point = QPoint
        self.rest()

    def rest(self) -> None:
        """Let everything settle that is under way."""
        end = time.monotonic() + _SETTLE
        while time.monotonic() < end:
            self.application.processEvents()
            time.sleep(0.005)

    def frame(self, gesture: Callable[[], object]) -> Frame:
        """A gesture, until the window is painted."""
        begin, used = time.perf_counter(), time.thread_time()
        gesture()
        self.application.processEvents()
        return Frame(MILLI * (time.thread_time() - used), MILLI * (time.perf_counter() - begin))

    def pan(self, scale: float, count: int) -> list[Frame]:
        """Pan down and across at a zoom."""
        self.view.zoom_by(scale / self.view.camera.scale)
        self.view.verticalScrollBar().setValue(0)
        self.rest()
        down = [self.frame(lambda: self.view.camera.pan(self._point(-3, -_STEP))) for _ in range(count)]
        return down + [self.frame(lambda: self.view.camera.pan(self._point(3, _STEP))) for _ in range(count // 3)]

    def zoom(self, scale: float, count: int) -> list[Frame]:
        """Turn the wheel out and in around a zoom; 0: where everything is in sight."""
        if scale:
            self.view.zoom_by(scale / self.view.camera.scale)
        else:
            self.view.fit()
        self.rest()
        told: list[Frame] = []
        for number in range(count):
            factor = 1 / 1.06 if number % 12 < 6 else 1.06
            told.append(self.frame(partial(self.view.zoom_by, factor)))
            if number % 6 == 5:
                told += self._settling()
        return told

    def _settling(self) -> list[Frame]:
        """The frames until a zoom is sharp."""
        end, told = time.monotonic() + _SETTLE, list[Frame]()
        while time.monotonic() < end:
            told.append(self.frame(lambda: None))
            time.sleep(0.002)
        return [frame for frame in told if frame.used > _NOTHING]


def bench() -> Iterator[Figure]:
    """One size, and `full` for Full graph, named on the command line."""
    nodes, full = int(sys.argv[1]) if sys.argv[1:] else 1000, sys.argv[2:] == ["full"]
    middle, most = SIZES[nodes]
    with Display(1280, 800) as screen:
        os.environ |= screen.environment()
        made = Bench(nodes, full)
        for name, told in (
            ("pan at 1×", made.pan(1.0, 2 * rounds(60))),
            ("pan at 0.5×", made.pan(0.5, 2 * rounds(60))),
            ("zoom around 1×", made.zoom(1.0, 2 * rounds(60))),
            ("zoom around 0.5×", made.zoom(0.5, 2 * rounds(60))),
            ("zoom with all in sight", made.zoom(0, 2 * rounds(60))),
        ):
            what = f"{name}, {nodes} nodes" + (", Full graph" if full else "")
            used, clock = zip(*told, strict=True)
            yield Figure(f"{what}, median frame", median(used), "ms", f"<= {middle}", median(clock), _CLOCK)
            late = percentile(clock, 0.99)
            yield Figure(f"{what}, 99th percentile", percentile(used, 0.99), "ms", f"<= {most}", late, _CLOCK)
        made.view.close()


if __name__ == "__main__":
    tell(bench())
