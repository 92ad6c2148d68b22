"""One spot of a plan as an item of the scene."""

from __future__ import annotations

import math
import time

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPixmap, QTransform
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from diskchain.picture.brush import paint_look
from diskchain.picture.ink import BAR_W, RADIUS, colour, pen
from diskchain.picture.look import LineLook, TitleLook
from diskchain.picture.plan import Spot
from diskchain.widgets.canvas.batch import tone_of
from diskchain.widgets.canvas.store import Painted
from diskchain.widgets.canvas.style import Style

_ROOM = 6.0
"""Room around a box in its pixels, a little more than the ring."""

_NEAR = (0.6, 1.7)
"""How much pixels may be stretched while the zoom changes."""

RING = 5.0
"""Room around a box for the ring of a selection, in scene units."""


class SpotItem(QGraphicsItem):
    """A card, pill, filter, fold, line or title. It knows its spot and nothing of the state behind it.

    :ivar selected, found, dim: how it is shown: with a ring, as a search's hit, faded because a drag cannot end here.
    """

    def __init__(self, spot: Spot, style: Style) -> None:
        super().__init__()
        self.spot = spot
        self.selected = False
        self.found = False
        self._style = style
        self._bounds = QRectF(-RING, -RING, spot.w + 2 * RING, spot.h + 2 * RING)
        self.setPos(spot.x, spot.y)
        self.setZValue(2 if not isinstance(spot.look, TitleLook) else 1)

    @property
    def clickable(self) -> bool:
        """Whether a click on it means something."""
        look = self.spot.look
        return not isinstance(look, TitleLook) or bool(look.action)

    def box(self) -> QRectF:
        """The box in the scene, where it is now (it may be on its way)."""
        return QRectF(self.x(), self.y(), self.spot.w, self.spot.h)

    def set_spot(self, spot: Spot) -> None:
        """Show another spot of the same key. The place is not touched: whoever moves items does that."""
        old, self.spot = self.spot, spot
        if (old.w, old.h) != (spot.w, spot.h):
            self.prepareGeometryChange()
            self._bounds = QRectF(-RING, -RING, spot.w + 2 * RING, spot.h + 2 * RING)
        if old.look != spot.look:
            self.update()

    def set_selected(self, on: bool) -> None:
        """Draw the ring of a selection, or not."""
        if on != self.selected:
            self.selected = on
            self.update()

    def set_found(self, on: bool) -> None:
        """Mark as a hit of a search, or not."""
        if on != self.found:
            self.found = on
            self.update()

    def boundingRect(self) -> QRectF:
        """The box with room for its ring."""
        return self._bounds

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None) -> None:
        """The look, and around it what is going on with it."""
        if isinstance(self.spot.look, TitleLook):
            self._paint_now(painter)
            return
        painted = self._painted()
        if painted is None:
            self._paint_plain(painter)
            return
        ratio = self._style.ratio
        if painted.scale == self._style.scale:
            place, room = painter.worldTransform(), _ROOM * painted.scale
            x, y = round((place.dx() - room) * ratio) / ratio, round((place.dy() - room) * ratio) / ratio
            painter.setWorldTransform(QTransform.fromTranslate(x, y))
            painter.drawPixmap(0, 0, painted.pixels)
        else:
            wide, tall = painted.pixels.width(), painted.pixels.height()
            unit = painted.scale * ratio
            target = QRectF(-_ROOM, -_ROOM, wide / unit, tall / unit)
            painter.drawPixmap(target, painted.pixels, QRectF(0, 0, wide, tall))

    def _painted(self) -> Painted | None:
        """The card's pixels for this zoom, or others that do for this frame; None: there are none, and no time to make them."""
        style = self._style
        version = (self.spot.look, self.spot.w, self.spot.h, self.selected, self.found, style.palette.dark, style.ratio)
        kept = style.store.find(id(self))
        if kept is not None and kept.version != version:
            kept = None
        elif kept is not None and self._sharp_enough(kept):
            return kept
        if style.begun and style.deadline and time.perf_counter() > style.deadline:
            style.blurred = True
            style.blank |= kept is None
            return kept
        style.begun = True
        return style.store.keep(id(self), self._paint_anew(), style.scale, version)

    def _paint_plain(self, painter: QPainter) -> None:
        """What stands there for a frame: the card's ground and its coloured end, so that nothing flashes."""
        palette, w, h = self._style.palette, self.spot.w, self.spot.h
        tone = colour(palette.tone(tone_of(self.spot.look)))
        painter.fillRect(QRectF(0, 0, w, h), colour(palette.card))
        painter.fillRect(QRectF(0, 0, min(BAR_W, w), h), tone)

    def _paint_anew(self) -> QPixmap:
        style = self._style
        unit = style.scale * style.ratio
        wide, tall = (math.ceil((length + 2 * _ROOM) * unit) for length in (self.spot.w, self.spot.h))
        pixels = QPixmap(wide, tall)
        pixels.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixels)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.scale(unit, unit)
        painter.translate(_ROOM, _ROOM)
        self._paint_now(painter)
        painter.end()
        pixels.setDevicePixelRatio(style.ratio)
        return pixels

    def _sharp_enough(self, kept: Painted) -> bool:
        style = self._style
        return kept.scale == style.scale or (style.zooming and _NEAR[0] < kept.scale / style.scale < _NEAR[1])

    def _paint_now(self, painter: QPainter) -> None:
        style, spot = self._style, self.spot
        box = QRectF(0, 0, spot.w, spot.h)
        if self.selected or self.found:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            tone = style.palette.blue if self.selected else style.palette.amber
            painter.setPen(pen(tone, 1.6))
            if isinstance(spot.look, LineLook):
                painter.drawRoundedRect(box.adjusted(-2, -2, 2, 2), 10, 10)
            else:
                painter.setBrush(colour(tone, 40))
                painter.drawRoundedRect(box.adjusted(-4, -4, 4, 4), RADIUS + 4, RADIUS + 4)
        paint_look(painter, box, spot.look, style.palette, style.scale)
