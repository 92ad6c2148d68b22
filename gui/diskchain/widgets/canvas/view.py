"""The canvas widget: shows a machine, and turns gestures into signals. It changes nothing by itself; the window embeds it."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QHelpEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QToolTip, QWidget

from diskchain.picture import about
from diskchain.picture.look import FoldLook, TitleLook
from diskchain.widgets.canvas import keys
from diskchain.widgets.canvas.drag import Carried
from diskchain.widgets.canvas.hand import Hand
from diskchain.widgets.canvas.node_item import SpotItem
from diskchain.widgets.canvas.shown import Shown
from diskchain.widgets.canvas.wells import is_well

if TYPE_CHECKING:
    from diskchain.operations.operation import Drag, Offer, Operation
    from diskchain.operations.preview import Preview

_BEHIND_ALL = 1e9


def no_offers(_drag: Drag) -> tuple[Offer, ...]:
    """What a canvas offers that nobody has wired up: nothing."""
    return ()


def no_copies(_node: str) -> tuple[Offer, ...]:
    """The ways to copy a disk on a canvas that nobody has wired up: none."""
    return ()


def no_preview(_operation: Operation) -> None:
    """What a canvas that nobody has wired up foresees: nothing."""


class CanvasView(Shown):
    """The picture of one machine, operated by hand.

    :ivar offers: asked once for every candidate when a drag begins. `copies`: asked for the card in hand.
        `foresee`: plans what a drop would do, for its hint. All three are set by the window.
    :ivar carried: the card in hand while something is dragged.
    """

    device_selected = Signal(str)
    context_requested = Signal(str, QPoint)
    dropped = Signal(object)
    drag_started = Signal(str)
    drag_ended = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("canvas")
        self.setAccessibleName("Block graph")
        self.offers: Callable[[Drag], tuple[Offer, ...]] = no_offers
        self.copies: Callable[[str], tuple[Offer, ...]] = no_copies
        self.foresee: Callable[[Operation], Preview | None] = no_preview
        self.carried: Carried | None = None
        self._hand = Hand(self)
        self.placed.connect(self._carry_anew)

    def click(self, item: SpotItem | None) -> None:
        """A click without a drag: selects, opens a fold, or closes it again."""
        self.setFocus()
        if item is None:
            self.select(None)
        elif isinstance(item.spot.look, FoldLook | TitleLook):
            self.unfold(item.spot.row)
        elif item.spot.key.startswith("device:"):
            self.device_selected.emit(item.spot.key.removeprefix("device:"))
            self.select(item.spot.node or None)
        elif item.spot.node:
            self.select(item.spot.node)

    def pick_up(self, card: SpotItem, grip: QPointF) -> bool:
        """Begin to carry a card, held at this point of it."""
        if self.planner.state is None or self.planner.preview is not None:
            return False
        self.let_go()
        copies = self.copies(card.spot.node)
        cards = self.canvas.items_by_key.values()
        state, asks = self.planner.state, (self.offers, copies, self.foresee)
        self.carried = Carried(self.canvas, card, cards, *asks, state, self.looks)
        self.carried.grip(grip)
        self.drag_started.emit(card.spot.node)
        return True

    def pick_up_by_key(self, operation: str) -> bool:
        """Pick the selected card up for a commit or a stream and go to the nearest target."""
        item = self.canvas.item_of(self._selected) if self._selected else None
        if item is None or item.spot.node != self._selected:
            return False
        if any(
            spot.row == item.spot.row and isinstance(spot.look, FoldLook) for spot in self.canvas.plan.spots.values()
        ):
            self.unfold(item.spot.row)
        if not self.pick_up(item, QPointF(item.spot.w / 2, item.spot.h / 2)):
            return False
        return self.carry_on("left" if operation == "commit" else "right", shift=False)

    def carry(self, at: QPointF, over: SpotItem | None, second: bool) -> None:
        """The card in hand is here now, perhaps over another."""
        if self.carried is not None:
            self.carried.over(at, over, self.sight(), second)

    def carry_on(self, way: str, shift: bool) -> bool:
        """Move the card in hand to the next target that way (keyboard)."""
        if self.carried is None:
            return False
        places, source = self.carried.legal, self.canvas.item_of(self.carried.source)
        here = _order(self.carried.target, places.get(self.carried.target) or (source.box() if source else QRectF()))
        sign = -1 if way in ("left", "up") else 1
        orders = {name: sign * _order(name, place) for name, place in places.items()}
        ahead = [name for name, order in orders.items() if way and order > sign * here]
        target = min(ahead, key=orders.__getitem__, default=self.carried.target)
        if target:
            self.camera.bring_in_sight(places[target])
            self.carry(places[target].center(), self.canvas.item_of(target), shift)
        return True

    def put_down(self, drop: bool) -> None:
        """End the drag; a drop on a legal target tells its offer."""
        carried, self.carried = self.carried, None
        if carried is None:
            return
        self._hand.cancel()
        offer = carried.drop() if drop else None
        carried.end()
        self.drag_ended.emit()
        if offer is not None:
            self.dropped.emit(offer)

    def let_go(self) -> bool:
        """End whatever mouse or keyboard have begun here, without effect; False where there was nothing to end."""
        busy = self.carried is not None or self._hand.busy
        self.put_down(drop=False)
        self._hand.cancel()
        return busy

    def set_mode(self, mode: str) -> None:
        """Another view has other places: a card in hand is put back first."""
        if mode != self.mode:
            self.let_go()
        super().set_mode(mode)

    def show_preview(self, preview: Preview | None) -> None:
        """A card in hand is put back before a preview: what it could be dropped on is about to change."""
        if preview is not None:
            self.let_go()
        super().show_preview(preview)

    def _carry_anew(self) -> None:
        """Things moved or changed during a drag: light the targets where they are now, or end it if the card is gone."""
        if self.carried is None:
            return
        item = self.canvas.item_of(self.carried.source)
        if item is None or item.spot.node != self.carried.source:
            self.put_down(drop=False)
        else:
            self.carried.consider(self.canvas.items_by_key.values())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys that mean something on the canvas; others go on."""
        if not keys.press(self, event):
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """A card in hand is put back when keys go elsewhere; a held mouse button outlasts only another window's focus."""
        if not (self._hand.dragging and event.reason() == Qt.FocusReason.ActiveWindowFocusReason):
            self.put_down(drop=False)
        super().focusOutEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a gesture."""
        self._hand.press(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on with it."""
        self._hand.move(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End it."""
        self._hand.release(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """A double click on a node opens its menu there."""
        item = self.item_at(event.position().toPoint())
        if item is not None and item.spot.node:
            self.context_requested.emit(item.spot.node, event.globalPosition().toPoint())

    def viewportEvent(self, event: QEvent) -> bool:
        """Tool tips say all that a card may have cut short, as plain text."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            item = self.item_at(event.pos())
            if item is None or self.planner.state is None or self.carried is not None:
                QToolTip.hideText()
            else:
                lines = about.long(item.spot, self.planner.state)
                told = "<br>".join(html.escape(line) for line in lines)
                QToolTip.showText(event.globalPos(), f"<qt>{told}</qt>", self.viewport())
            return True
        return super().viewportEvent(event)


def _order(name: str, box: QRectF) -> float:
    """From left to right, of what stands below one another the upper first; wells come after all cards."""
    return box.x() + box.y() * 1e-3 + (_BEHIND_ALL if is_well(name) else 0.0)
