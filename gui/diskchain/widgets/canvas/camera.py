"""Zoom, fit and pan of the canvas, and the ground with its dots."""

from __future__ import annotations

from PySide6.QtCore import QMarginsF, QPoint, QPointF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QBrush, QPainter, QPixmap, QTransform
from PySide6.QtWidgets import QGraphicsView

from diskchain.picture.ink import colour
from diskchain.picture.palette import Palette
from diskchain.widgets.canvas.scene import BELOW, MARGIN
from diskchain.widgets.canvas.style import LARGEST

LEAST, MOST = 0.02, 3.0
STEP = 1.25
READABLE = 0.6
"""The canvas never zooms out further than this by itself: below it cards lose details."""

COMFORTABLE = 0.8
"""By itself the chain view is not made smaller than this for its height's sake: the rows are scrolled then."""

READABLE_FULL = 0.36
"""The same for Full graph, which is for looking at how things hang together: below it cards and edges lose their words."""

_AMPLE = QSize(900, 600)
"""Pixels from which on a canvas is large: that of a window of 1440 x 900 is not yet."""

_AROUND = 30
"""Pixels around what is brought in sight."""

_DOTS = 24
"""Distance of the ground's dots in device-independent pixels at zoom 1."""


class Camera:
    """Keeps the view's transform.

    :ivar by_itself: nobody has zoomed or panned since everything was fitted, so it is fitted again after changes.
    :ivar least: how far fitting may zoom out; `low`: how far it may do so only to have the lower end in sight.
    """

    def __init__(self, view: QGraphicsView) -> None:
        self.scale = 1.0
        self.by_itself = True
        self.least, self.low = READABLE, COMFORTABLE
        self._view = view
        self._opening = True
        self._ground: tuple[str, int, float, QPixmap] | None = None

    def zoom_by(self, factor: float, at: QPoint | None = None) -> None:
        """Zoom, and keep the point under the pointer (or the middle) where it is."""
        self.by_itself = False
        self._view.setSceneRect(QRectF())  # that of the scene
        at = at or self._view.viewport().rect().center()
        before = self._view.mapToScene(at)
        self.set_scale(self.scale * factor)
        after = self._view.mapToScene(at)
        centre = self._view.mapToScene(self._view.viewport().rect().center())
        self._view.centerOn(centre + before - after)

    def set_scale(self, scale: float) -> None:
        """Zoom to so many pixels for each scene unit."""
        scale = min(max(scale, LEAST), MOST)
        if scale != self.scale:
            self.scale = scale
            self._view.setTransform(QTransform.fromScale(scale, scale))

    def fitting(self, area: QRectF) -> float:
        """The zoom at which everything is in sight, but not above `largest`, nor below `low` only for its height."""
        across, down = self._ways(area)
        scale = min(across, max(down, self.low), self.largest)
        return min(scale, self.across(area, scale) / area.width()) if area.width() else scale

    def across(self, area: QRectF, scale: float) -> float:
        """Pixels for the width of the picture: a scroll bar at the right must not make one below necessary."""
        high = scale > self._ways(area)[1]
        return self._room.width() - (self._view.verticalScrollBar().sizeHint().width() if high else 0)

    @property
    def _room(self) -> QSizeF:
        """Pixels for the picture without scroll bars."""
        return QSizeF(self._view.maximumViewportSize()).shrunkBy(QMarginsF(0, 0, 2, 2))

    @property
    def largest(self) -> float:
        """How large fitting makes a small picture: natural size, in a large window half as large again."""
        room = self._view.maximumViewportSize()
        return min(max(min(room.width() / _AMPLE.width(), room.height() / _AMPLE.height()), 1.0), LARGEST)

    def _ways(self, area: QRectF) -> tuple[float, float]:
        """The zooms at which this is in sight across and down."""
        room = self._room
        if area.isEmpty() or room.isEmpty():
            return 1.0, 1.0
        return room.width() / area.width(), room.height() / area.height()

    def keep_fitted(self, least: float, low: float = 0.0) -> None:
        """From now on fit after changes, until somebody zooms or pans. `low`: see there; 0: as `least`."""
        self.by_itself, self.least, self.low, self._opening = True, least, low or least, True

    def fit(self, area: QRectF, focus: QRectF) -> None:
        """Bring everything in sight; where that would be too small, what matters most (`focus`), at a readable size.

        Then the picture opens at its left upper end, or as far from it as needed, and later moves only to what left the sight.
        """
        scale = self.fitting(area)
        if scale < self.least:
            scale = max(self.least, min(max(self._ways(area)), READABLE))
        self.set_scale(scale)
        area = self._trimmed(area)
        self._view.setSceneRect(area)
        if scale <= min(self._ways(area)):
            self._view.centerOn(area.center())
        else:
            if self._opening:
                self._view.centerOn(QPointF(0, 0))
            if not self.sight().contains(focus):
                self.bring_in_sight(focus)
        self._opening = self._opening and area.isEmpty()

    def _trimmed(self, area: QRectF) -> QRectF:
        """The picture without what of the room below it would only make a scroll bar necessary."""
        seen = self._room.height() / self.scale
        least = area.height() - BELOW + MARGIN
        return area if seen < least else QRectF(area.x(), area.y(), area.width(), min(area.height(), seen))

    def sight(self) -> QRectF:
        """What is seen, in scene units."""
        return self._view.mapToScene(self._view.viewport().rect()).boundingRect()

    def bring_in_sight(self, area: QRectF) -> None:
        """Scroll as far as needed to show a part of the picture."""
        self._view.ensureVisible(area, _AROUND, _AROUND)

    def pan(self, step: QPoint) -> None:
        """Move what is seen by so many pixels."""
        across, along = self._view.horizontalScrollBar(), self._view.verticalScrollBar()
        across.setValue(across.value() - step.x())
        along.setValue(along.value() - step.y())

    def paint_ground(self, painter: QPainter, area: QRectF, palette: Palette) -> None:
        """The plain ground and its dots, which keep to the pixels and move with the scene."""
        spacing = max(round(_DOTS * self.scale), 16)
        ratio = self._view.devicePixelRatioF()
        if self._ground is None or self._ground[:3] != (palette.dot, spacing, ratio):
            tile = QPixmap(round(spacing * ratio), round(spacing * ratio))
            tile.setDevicePixelRatio(ratio)
            tile.fill(colour(palette.ground))
            dots = QPainter(tile)
            dots.setRenderHint(QPainter.RenderHint.Antialiasing)
            dots.setPen(Qt.PenStyle.NoPen)
            dots.setBrush(colour(palette.dot))
            dots.drawEllipse(QPointF(spacing / 2, spacing / 2), 1.1, 1.1)
            dots.end()
            self._ground = (palette.dot, spacing, ratio, tile)
        origin = self._view.mapFromScene(QPointF(0, 0))
        painter.save()
        painter.resetTransform()
        painter.setBrushOrigin(origin)
        painter.fillRect(self._view.mapFromScene(area).boundingRect().adjusted(-1, -1, 1, 1), QBrush(self._ground[3]))
        painter.restore()
