"""The first picture of the window: as little as it needs is loaded before it is on the screen."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from PySide6.QtWidgets import QApplication

from diskchain.app.spare import spare_imports
from diskchain.widgets.settings import Settings, Unkept
from diskchain.widgets.style import sheet
from diskchain.widgets.theme import Theme
from diskchain.widgets.window import Window

_FIRST = 1.0
"""Seconds that the first picture may take before all goes on without it (a display that shows nothing)."""


def run(targets: list[str], demo: bool, tour: Path | None, scheme: str = "") -> int:
    """Open the window with these machines and live with it until it is closed; gives the exit code.

    :param demo: start the sandbox. :param tour: folder for the pictures of the tour, which then plays by itself.
        Then the window has its first size, and nothing of it is remembered. :param scheme: `light` or `dark`; empty: as chosen.
    """
    spare_imports()
    application = QApplication.instance() or QApplication(sys.argv[:1])
    if not isinstance(application, QApplication):
        raise TypeError("there is a Qt application without widgets already")
    application.setApplicationName("diskchain")
    application.setApplicationDisplayName("Disk Chain")
    application.setDesktopFileName("io.github.diskchain.DiskChain")
    application.setQuitOnLastWindowClosed(False)
    settings = Settings() if tour is None else Unkept()
    theme = Theme(application, scheme or settings.scheme or "system")
    application.setStyleSheet(sheet(theme.palette, application.font().pointSizeF()))
    window = Window()
    settings.restore(window)
    window.show()
    end = time.monotonic() + _FIRST
    while not window.was_painted and time.monotonic() < end:
        application.processEvents()
    # Late imports, now that the first picture is on the screen: the loop, sessions, canvas, panels and what they bring.
    from diskchain.app.house import live

    return live(application, window, theme, settings, targets, demo, tour)
