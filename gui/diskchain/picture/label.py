"""The words on lines: what of them fits at a zoom, and how they are painted."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter

from diskchain.picture import text
from diskchain.picture.edge import HEAD, Route
from diskchain.picture.ink import colour
from diskchain.picture.palette import Palette
from diskchain.picture.plan import Link

LABELS = 0.36
"""Zoom from which lines have words; below it cards have none either."""

LABEL_H = 2.9
"""The most that the words of a line are high, as a multiple of their size."""

_LINE_H = 1.2
"""How high one of two lines is, as a multiple of its size: between them the line is seen that they speak of."""


@dataclass(frozen=True, slots=True)
class Label:
    """Words in one line or two.

    :ivar size: of their letters, in scene units, as `width` and `height`, which have a little ground around the words.
    """

    lines: tuple[str, ...]
    size: int
    mono: bool
    width: float
    height: float

    def box(self, way: Route) -> QRectF:
        """Where it stands on a line."""
        return QRectF(way.label.x() - self.width / 2, way.label.y() - self.height / 2, self.width, self.height)


def label_room(link: Link, way: Route) -> float:
    """How wide the words of a line may be at any zoom: they stay between its ends, and some of the line is seen."""
    return way.path.boundingRect().width() - (HEAD + 8 if link.kind == "role" else 2 * HEAD)


def label_of(link: Link, way: Route, scale: float) -> Label | None:
    """The words as they fit: of a role, its name above the line and its letters below, or its name alone; None: nothing fits."""
    if not link.label or scale < LABELS:
        return None
    mono = link.kind == "role"
    choices = _choices(link.label, text.at_scale(10 if mono else 11, scale), mono)
    room = label_room(link, way)
    return next((label for label in choices if label.width <= room), None)


@lru_cache(maxsize=1024)
def _choices(words: str, size: int, mono: bool) -> tuple[Label, ...]:
    """The forms of some words, best first."""
    name, _, letters = words.partition(" ")
    found = []
    for lines in ((name, letters), (name,)) if mono and letters else ((words,),):
        width = max(text.width(line, size, mono=mono) for line in lines) + 8
        found.append(Label(lines, size, mono, width, size * (LABEL_H if len(lines) > 1 else 1.6)))
    return tuple(found)


def forget() -> None:
    """Measure everything anew: the system's font has changed."""
    _choices.cache_clear()


def paint_label(painter: QPainter, box: QRectF, label: Label, palette: Palette) -> None:
    """Words on the ground's colour, so that no line runs through them; the one that two lines speak of runs between them."""
    high = label.size * _LINE_H if len(label.lines) > 1 else box.height()
    for at, line in enumerate(label.lines):
        where = QRectF(box.x(), box.y() if at == 0 else box.bottom() - high, box.width(), high)
        painter.fillRect(where, colour(palette.ground))
        centre = Qt.AlignmentFlag.AlignHCenter
        text.write(painter, where, line, colour(palette.quiet), label.size, mono=label.mono, align=centre)
