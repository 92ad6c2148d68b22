"""The canvas's ground: the scene, zoom and pan, dots, and the veil over what is no longer live."""

from __future__ import annotations

import time

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QWheelEvent
from PySide6.QtWidgets import QFrame, QGraphicsView, QWidget

from diskchain.picture import label, text
from diskchain.picture.brush import box_of
from diskchain.picture.ink import colour, pen
from diskchain.widgets.canvas.camera import LEAST, STEP, Camera
from diskchain.widgets.canvas.engraved import Engraved
from diskchain.widgets.canvas.ghost import wrapped
from diskchain.widgets.canvas.node_item import SpotItem
from diskchain.widgets.canvas.scene import CanvasScene
from diskchain.widgets.canvas.store import Store
from diskchain.widgets.canvas.style import Style
from diskchain.widgets.theme import palette_of

_SETTLES = 140
"""Milliseconds after the last step of a zoom."""

_FRAME = 0.004
"""Seconds in which a frame of a zoom may paint cards anew: so no frame is late, and the rest follows in the next ones."""

_WHEEL = 1.0015
"""Zoom for each eighth of a degree that a wheel turns."""


class Ground(QGraphicsView):
    """Everything of the canvas that does not depend on what it shows.

    :ivar looks: what all items share. `canvas`: the scene (kept here: the view alone would not keep it alive).
    """

    zoom_changed = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.looks = Style(palette_of(self))
        self.canvas = CanvasScene(self.looks, self)
        self.camera = Camera(self)
        self._live = True
        self._text = ""
        self._covered = 0
        self._settling = QTimer(self)
        self._settling.setSingleShot(True)
        self._settling.timeout.connect(self._settle)
        self.setScene(self.canvas)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.SmartViewportUpdate)
        self.setOptimizationFlag(QGraphicsView.OptimizationFlag.DontSavePainterState)
        self.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)

    def set_connection(self, live: bool, words: str) -> None:
        """Say how the line stands: not live greys what is shown, with these words over it; alone where nothing is shown."""
        if (live, words) != (self._live, self._text):
            self._live, self._text = live, words
            self.viewport().update()

    def set_covered(self, pixels: int) -> None:
        """Say how much of the lower end is covered by messages: words over the picture stand above them."""
        if pixels != self._covered:
            self._covered = pixels
            self.viewport().update()

    def fit(self) -> None:
        """Bring everything in sight, however small, and keep it so until somebody zooms or pans."""
        self.camera.keep_fitted(LEAST)
        self._fit_again()

    def _fit_again(self) -> None:
        """Fit what is shown to the room that there is now, unless somebody has zoomed or panned."""
        if self.camera.by_itself:
            self.camera.fit(self.canvas.sceneRect(), self.focus())
            self.zoomed()

    def focus(self) -> QRectF:
        """What matters most where not everything is in sight, in scene units."""
        return QRectF()

    def zoom_in(self) -> None:
        """Zoom in by a step."""
        self.zoom_by(STEP)

    def zoom_out(self) -> None:
        """Zoom out by a step."""
        self.zoom_by(1 / STEP)

    def zoom_reset(self) -> None:
        """Go back to natural size."""
        self.zoom_by(1 / self.camera.scale)

    def zoom_by(self, factor: float, at: QPoint | None = None) -> None:
        """Zoom by a factor at a point of the viewport, or its middle."""
        self.camera.zoom_by(factor, at)
        self.zoomed()

    def zoomed(self) -> None:
        """Let items know the zoom."""
        if self.looks.scale == self.camera.scale:
            return
        self.looks.zooming = True
        self._settling.start(_SETTLES)
        self.looks.scale = self.camera.scale
        self.canvas.look_from(self.camera.scale)
        self.viewport().update()
        self.zoom_changed.emit(self.camera.scale)

    def _settle(self) -> None:
        """The zoom rests: paint cards sharply again, as many as a frame has time for, until all are."""
        self.looks.zooming, self.looks.blurred = False, True
        self.viewport().update()

    def set_reduced_motion(self, on: bool) -> None:
        """Let changes jump and dashes stand still, or not."""
        self.looks.still = on

    def sight(self) -> QRectF:
        """What is seen and not covered by messages, in scene units."""
        return self.camera.sight().adjusted(0, 0, 0, -self._covered / self.camera.scale)

    def bring_in_sight(self, name: str) -> None:
        """Scroll as far as needed to show a node where it will stand."""
        spot = self.canvas.plan.spots.get(self.canvas.plan.shows.get(name, ""))
        if spot is not None:
            self.camera.bring_in_sight(box_of(spot))

    def item_at(self, at: QPoint) -> SpotItem | None:
        """The item under a point of the viewport that a click would mean."""
        where = self.mapToScene(at)
        for item in self.items(at):
            if isinstance(item, SpotItem) and item.clickable and item.box().contains(where):
                return item
        return None

    def drawBackground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        """The dotted ground."""
        looks = self.looks
        looks.ratio = self.devicePixelRatioF()
        looks.deadline = time.perf_counter() + _FRAME if looks.zooming or looks.blurred else 0.0
        looks.blurred = looks.begun = looks.blank = False
        self.camera.paint_ground(painter, QRectF(rect), self.looks.palette)

    def drawForeground(self, painter: QPainter, _rect: QRectF | QRect) -> None:
        """The veil and the words where the line is not live, or nothing is there to be seen."""
        if self.looks.blurred and not self.looks.zooming:
            self._settling.start(0)
        elif self.looks.blank:
            QTimer.singleShot(0, self.viewport(), self.viewport().update)
        empty = not self.canvas.plan.spots
        if (self._live and not empty) or not self._text:
            return
        painter.save()
        painter.resetTransform()
        if not empty:
            painter.fillRect(self.viewport().rect(), colour(self.looks.palette.ground, 140))
        self._write_note(painter)
        painter.restore()

    def _note(self) -> tuple[QRectF, list[str]]:
        """Where the words stand, and their lines: alone in the middle; over a picture at its lower end, where least is."""
        room = self.viewport().rect()
        lines = wrapped(self._text, min(room.width() - 80, 520), 13, bold=True)
        width = max((text.width(line, 13, bold=True) for line in lines), default=0) + 40
        height = 20.0 * len(lines) + 18
        y = (room.height() - height) / 2
        if self.canvas.plan.spots:
            y = max(room.height() - self._covered - height - 14, 14.0)
        return QRectF((room.width() - width) / 2, y, width, height), lines

    def _write_note(self, painter: QPainter) -> None:
        box, lines = self._note()
        palette = self.looks.palette
        painter.setPen(pen(palette.amber if not self._live else palette.line, 1.4))
        painter.setBrush(colour(palette.raised))
        painter.drawRoundedRect(box, 9, 9)
        for at, line in enumerate(lines):
            where = QRectF(box.x(), box.y() + 9 + at * 20, box.width(), 20)
            text.write(painter, where, line, colour(palette.text), 13, bold=True, align=Qt.AlignmentFlag.AlignHCenter)

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """Scroll; what is fixed to the window must be painted whole."""
        super().scrollContentsBy(dx, dy)
        if not self._live:
            self.viewport().update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the pointer."""
        self.zoom_by(_WHEEL ** event.angleDelta().y(), event.position().toPoint())
        event.accept()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the scheme and the font."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange, QEvent.Type.ApplicationFontChange):
            self.looks.palette = palette_of(self)
            text.forget()
            label.forget()
            self.looks.store, self.looks.words = Store(), Engraved()
            for link in self.canvas.links_by_key.values():
                link.reroute()
            self.canvas.update()
            self.viewport().update()
