"""What the window remembers from one start to the next: its size, its splitters, the chosen scheme. Nothing else.

Where it stands on the screen is the window manager's business.
"""

from __future__ import annotations

import os
from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings, QSize, QStandardPaths, Qt
from PySide6.QtWidgets import QMainWindow, QSplitter

WIDTH, HEIGHT = 1440, 900
_TITLE = 36
"""Pixels that a title bar takes of a screen."""
"""Size of the first window, in pixels that do not depend on the screen."""


def _folder() -> Path:
    """The configuration folder that platformdirs would name; asked of Qt, which is loaded already (start-up time)."""
    return Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericConfigLocation)) / "diskchain"


class Settings:
    """An ini file in the user's configuration folder; a broken one counts as empty."""

    def __init__(self, path: Path | None = None) -> None:
        place = path or _folder() / "window.ini"
        self._file = QSettings(str(place), QSettings.Format.IniFormat)

    def restore(self, window: QMainWindow) -> None:
        """Give the window and its splitters the sizes that they had."""
        size = self._file.value("size")
        if not isinstance(size, QSize) or not size.isValid():
            room = window.screen().availableSize() - QSize(0, _TITLE)
            # On a screen of just that size the window fills it, where a window manager leaves room for its title.
            size = QSize(WIDTH, HEIGHT).boundedTo(room) if room.height() < HEIGHT else QSize(WIDTH, HEIGHT)
        window.resize(size)
        if self._file.value("maximized") == "true":
            window.setWindowState(window.windowState() | Qt.WindowState.WindowMaximized)
        self.restore_splitters(window)

    def restore_splitters(self, window: QMainWindow) -> None:
        """The same for splitters alone, of which some are made later."""
        for splitter in window.findChildren(QSplitter):
            told = self._file.value(f"splitter/{splitter.objectName()}")
            if splitter.objectName() and isinstance(told, QByteArray):
                splitter.restoreState(told)

    def keep(self, window: QMainWindow) -> None:
        """Write the sizes down."""
        if not window.isMaximized() and not window.isFullScreen():
            self._file.setValue("size", window.size())
        self._file.setValue("maximized", "true" if window.isMaximized() else "false")
        for splitter in window.findChildren(QSplitter):
            if splitter.objectName():
                self._file.setValue(f"splitter/{splitter.objectName()}", splitter.saveState())
        self._file.sync()

    @property
    def scheme(self) -> str:
        """`light`, `dark`, or empty: as the desktop has it."""
        told = self._file.value("scheme")
        return told if told in ("light", "dark") else ""

    @scheme.setter
    def scheme(self, word: str) -> None:
        self._file.setValue("scheme", word)
        self._file.sync()


class Unkept(Settings):
    """For one run that begins as the first one did and leaves no trace."""

    def __init__(self) -> None:
        super().__init__(Path(os.devnull))

    def keep(self, window: QMainWindow) -> None:
        """Nothing is written down."""

    @property
    def scheme(self) -> str:
        """Empty: as the desktop has it."""
        return ""

    @scheme.setter
    def scheme(self, word: str) -> None:
        """Nothing is written down."""
