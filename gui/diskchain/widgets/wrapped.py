"""Words on several lines that never make their place wider."""

from __future__ import annotations

import re

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

_BREAKABLE = re.compile(r"\S{24,}")
_PLACE = re.compile(r"(?<=[^\u200d])(?=[^\u0300-\u036f\u200d\ufe0f])")
"""Words that are broken in the middle, and the places: never before a mark that belongs to the letter before it."""


class Wrapped(QLabel):
    """Words on several lines, in which a name of any length is broken: the widest word of it never makes it wider.

    Qt's own labels break between words only. What is drawn has invisible places to break in long words; `text` has not.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self._whole = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self.setText(text)

    def setText(self, text: str) -> None:
        """Exchange the words."""
        self._whole = text
        super().setText(_BREAKABLE.sub(lambda word: _PLACE.sub("\N{ZERO WIDTH SPACE}", word[0]), text))
        self.setAccessibleName(text)

    def text(self) -> str:
        """The words as they were given."""
        return self._whole


def wrapped(text: str, kind: str = "", tone: str = "") -> Wrapped:
    """Words that may take several lines, in one of the sheet's kinds and tones; see `label`."""
    made = Wrapped(text)
    if kind:
        made.setProperty("kind", kind)
    if tone:
        made.setProperty("tone", tone)
    return made
