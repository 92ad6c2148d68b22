"""A machine shown: states, previews, selection and search, on the ground. Gestures are in `view`."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QTimer, Signal
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from diskchain.layout import Shape
from diskchain.model.diff import Diff
from diskchain.model.state import State
from diskchain.picture.rows import widened
from diskchain.picture.telling import Measures
from diskchain.session.tasks import Tasks
from diskchain.widgets.canvas import travel
from diskchain.widgets.canvas.camera import COMFORTABLE, READABLE, READABLE_FULL
from diskchain.widgets.canvas.flowing import Flowing
from diskchain.widgets.canvas.ground import Ground
from diskchain.widgets.canvas.planner import Planner, Remembered
from diskchain.widgets.canvas.scene import MARGIN, area_of

if TYPE_CHECKING:
    from diskchain.operations.preview import Preview


class Shown(Ground):
    """What is known of one machine, as a picture. `placed`: things have new places (they may still be on their way)."""

    selected_changed = Signal(str)
    selection_changed = Signal(object)
    placed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.planner = Planner()
        self._across = 0.0
        self._selected = ""
        self._chosen: frozenset[str] = frozenset()
        self._found: list[str] = []
        self._flowing = Flowing(self)
        self._tasks = Tasks()
        self._ended = False
        self._text = "No machine is open."

    @property
    def selected(self) -> str | None:
        """The selected node's name."""
        return self._selected or None

    @property
    def mode(self) -> str:
        """`chain` or `full`."""
        return "full" if self.planner.full else "chain"

    def set_connection(self, live: bool, words: str) -> None:
        """Say how the line stands; while it is lost, nothing moves and jobs are told as what was last known of them."""
        super().set_connection(live, words)
        if self.planner.lost == live:
            self.planner.lost = not live
            self.replan(still=True)

    def show_state(self, state: State | None, change: Diff, ledger: Remembered | None, meter: Measures | None) -> None:
        """Show a new state; `change` says what is different from the one shown before."""
        first = self.planner.state is None
        if state is None:
            self.camera.keep_fitted(*_fits(self.planner.full))
            self.planner.wish = replace(self.planner.wish, unfolded=frozenset())
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
            if preview is not None and not self.sight().contains(self.focus()):
                self.camera.bring_in_sight(self.focus())

    def set_mode(self, mode: str) -> None:
        """`chain`: rows of cards; `full`: every node and edge."""
        if mode != self.mode:
            self.planner.full = mode == "full"
            self.camera.keep_fitted(*_fits(self.planner.full))
            self.replan(still=True)

    def replan(self, still: bool = False) -> None:
        """Place everything anew and move to it; Full graph waits for its layout and keeps the old picture meanwhile."""
        if self._ended:
            return
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
        """End what runs beside the canvas, for good; called before the loop is closed, when machines may still be closing."""
        self._ended = True
        await self._tasks.end()
        await self.planner.layouter.close()

    def _place(self, still: bool) -> None:
        across = self._across = float(self.width())  # not the viewport's: a scroll bar must not move the picture
        chosen = self._chosen | ({self._selected} if self._selected else set())
        width, sight = across / self.camera.largest, across / READABLE - 2 * MARGIN
        self.planner.wish = replace(self.planner.wish, room=across / 0.8, width=width, sight=sight, selected=chosen)
        plan = self.planner.plan()
        scale = max(self.camera.fitting(area_of(plan)) if self.camera.by_itself else 1.0, self.camera.least)
        self.canvas.show_plan(widened(plan, self.camera.across(area_of(plan), scale) / scale - MARGIN), still)
        self._fit_again()
        self._mark()
        self._flowing.look()
        self.placed.emit()

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

    def unfold(self, row: str) -> None:
        """Show a folded chain whole, or fold it again."""
        self.planner.wish = replace(self.planner.wish, unfolded=self.planner.wish.unfolded ^ {row})
        self.replan()

    def fit(self) -> None:
        """Bring everything in sight; chains that were opened fold again where their cards could not be read."""
        wish = self.planner.wish
        if wish.unfolded and not self.planner.full and self.camera.fitting(area_of(self.canvas.plan)) < READABLE:
            self.planner.wish = replace(wish, unfolded=frozenset())
            self.replan()
        super().fit()

    def search(self, wanted: str) -> list[str]:
        """Mark what a search finds; the names of what is drawn of it, in the order in which `next` goes."""
        state, plan = self.planner.state, None if self.planner.full else self.canvas.plan
        self._found = travel.matches(state, wanted, plan) if state is not None else []
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

    def focus(self) -> QRectF:
        """The selected node, or else the active image of the first disk, with the devices on it."""
        state = self.planner.state
        return travel.focus(state, self.canvas.plan, self._selected) if state is not None else QRectF()

    def _mark(self) -> None:
        found = {self.canvas.plan.shows.get(name) for name in self._found}
        self.canvas.choose(self._chosen | ({self._selected} if self._selected else set()))
        for item in self.canvas.items_by_key.values():
            name = item.spot.node
            item.set_selected(bool(name) and (name == self._selected or name in self._chosen))
            item.set_found(item.spot.key in found)

    def set_reduced_motion(self, on: bool) -> None:
        """Let changes jump and dashes stand still, or not."""
        super().set_reduced_motion(on)
        self._flowing.look()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fold and fit for the new room."""
        super().resizeEvent(event)
        if self.planner.state is not None:
            QTimer.singleShot(0, self, self.replan if self.width() != self._across else self._fit_again)

    def showEvent(self, event: QShowEvent) -> None:
        """Dashes move only while they can be seen."""
        super().showEvent(event)
        self._flowing.look()

    def hideEvent(self, event: QHideEvent) -> None:
        """Dashes rest."""
        super().hideEvent(event)
        self._flowing.look()


def _fits(full: bool) -> tuple[float, float]:
    """How far a view may be zoomed out by itself, and how far for its height's sake."""
    return (READABLE_FULL, READABLE_FULL) if full else (READABLE, COMFORTABLE)
