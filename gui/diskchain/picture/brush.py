"""Paints any look in any box."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter

from diskchain.picture.card import paint_card, paint_slim
from diskchain.picture.look import CardLook, FoldLook, LineLook, Look, PillLook, SlimLook
from diskchain.picture.palette import Palette
from diskchain.picture.pill import paint_fold, paint_line, paint_pill, paint_title
from diskchain.picture.plan import Spot


def box_of(spot: Spot) -> QRectF:
    """A spot's box in the scene."""
    return QRectF(spot.x, spot.y, spot.w, spot.h)


def paint_look(painter: QPainter, box: QRectF, look: Look, palette: Palette, scale: float) -> None:
    """One look. `scale`: device-independent pixels for each scene unit; less zoom, less detail."""
    if isinstance(look, CardLook):
        paint_card(painter, box, look, palette, scale)
    elif isinstance(look, SlimLook):
        paint_slim(painter, box, look, palette, scale)
    elif isinstance(look, PillLook):
        paint_pill(painter, box, look, palette, scale)
    elif isinstance(look, FoldLook):
        paint_fold(painter, box, look, palette, scale)
    elif isinstance(look, LineLook):
        paint_line(painter, box, look, palette, scale)
    else:
        paint_title(painter, box, look, palette, scale)
