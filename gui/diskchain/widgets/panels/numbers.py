"""The numbers of a job as a line that breaks where it must, but never within a number and its unit."""

from __future__ import annotations

import re

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel

_LEAST = 40
"""Pixels that it can be pressed to."""

_UNIT = re.compile(r"(?<=\d) (?=of \d|[kKMGTPE]i?B|bytes|s\b|min\b|h\b)|(?<=\d of) (?=\d)")
"""The spaces within numbers."""


def unbroken(text: str) -> str:
    """The text with its numbers held together: `24 of 59.7 MiB`, `30–45 s`, `4 MiB/s`."""
    held = _UNIT.sub("\N{NO-BREAK SPACE}", text)
    return held.replace("/", "\N{WORD JOINER}/\N{WORD JOINER}")


class Numbers(QLabel):
    """Words on several lines. What cannot be broken and is wider than its place loses its end; `text` has it all."""

    def __init__(self) -> None:
        super().__init__()
        self._whole = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self.setMinimumWidth(_LEAST)
        self.setProperty("tone", "quiet")

    def setText(self, text: str) -> None:
        """Exchange the words."""
        self._whole = text
        self.setAccessibleName(text)
        self._fit()

    def text(self) -> str:
        """The words as they were given."""
        return self._whole

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit them to the room."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        room, letters = self.contentsRect().width(), self.fontMetrics()
        words = (letters.elidedText(word, Qt.TextElideMode.ElideRight, room) for word in self._whole.split(" "))
        shown = " ".join(words)
        if shown != super().text():
            super().setText(shown)
