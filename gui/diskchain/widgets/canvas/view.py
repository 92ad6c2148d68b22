"""The canvas widget: shows a machine, and turns gestures into signals. It changes nothing by itself; the window embeds it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QPoint, QPointF, QRectF, QTimer, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QMouseEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from diskchain.layout import Shape
from diskchain.model.diff import Diff
from diskchain.model.state import State
from diskchain.operations.operation import Drag, Offer
from diskchain.operations.preview import Preview
from diskchain.picture.look import FoldLook, TitleLook
from diskchain.picture.telling import Measures
from diskchain.session.tasks import Tasks
from diskchain.widgets.canvas import keys, travel
from diskchain.widgets.canvas.camera import READABLE
from diskchain.widgets.canvas.drag import Carried
from diskchain.widgets.canvas.flowing import Flowing
from diskchain.widgets.canvas.ground import Ground
from diskchain.widgets.canvas.hand import Hand
from diskchain.widgets.canvas.node_item import SpotItem
from diskchain.widgets.canvas.planner import Planner, Remembered
from diskchain.widgets.canvas.scene import area_of


def no_offers(_drag: Drag) -> tuple[Offer, ...]:
    """What a canvas offers that nobody has wired up: nothing."""
    return ()


class CanvasView(Ground):
    """The picture of one machine.

    :ivar offers: asked once for every candidate when a drag begins; set by the window.
    :ivar carried: the card in hand while something is dragged.
    """

    selected_changed = Signal(str)
    device_selected = Signal(str)
    selection_changed = Signal(object)
    activated = Signal(str)
    context_requested = Signal(str, QPoint)
    dropped = Signal(object)
    drag_started = Signal(str)
    drag_ended = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("canvas")
        self.setAccessibleName("Block graph")
        self.offers: Callable[[Drag], tuple[Offer, ...]] = no_offers
        self.planner = Planner()
        self.carried: Carried | None = None
        self._selected = ""
        self._chosen: frozenset[str] = frozenset()
        self._found: list[str] = []
        self._hand = Hand(self)
        self._flowing = Flowing(self)
        self._tasks = Tasks()
        self._text = "No machine is open."

    @property
    def selected(self) -> str | None:
        """The selected node's name."""
        return self._selected or None

    @property
    def mode(self) -> str:
        """`chain` or `full`."""
        return "full" if self.planner.full else "chain"

    def show_state(self, state: State | None, change: Diff, ledger: Remembered | None, meter: Measures | None) -> None:
        """Show a new state; `change` says what is different from the one shown before."""
        first = self.planner.state is None
        self.planner.state, self.planner.ledger, self.planner.meter = state, ledger, meter
        touched = None if first else self.planner.changed_spots(self.canvas.plan, change)
        if touched is None:
            self.replan(still=first)
        for spot in touched or ():
            self.canvas.change_look(spot)

    def show_sample(self) -> None:
        """Show what the meter tells now: rates on cards, jobs' progress."""
        for spot in self.planner.measured_spots(self.canvas.plan):
            self.canvas.change_look(spot)

    def show_preview(self, preview: Preview | None) -> None:
        """Show what an operation would do: now, and after below it; None: back to the state alone."""
        if preview is not self.planner.preview:
            self.planner.preview = preview
            self.replan()

    def set_mode(self, mode: str) -> None:
        """`chain`: rows of cards; `full`: every node and edge."""
        if mode != self.mode:
            self.planner.full = mode == "full"
            self.camera.by_itself = True
            self.replan(still=True)

    def replan(self, still: bool = False) -> None:
        """Place everything anew and move to it; Full graph waits for its layout and keeps the old picture meanwhile."""
        if unplaced := self.planner.unplaced():
            self._lay_out(unplaced, still)
        else:
            self._place(still)

    def _lay_out(self, shapes: list[Shape], still: bool) -> None:
        """Have shapes laid out off this thread; where no loop runs (a still picture), at once."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            self.planner.layouter.place_now(shapes)
            self._place(still)
        else:
            self._tasks.start(self._placed_later(shapes, still), "canvas layout")

    async def _placed_later(self, shapes: list[Shape], still: bool) -> None:
        await self.planner.layouter.place(shapes)
        if not self.planner.unplaced():
            self._place(still)

    async def end(self) -> None:
        """End what runs beside the canvas; called before the loop is closed."""
        await self._tasks.end()
        await self.planner.layouter.close()

    def _place(self, still: bool) -> None:
        across = float(self.viewport().width())
        chosen = self._chosen | ({self._selected} if self._selected else set())
        self.planner.wish = replace(self.planner.wish, room=across / 0.8, width=across, selected=frozenset(chosen))
        plan = self.planner.plan()
        if self.camera.by_itself and (scale := self.camera.fitting(area_of(plan))) < 1:
            self.planner.wish = replace(self.planner.wish, width=across / max(scale, READABLE))
            plan = self.planner.plan()
        self.canvas.show_plan(plan, still)
        if self.camera.by_itself:
            self.camera.fit(self.canvas.sceneRect(), READABLE)
            self.zoomed()
        self._mark()
        self._flowing.look()
        if self.carried is not None:
            self._carry_anew()

    def select(self, name: str | None) -> None:
        """Select a node, or nothing. Its row opens, and a fold parts where it is."""
        name = name or ""
        self._chosen = frozenset()
        if name == self._selected:
            return
        self._selected = name
        if self.planner.state is not None:
            self.replan()
        self.selected_changed.emit(name)

    def select_within(self, area: QRectF) -> None:
        """Select all nodes whose cards touch this area (the rubber band)."""
        items = (item for item in self.canvas.items_by_key.values() if item.spot.node and item.box().intersects(area))
        self._chosen = frozenset(item.spot.node for item in items)
        self._mark()
        self.selection_changed.emit(self._chosen)

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

    def unfold(self, row: str) -> None:
        """Show a folded chain whole, or fold it again."""
        self.planner.wish = replace(self.planner.wish, unfolded=self.planner.wish.unfolded ^ {row})
        self.replan()

    def search(self, wanted: str) -> list[str]:
        """Mark what a search finds; the names, in the order in which `next` goes."""
        self._found = travel.matches(self.planner.state, wanted) if self.planner.state is not None else []
        self._mark()
        return list(self._found)

    def next(self) -> str | None:
        """Select the next hit of the search."""
        return self._hit(1)

    def prev(self) -> str | None:
        """Select the hit before."""
        return self._hit(-1)

    def _hit(self, way: int) -> str | None:
        if not self._found:
            return None
        at = self._found.index(self._selected) + way if self._selected in self._found else min(way, 0)
        name = self._found[at % len(self._found)]
        self.select(name)
        self.bring_in_sight(name)
        return name

    def bring_in_sight(self, name: str) -> None:
        """Scroll as far as needed to show a node where it will stand."""
        spot = self.canvas.plan.spots.get(self.canvas.plan.shows.get(name, ""))
        if spot is not None:
            self.ensureVisible(QRectF(spot.x, spot.y, spot.w, spot.h), 30, 30)

    def item_at(self, at: QPoint) -> SpotItem | None:
        """The item under a point of the viewport that a click would mean."""
        where = self.mapToScene(at)
        for item in self.items(at):
            if isinstance(item, SpotItem) and item.clickable and item.box().contains(where):
                return item
        return None

    def pick_up(self, card: SpotItem, grip: QPointF) -> bool:
        """Begin to carry a card, held at this point of it."""
        if self.planner.state is None or self.planner.preview is not None:
            return False
        self.carried = Carried(
            self.canvas, card, self.canvas.items_by_key.values(), self.offers, self.planner.state, self.looks
        )
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
        here = self.canvas.item_of(self.carried.target or self.carried.source)
        items = [item for name in self.carried.legal if (item := self.canvas.item_of(name)) is not None]
        sign = -1 if way in ("left", "up") else 1
        ahead = (
            [each for each in items if here is not None and sign * _order(each) > sign * _order(here)] if way else []
        )
        target = min(ahead, key=lambda each: sign * _order(each), default=here if way == "" else None)
        if target is None:
            target = here if self.carried.target else None
        if target is not None:
            self.bring_in_sight(target.spot.node)
            self.carry(target.box().center(), target, shift)
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

    def _carry_anew(self) -> None:
        """Things moved or changed during a drag: light the targets where they are now, or end it if the card is gone."""
        item = self.canvas.item_of(self.carried.source) if self.carried is not None else None
        if self.carried is None or item is None or item.spot.node != self.carried.source:
            self.put_down(drop=False)
        else:
            self.carried.consider(self.canvas.items_by_key.values())

    def _mark(self) -> None:
        found = set(self._found)
        self.canvas.choose(self._chosen | ({self._selected} if self._selected else set()))
        for item in self.canvas.items_by_key.values():
            name = item.spot.node
            item.set_selected(bool(name) and (name == self._selected or name in self._chosen))
            item.set_found(name in found)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys that mean something on the canvas; others go on."""
        if not keys.press(self, event):
            super().keyPressEvent(event)

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
        """A double click on a node activates it."""
        item = self.item_at(event.position().toPoint())
        if item is not None and item.spot.node:
            self.activated.emit(item.spot.node)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fold and fit for the new room."""
        super().resizeEvent(event)
        if self.planner.state is not None and event.size().width() != event.oldSize().width():
            QTimer.singleShot(0, self, self.replan)

    def showEvent(self, event: QShowEvent) -> None:
        """Dashes move only while they can be seen."""
        super().showEvent(event)
        self._flowing.look()

    def hideEvent(self, event: QHideEvent) -> None:
        """Dashes rest."""
        super().hideEvent(event)
        self._flowing.look()


def _order(item: SpotItem) -> float:
    return item.spot.x + item.spot.y * 1e-3
