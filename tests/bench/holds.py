"""How long a look at the machine keeps the window's thread from anything else, in the application as it is.

The application runs in this process; a timer of one millisecond beats in its loop. What the thread worked between two
beats (processor time, so that others on this computer do not count) is a hold.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from tests.bench.display import Display
from tests.bench.figure import MILLI, Figure, median, percentile, rounds, tell
from tests.bench.latency import Change
from tests.bench.machines import Crowd

_START = 4.0
_APART = 3.0


class Pulse:
    """Beats in the window's loop. `holds`: the longest hold, in seconds, since `fresh` was last called."""

    def __init__(self) -> None:
        # A late import: the display must be there before Qt is loaded.
        from PySide6.QtCore import Qt, QTimer

        self.longest = 0.0
        self._before = time.thread_time()
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(1)
        self._timer.timeout.connect(self._beat)
        self._timer.start()

    def _beat(self) -> None:
        now = time.thread_time()
        self.longest = max(self.longest, now - self._before)
        self._before = now

    def taken(self) -> float:
        """The longest hold since this was asked last."""
        longest, self.longest = self.longest, 0.0
        return longest


def _holds(target: Path, change: Change, count: int) -> list[float]:
    """The longest hold around each of so many changes."""
    from PySide6.QtWidgets import QApplication

    from diskchain.app.front import run

    application = QApplication.instance() or QApplication(sys.argv[:1])
    pulse, told = Pulse(), list[float]()

    def meddle() -> None:
        with suppress(OSError):
            time.sleep(_START)
            for _ in range(count):
                pulse.taken()
                change.mark()
                change.move()
                time.sleep(_APART)
                told.append(pulse.taken())
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=meddle, daemon=True).start()
    run([str(target)], False, None)
    del application
    return told


def bench() -> Iterator[Figure]:
    """A look after an event that finds a changed image and a moved tray."""
    nodes = int(sys.argv[1]) if sys.argv[1:] else 1000
    with Display() as screen, Crowd(nodes) as machine:
        os.environ |= screen.environment()
        told = [MILLI * seconds for seconds in _holds(machine.target, Change(machine), rounds(6))]
        yield Figure(f"longest hold of the window's thread in a refresh, {nodes} nodes", median(told), "ms", "<= 16")
        yield Figure(f"the same, worst of {len(told)}", percentile(told, 1.0), "ms")


if __name__ == "__main__":
    tell(bench())
