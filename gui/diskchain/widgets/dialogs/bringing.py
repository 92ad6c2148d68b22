"""A column that scrolls upwards and downwards only, and brings what it is asked for into sight."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

_AROUND = 10
"""Pixels that stay in sight above and below what is brought there."""


class Bringing(QScrollArea):
    """It is as wide as its place: what is in it has to break its words."""

    def __init__(self, inside: QWidget, name: str) -> None:
        super().__init__()
        self._wanted: tuple[QWidget, ...] = ()
        self.setProperty("kind", "plain")
        self.setObjectName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(inside)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def bring(self, *parts: QWidget) -> None:
        """Scroll to these, the last one above all, once they have their places."""
        self._wanted = parts
        QTimer.singleShot(0, self._bring)

    def forget(self) -> None:
        """Scroll to none of them any more: they may be gone by then."""
        self._wanted = ()

    def _bring(self) -> None:
        for shown in self._wanted:
            self.ensureWidgetVisible(shown, 0, _AROUND)
        self._wanted = ()
