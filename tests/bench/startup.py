"""From the start of the process to the first painted window, and to the first painted graph of a live machine.

Both are read from the memory of the display. The peer is the smallest program that opens a window with the same library.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator

import numpy as np

from tests.bench.application import Application
from tests.bench.display import Display, Frame, Places
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
_AREA = (slice(60, 560), slice(250, 1090))
"""Where the canvas is, in pixels."""
_FINAL = 4.0
_MOST = 0.6
"""Of the graph's places; a card or two may still move when panels come up below."""
_GRID = (slice(None, None, 45), slice(None, None, 48))


def _painted(screen: Display, before: Frame) -> Callable[[], bool]:
    """Whether most of the screen differs from what it was."""
    empty = before[_GRID]
    return lambda: bool((screen.pixels[_GRID] != empty).mean() > 0.5)


def _places(screen: Display, target: str) -> tuple[Places, Frame]:
    """Places where the graph is seen once everything is there (not the plain ground), and their colours."""
    with Application(screen, target) as application:
        screen.wait(_painted(screen, np.zeros_like(screen.frame())), 20)
        window = screen.frame()
        time.sleep(_FINAL)
        final = screen.frame()
        time.sleep(0.5)
        steady = final == screen.frame()
        if application.process.poll() is not None:
            raise AssertionError("the application has ended")
    tones, counts = np.unique(final[_AREA], return_counts=True)
    mask = np.zeros_like(steady)
    mask[_AREA] = (steady & (window != final) & (final != tones[counts.argmax()]))[_AREA]
    places = np.argwhere(mask)
    if not len(places):
        raise AssertionError("no graph is seen")
    few = places[:: max(1, len(places) // 400)]
    return few, final[few[:, 0], few[:, 1]]


def _start(screen: Display, target: str, places: Places, colours: Frame) -> list[float]:
    """Seconds to the first window and to the graph."""
    blank = screen.frame()
    with Application(screen, target) as application:
        window = screen.wait(_painted(screen, blank), 20, 0.001)
        rows, columns = places[:, 0], places[:, 1]
        graph = screen.wait(lambda: bool((screen.pixels[rows, columns] == colours).mean() > _MOST), 20, 0.001)
        return [window - application.began, graph - application.began]


def _start_bare(screen: Display) -> float:
    blank = screen.frame()
    with Application(screen, command=(sys.executable, "-c", _BARE)) as application:
        return screen.wait(_painted(screen, blank), 20, 0.001) - application.began


def bench() -> Iterator[Figure]:
    """Warm: everything was read before."""
    with Display() as screen, Crowd(NODES) as machine:
        target = str(machine.target)
        places, colours = _places(screen, target)
        told, bare = [], []
        for _ in range(rounds(9)):
            told.append(_start(screen, target, places, colours))
            time.sleep(0.2)
            bare.append(_start_bare(screen))
            time.sleep(0.2)
        window, graph = (MILLI * median(column) for column in zip(*told, strict=True))
        peer, words = MILLI * median(bare), "an empty window of the same library"
        yield Figure("process start to the first painted window", window, "ms", "<= 350", peer, words)
        yield Figure(f"process start to the painted graph, {NODES} nodes", graph, "ms", "<= 700", peer, words)


if __name__ == "__main__":
    tell(bench())
