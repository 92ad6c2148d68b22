"""Resident memory of the window with the sandbox open and its plots shown."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator

from tests.bench.application import COMMAND, Application
from tests.bench.display import Display
from tests.bench.figure import Figure, tell

_SETTLE = 15.0
_MINUTES = float(os.environ.get("DISKCHAIN_BENCH_MINUTES", "1"))
"""How long to watch it grow; an hour is what is promised."""
_BARE = """
import sys
from PySide6.QtWidgets import QApplication, QMainWindow
application = QApplication(sys.argv)
import pyqtgraph
window = QMainWindow()
plot = pyqtgraph.PlotWidget()
window.setCentralWidget(plot)
window.resize(1440, 900)
window.show()
application.exec()
"""


def bench() -> Iterator[Figure]:
    """After the start, and some minutes later."""
    with Display() as screen:
        with Application(screen, command=(sys.executable, "-c", _BARE)) as bare:
            time.sleep(4)
            peer = bare.resident()
        words = "one empty plot in a window of the same libraries"
        with Application(screen, "demo", command=(COMMAND,)) as application:
            time.sleep(_SETTLE)
            early = application.resident()
            yield Figure("resident memory, sandbox open", early, "MiB", "<= 130", peer, words)
            time.sleep(60 * _MINUTES)
            late = application.resident()
            yield Figure(f"resident memory, {_MINUTES:g} minutes later", late, "MiB", "<= 130", early, "at first")


if __name__ == "__main__":
    tell(bench())
