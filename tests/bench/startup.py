"""From the start of the process to the first painted window, and to the first painted graph of a live machine.

Both are read from the memory of the display. The peer is the smallest program that opens a window with the same library.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator

import numpy as np

from tests.bench.application import Application
from tests.bench.display import Display, Frame
from tests.bench.figure import MILLI, Figure, median, rounds, tell
from tests.bench.machines import Crowd

NODES = 20
_BARE = """
import sys
from PySide6.QtWidgets import QApplication, QMainWindow
application = QApplication(sys.argv)
window = QMainWindow()
window.resize(1440, 900)
window.show()
application.exec()
"""
_AREA = (slice(60, 560, 2), slice(250, 1090, 2))
"""Where the canvas is, in pixels."""
_FEWEST = 50
_FINAL = 4.0
_GRID = (slice(None, None, 45), slice(None, None, 48))


def _painted(screen: Display, before: Frame) -> Callable[[], bool]:
    """Whether most of the screen differs from what it was."""
    empty = before[_GRID]
    return lambda: bool((screen.pixels[_GRID] != empty).mean() > 0.5)


def _tones(screen: Display, target: str) -> tuple[Frame, int]:
    """Colours that the canvas has only with the graph, and on how many of the places that are looked at they stand in the end."""
    with Application(screen, target) as application:
        screen.wait(_painted(screen, np.zeros_like(screen.frame())), 20)
        time.sleep(0.05)
        early = np.unique(screen.frame())
        time.sleep(_FINAL)
        if application.process.poll() is not None:
            raise AssertionError("the application has ended")
        final = screen.frame()
    own = np.setdiff1d(final[_AREA], early)
    count = int(np.isin(final[_AREA], own).sum())
    if count < _FEWEST:
        raise AssertionError("no graph is seen")
    return own, count


def _start(screen: Display, target: str, tones: Frame, count: int) -> list[float]:
    """Seconds to the first window and to the graph."""
    blank = screen.frame()
    with Application(screen, target) as application:
        window = screen.wait(_painted(screen, blank), 20, 0.001)
        enough = count // 2
        graph = screen.wait(lambda: bool(np.isin(screen.pixels[_AREA], tones).sum() > enough), 20, 0.001)
        return [window - application.began, graph - application.began]


def _start_bare(screen: Display) -> float:
    blank = screen.frame()
    with Application(screen, command=(sys.executable, "-c", _BARE)) as application:
        return screen.wait(_painted(screen, blank), 20, 0.001) - application.began


def bench() -> Iterator[Figure]:
    """Warm: everything was read before."""
    with Display() as screen, Crowd(NODES) as machine:
        target = str(machine.target)
        tones, count = _tones(screen, target)
        told, bare = [], []
        for _ in range(rounds(9)):
            told.append(_start(screen, target, tones, count))
            time.sleep(0.2)
            bare.append(_start_bare(screen))
            time.sleep(0.2)
        window, graph = (MILLI * median(column) for column in zip(*told, strict=True))
        peer, words = MILLI * median(bare), "an empty window of the same library"
        yield Figure("process start to the first painted window", window, "ms", "<= 350", peer, words)
        yield Figure(f"process start to the painted graph, {NODES} nodes", graph, "ms", "<= 700", peer, words)


if __name__ == "__main__":
    tell(bench())
