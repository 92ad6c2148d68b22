"""The first picture of the window: as little as it needs is loaded before it is on the screen."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from PySide6.QtWidgets import QApplication

from diskchain.widgets.settings import Settings
from diskchain.widgets.style import sheet
from diskchain.widgets.theme import Theme
from diskchain.widgets.window import Window

_FIRST = 1.0
"""Seconds that the first picture may take before all goes on without it (a display that shows nothing)."""


def run(targets: list[str], demo: bool, tour: Path | None) -> int:
    """Open the window with these machines and live with it until it is closed; gives the exit code.

    :param demo: start the sandbox. :param tour: folder for the pictures of the tour, which then plays by itself.
    """
    _spare_imports()
    application = QApplication.instance() or QApplication(sys.argv[:1])
    if not isinstance(application, QApplication):
        raise TypeError("there is a Qt application without widgets already")
    application.setApplicationName("diskchain")
    application.setApplicationDisplayName("Disk Chain")
    application.setDesktopFileName("io.github.diskchain.DiskChain")
    application.setQuitOnLastWindowClosed(False)
    settings = Settings()
    theme = Theme(application, settings.scheme or "system")
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


def _spare_imports() -> None:
    """Keep PySide from reading the source of every module that is imported after it, for a naming mode that we do not use.

    It does so to find out whether the module speaks of PySide (`feature_imported` in shibokensupport/feature.py of 6.11); for our
    some hundred modules that is an eighth of the time until the first graph.
    """
    feature = sys.modules.get("shibokensupport.feature")
    if feature is not None and hasattr(feature, "feature_imported"):
        vars(feature)["feature_imported"] = _ignore


def _ignore(_: object) -> None:
    """What PySide calls after an import from now on."""
