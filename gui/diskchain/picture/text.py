"""Fonts and single lines of text: sized so that nothing is ever under nine device pixels, elided so that nothing is clipped."""

from __future__ import annotations

import math
from functools import lru_cache

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontMetricsF, QPainter

LEAST = 9
"""No text is smaller than this many device-independent pixels."""

NAME, FILE, SMALL, BADGE, TITLE = 13, 11, 11, 9, 13
"""Sizes in scene units of the texts on a card."""


@lru_cache(maxsize=64)
def font(size: int, bold: bool = False, mono: bool = False) -> QFont:
    """The system's font in this pixel size."""
    made = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont) if mono else QFont()
    made.setPixelSize(size)
    made.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    made.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return made


@lru_cache(maxsize=64)
def metrics(size: int, bold: bool = False, mono: bool = False) -> QFontMetricsF:
    """The metrics of that font."""
    return QFontMetricsF(font(size, bold, mono))


@lru_cache(maxsize=8192)
def width(text: str, size: int, bold: bool = False, mono: bool = False) -> float:
    """How wide a text is, in scene units."""
    return metrics(size, bold, mono).horizontalAdvance(text)


@lru_cache(maxsize=8192)
def elided(text: str, room: float, size: int, bold: bool = False, mono: bool = False, middle: bool = False) -> str:
    """The text, shortened with an ellipsis where it does not fit; of file names the middle goes, for their ends tell most."""
    mode = Qt.TextElideMode.ElideMiddle if middle else Qt.TextElideMode.ElideRight
    return metrics(size, bold, mono).elidedText(text, mode, room)


def at_scale(size: int, scale: float) -> int:
    """The size in scene units that is at least `size`, and at least nine pixels on the device at this zoom."""
    return max(size, math.ceil(LEAST / scale - 1e-6)) if scale > 0 else size


def write(
    painter: QPainter,
    box: QRectF,
    text: str,
    colour: QColor,
    size: int,
    bold: bool = False,
    mono: bool = False,
    align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
    middle: bool = False,
) -> None:
    """One line of plain text in a box, vertically centred, elided to its width."""
    shown = elided(text, box.width(), size, bold, mono, middle)
    painter.setFont(font(size, bold, mono))
    painter.setPen(colour)
    painter.drawText(box, int(align | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine), shown)


def forget() -> None:
    """Measure everything anew: the system's font has changed."""
    for cached in (font, metrics, width, elided):
        cached.cache_clear()
