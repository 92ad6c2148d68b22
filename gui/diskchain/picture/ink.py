"""Colours, pens and shapes that every painted thing uses, made once."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from diskchain.picture import text
from diskchain.picture.look import Badge
from diskchain.picture.palette import Palette

RADIUS = 9.0
BAR_W = 16.0
BADGE_PAD = 7.0


@lru_cache(maxsize=256)
def colour(value: str, alpha: int = 255) -> QColor:
    """A colour of the palette as Qt's."""
    made = QColor(value)
    made.setAlpha(alpha)
    return made


@lru_cache(maxsize=256)
def pen(value: str, width: float = 1.0, dashes: tuple[float, ...] = (), alpha: int = 255) -> QPen:
    """A pen. `dashes`: lengths of strokes and gaps in scene units."""
    made = QPen(colour(value, alpha), width)
    made.setCapStyle(Qt.PenCapStyle.FlatCap)
    made.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
    if dashes:
        made.setDashPattern([length / width for length in dashes])
    return made


@lru_cache(maxsize=64)
def left_bar(w: float, h: float) -> QPainterPath:
    """The coloured left end of a card, its outer corners round, at (0, 0)."""
    card, cut = QPainterPath(), QPainterPath()
    card.addRoundedRect(QRectF(0, 0, w, h), RADIUS, RADIUS)
    cut.addRect(QRectF(0, 0, BAR_W, h))
    return card.intersected(cut)


def badge_width(badge: Badge, size: int) -> float:
    """How wide a badge is, padding included."""
    return text.width(badge.text, size, bold=True) + 2 * BADGE_PAD


def paint_badge(painter: QPainter, box: QRectF, badge: Badge, palette: Palette, size: int) -> None:
    """A word on its coloured, round-ended ground."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour(palette.tone(badge.tone)))
    painter.drawRoundedRect(box, box.height() / 2, box.height() / 2)
    inner = box.adjusted(BADGE_PAD - 2, 0, 2 - BADGE_PAD, 0)
    text.write(painter, inner, badge.text, colour(palette.on), size, bold=True, align=Qt.AlignmentFlag.AlignHCenter)


def tone_of_mark(badges: tuple[Badge, ...]) -> str:
    """The tone of the gravest of these marks: of hatching beside them, and of what stands for them from far away."""
    return "red" if not badges or any(badge.tone == "red" for badge in badges) else badges[0].tone


def paint_hatch(painter: QPainter, box: QRectF, value: str) -> None:
    """Slanting lines over a box, each cut to it, so that vector files need no clip."""
    painter.setPen(pen(value, 1.0, alpha=70))
    w, h = box.width(), box.height()
    at = 8.0
    while at < w + h:
        x1, y1 = (at, 0.0) if at <= w else (w, at - w)
        x2, y2 = (0.0, at) if at <= h else (at - h, h)
        painter.drawLine(QPointF(box.x() + x1, box.y() + y1), QPointF(box.x() + x2, box.y() + y2))
        at += 9
