"""The mouse on the canvas: selecting, panning, rubber band, dragging cards. A small state machine, without Qt's own drag."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, QRect, QSize, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QRubberBand

from diskchain.picture.look import CardLook, FoldLook

if TYPE_CHECKING:
    from diskchain.widgets.canvas.node_item import SpotItem
    from diskchain.widgets.canvas.view import CanvasView

BEGINS = 8
"""Pixels that a press must move before it is a drag."""

_EDGE = 30
_SCROLL = 14
_OPEN_AFTER = 350
"""Milliseconds that a drag rests on a fold before it opens."""


class _Doing(Enum):
    NOTHING = auto()
    PRESSED = auto()
    PANNING = auto()
    BAND = auto()
    DRAGGING = auto()


class Hand(QObject):
    """What the mouse is doing."""

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self._view = view
        self._doing = _Doing.NOTHING
        self._start = QPoint()
        self._last = QPoint()
        self._card: SpotItem | None = None
        self._shift = False
        self._band = QRubberBand(QRubberBand.Shape.Rectangle, view.viewport())
        self._scroll = QTimer(self)
        self._scroll.setInterval(30)
        self._scroll.timeout.connect(self._scroll_on)
        self._opening = QTimer(self)
        self._opening.setSingleShot(True)
        self._opening.setInterval(_OPEN_AFTER)
        self._opening.timeout.connect(self._open_fold)

    @property
    def dragging(self) -> bool:
        """Whether a card is carried by the mouse."""
        return self._doing is _Doing.DRAGGING

    @property
    def busy(self) -> bool:
        """Whether a button is down and something may come of it."""
        return self._doing is not _Doing.NOTHING

    def press(self, event: QMouseEvent) -> None:
        """A button went down. What was under way, by mouse or by keyboard, ends without effect."""
        self._view.let_go()
        at = event.position().toPoint()
        if event.button() == Qt.MouseButton.MiddleButton:
            self._begin(_Doing.PANNING, at)
        elif event.button() == Qt.MouseButton.RightButton:
            item = self._view.item_at(at)
            if item is not None and item.spot.node:
                self._view.select(item.spot.node)
            key = item.spot.key if item is not None else ""
            device = key.removeprefix("device:") if key.startswith("device:") else ""
            node = item.spot.node if item is not None else ""
            self._view.context_requested.emit(node or device, event.globalPosition().toPoint())
        elif event.button() == Qt.MouseButton.LeftButton:
            shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self._card = self._view.item_at(at)
            self._begin(_Doing.BAND if shift and self._card is None else _Doing.PRESSED, at)

    def _begin(self, doing: _Doing, at: QPoint) -> None:
        self._doing, self._start, self._last = doing, at, at
        if doing is _Doing.BAND:
            self._band.setGeometry(QRect(at, QSize()))
            self._band.show()

    def move(self, event: QMouseEvent) -> None:
        """The mouse moved, perhaps with a button down."""
        at = event.position().toPoint()
        self._shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if self._doing is _Doing.NOTHING:
            self._point(at)
        elif self._doing is _Doing.PRESSED and (at - self._start).manhattanLength() >= BEGINS:
            self._become(at)
        elif self._doing is _Doing.PANNING:
            self._view.camera.by_itself = False
            self._view.camera.pan(at - self._last)
        elif self._doing is _Doing.BAND:
            self._band.setGeometry(QRect(self._start, at).normalized())
        elif self._doing is _Doing.DRAGGING:
            self._carry(at)
        self._last = at

    def _become(self, at: QPoint) -> None:
        """A press has moved far enough: it is a drag of a card, or a pan of the ground."""
        card = self._card
        if card is not None and self._may_drag(card):
            grip = self._view.mapToScene(self._start) - card.pos()
            if self._view.pick_up(card, grip):
                self._doing = _Doing.DRAGGING
                self._scroll.start()
                self._view.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)
                self._carry(at)
                return
        self._doing = _Doing.PANNING
        self._view.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)

    def _may_drag(self, card: SpotItem) -> bool:
        look = card.spot.look
        return isinstance(look, CardLook) and not look.ghost and bool(card.spot.node)

    def _carry(self, at: QPoint) -> None:
        over = self._view.item_at(at)
        if over is not None and isinstance(over.spot.look, FoldLook):
            if not self._opening.isActive():
                self._opening.start()
        else:
            self._opening.stop()
        self._view.carry(self._view.mapToScene(at), over, self._shift)

    def release(self, event: QMouseEvent) -> None:
        """A button went up."""
        doing, self._doing = self._doing, _Doing.NOTHING
        at = event.position().toPoint()
        self._stop()
        if doing is _Doing.DRAGGING:
            self._view.carry(self._view.mapToScene(at), self._view.item_at(at), self._shift)
            self._view.put_down(drop=True)
        elif doing is _Doing.BAND:
            area = self._view.mapToScene(QRect(self._start, at).normalized()).boundingRect()
            self._view.select_within(area)
        elif doing is _Doing.PRESSED:
            self._view.click(self._card)
        self._point(at)

    def cancel(self) -> None:
        """Esc: whatever the mouse is doing ends without effect."""
        self._doing = _Doing.NOTHING
        self._stop()

    def _stop(self) -> None:
        self._scroll.stop()
        self._opening.stop()
        self._band.hide()
        self._view.viewport().unsetCursor()

    def _point(self, at: QPoint) -> None:
        """The cursor says what a press would do."""
        item = self._view.item_at(at)
        if item is None:
            self._view.viewport().unsetCursor()
        elif self._may_drag(item):
            self._view.viewport().setCursor(Qt.CursorShape.OpenHandCursor)
        else:
            self._view.viewport().setCursor(Qt.CursorShape.PointingHandCursor)

    def _scroll_on(self) -> None:
        """While a drag is near an edge, the view scrolls that way."""
        room = self._view.viewport().rect()
        at = self._last
        dx = _SCROLL if at.x() < _EDGE else -_SCROLL if at.x() > room.width() - _EDGE else 0
        dy = _SCROLL if at.y() < _EDGE else -_SCROLL if at.y() > room.height() - _EDGE else 0
        if dx or dy:
            self._view.camera.pan(QPoint(dx, dy))
            self._carry(at)

    def _open_fold(self) -> None:
        over = self._view.item_at(self._last)
        if over is not None and isinstance(over.spot.look, FoldLook):
            self._view.unfold(over.spot.row)
