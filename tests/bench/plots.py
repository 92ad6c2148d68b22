"""What plots and moving edges cost while eight jobs run: share of one core, painted on Xvfb, in this process."""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from diskchain.model.diff import diff
from diskchain.model.job import Job
from diskchain.model.state import State
from tests.bench.display import Display
from tests.bench.figure import Figure, median, rounds, tell
from tests.support.fake_session import FakeSession
from tests.support.graphs import GIB, chain, disk, image, state
from tests.support.tools import MIB

if TYPE_CHECKING:
    from diskchain.session.session import Session

JOBS = 8
_SECONDS = 2.5
_FED = 0.5
"""Seconds between two measurements, as the session takes them while a job runs."""
_HISTORY = 600.0


def busy() -> State:
    """Eight disks, each being mirrored to an image beside it."""
    parts, jobs = [], []
    for number in range(JOBS):
        parts += [chain([(f"d{number}-{level}", 2.0) for level in range(3)]), image(f"copy{number}", 1.0, ro=False)]
        nodes = (("source", f"d{number}-2"), ("target", f"copy{number}"))
        jobs.append(Job(f"job{number}", "mirror", "running", GIB, 20 * GIB, nodes=nodes))
    return state(parts, [disk(f"vd{number}", f"d{number}-2") for number in range(JOBS)], jobs)


class Bench:
    """Runs Qt's own loop for a while and counts."""

    def __init__(self) -> None:
        # A late import: the display must be there before Qt is loaded.
        from PySide6.QtWidgets import QApplication

        known = QApplication.instance()
        self.application: QApplication = known if isinstance(known, QApplication) else QApplication(sys.argv[:1])

    def run(self, seconds: float, feed: Callable[[], object] | None = None) -> float:
        """Let things go on, and call `feed` twice a second; percent of one core that it takes."""
        # A late import, as above.
        from PySide6.QtCore import QEventLoop, QTimer

        loop, timer = QEventLoop(), QTimer()
        if feed is not None:
            timer.timeout.connect(feed)
            timer.start(round(1000 * _FED))
        QTimer.singleShot(round(1000 * seconds), loop.quit)
        begin, used = time.monotonic(), time.process_time()
        loop.exec()
        timer.stop()
        return 100 * (time.process_time() - used) / (time.monotonic() - begin)


def plots(made: Bench, window: float) -> Iterator[Figure]:
    """The plot with ten minutes behind it, shown and hidden."""
    # A late import, as above.
    from diskchain.widgets.panels.throughput import ThroughputPlot

    class Counted(ThroughputPlot):
        drawn = 0

        def redraw(self) -> None:
            self.drawn += 1
            super().redraw()

    session = FakeSession(busy(), at=time.monotonic() - _HISTORY)
    session.be(*session.state.jobs)

    def measure(seconds: float | None = None) -> None:
        offsets = {job.id: random.uniform(1, 8) * MIB for job in session.state.jobs}
        session.sample(time.monotonic() - session.now if seconds is None else seconds, offsets)

    for _ in range(int(_HISTORY / _FED)):
        measure(_FED)
    plot = Counted()
    plot.resize(720, 230)
    plot.set_session(cast("Session", session))
    plot.show()
    made.run(1.0)
    plot.show_window(window)
    made.run(0.5)
    plot.drawn, shown, begin = 0, list[float](), time.monotonic()
    for _ in range(rounds(4)):
        shown.append(made.run(_SECONDS, measure))
    often = plot.drawn / (time.monotonic() - begin)
    plot.hide()
    plot.drawn = 0
    hidden = [made.run(_SECONDS, measure) for _ in range(3)]
    words = f"plot of {JOBS} jobs, {window / 60:.0f} min"
    yield Figure(f"{words}, shown", median(shown), "% of one core", "<= 10", median(hidden), "the same, hidden")
    yield Figure(f"{words}, redrawn", often, "times a second", "<= 4")
    yield Figure(f"{words}, redrawn while hidden", plot.drawn, "times", "<= 0")
    plot.close()


def edges(made: Bench) -> Iterator[Figure]:
    """Eight flows in sight, moving and at rest."""
    # A late import, as above.
    from diskchain.widgets.canvas.view import CanvasView

    view = CanvasView()
    view.resize(840, 1400)
    view.planner.wish = replace(view.planner.wish, whole=True)
    view.show()
    told = busy()
    view.show_state(told, diff(State(), told), None, None)
    made.run(1.0)
    if len(tuple(view.canvas.moving_links())) != JOBS:
        raise AssertionError("not every job moves an edge")
    moving = [made.run(_SECONDS) for _ in range(rounds(4))]
    view.set_reduced_motion(True)
    made.run(0.5)
    still = [made.run(_SECONDS) for _ in range(3)]
    yield Figure(f"edges of {JOBS} jobs, moving", median(moving), "% of one core", "<= 5", median(still), "at rest")
    view.close()


def bench() -> Iterator[Figure]:
    """Both windows of the plot, then the edges."""
    with Display() as screen:
        os.environ |= screen.environment()
        made = Bench()
        for window in (60.0, 600.0):
            yield from plots(made, window)
        yield from edges(made)


if __name__ == "__main__":
    tell(bench())
