"""The scene: holds one item for each spot and link of the plan that it shows, and changes only what changed."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QObject, QPointF, QRectF
from PySide6.QtWidgets import QGraphicsItem, QGraphicsScene

from diskchain.picture.brush import box_of
from diskchain.picture.plan import Link, Plan, Spot
from diskchain.widgets.canvas.batch import BatchItem, batches
from diskchain.widgets.canvas.edge_item import LinkItem
from diskchain.widgets.canvas.motion import Motion
from diskchain.widgets.canvas.node_item import SpotItem
from diskchain.widgets.canvas.style import BATCH, Style

MARGIN = 20.0
BELOW = 100.0
"""Room below everything, so that a question there (`MessageBar`) covers nothing down to a zoom of three quarters."""


class CanvasScene(QGraphicsScene):
    """Shows plans. Items live as long as their keys do, so that everything keeps its place and identity."""

    def __init__(self, style: Style, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.plan = Plan()
        self.items_by_key: dict[str, SpotItem] = {}
        self.links_by_key: dict[str, LinkItem] = {}
        self._style = style
        self._far = False
        self._batches: dict[str, BatchItem] = {}
        self._chosen: frozenset[str] = frozenset()
        self._stale = True
        self.motion = Motion(self)
        self.motion.left.connect(self._drop)

    def show_plan(self, plan: Plan, still: bool = False) -> None:
        """Change to a plan: things that stay move to their new places, others fade in and out."""
        old, self.plan = self.plan, plan
        self.motion.finish()
        going: list[QGraphicsItem] = [self.items_by_key.pop(key) for key in old.spots if key not in plan.spots]
        coming: list[QGraphicsItem] = []
        moves: list[tuple[QGraphicsItem, QPointF]] = []
        moved: set[str] = set()
        for key, spot in plan.spots.items():
            item = self.items_by_key.get(key)
            if item is None:
                item = self._make(spot)
                coming.append(item)
                moved.add(key)
            elif item.spot is not spot:
                if (item.spot.w, item.spot.h) != (spot.w, spot.h):
                    moved.add(key)
                item.set_spot(spot)
                if (item.x(), item.y()) != (spot.x, spot.y):
                    moves.append((item, QPointF(spot.x, spot.y)))
                    moved.add(key)
        going += self._show_links(plan, coming)
        links = (link for link in self.links_by_key.values() if not moved.isdisjoint(_ends(link.link)))
        self._fit_rect()
        self._stale = True
        self.look_from(self._style.scale)
        self.motion.begin(moves, coming, going, links, still or self._style.still)

    def change_look(self, spot: Spot) -> None:
        """Show one spot anew that stays where it is: the cheap way for one changed node."""
        item = self.items_by_key.get(spot.key)
        if item is not None and isinstance(self.plan.spots, dict):
            self.plan.spots[spot.key] = spot
            item.set_spot(spot)

    def look_from(self, scale: float) -> None:
        """Show cards, or from far away one item for each disk."""
        far = scale < BATCH
        if far and (self._stale or not self._far):
            self._batch()
        if far != self._far:
            # Not by a common parent: the scene's index knows only items without one, and would visit all of them.
            self._far = far
            for each in (*self.items_by_key.values(), *self.links_by_key.values()):
                each.setVisible(not far)
            if not far:
                self._unbatch()

    def _batch(self) -> None:
        self._unbatch()
        self._batches = batches(self.plan, self._style)
        for item in dict.fromkeys(self._batches.values()):
            self.addItem(item)
        self._stale = False
        self.choose(self._chosen)

    def _unbatch(self) -> None:
        for item in dict.fromkeys(self._batches.values()):
            self.removeItem(item)
        self._batches = {}

    def choose(self, names: frozenset[str]) -> None:
        """Ring the boxes of these nodes in the picture from far away."""
        self._chosen = names
        found = (self.plan.spots.get(self.plan.shows.get(name, "")) for name in names)
        spots = [spot for spot in found if spot is not None]
        for item in dict.fromkeys(self._batches.values()):
            item.choose([box_of(spot) for spot in spots if self._batches.get(spot.row) is item])

    def item_of(self, node: str) -> SpotItem | None:
        """The item that shows a node: its own, or the fold or line that it is hidden in."""
        key = self.plan.shows.get(node)
        return self.items_by_key.get(key) if key is not None else None

    def moving_links(self) -> Iterable[LinkItem]:
        """Links along which data moves now."""
        return (link for link in self.links_by_key.values() if link.link.moving)

    def _make(self, spot: Spot) -> SpotItem:
        item = SpotItem(spot, self._style)
        item.setVisible(not self._far)
        self.addItem(item)
        self.items_by_key[spot.key] = item
        return item

    def _show_links(self, plan: Plan, coming: list[QGraphicsItem]) -> list[LinkItem]:
        """Make, change and give back (to fade away) the items of links."""
        going = [self.links_by_key.pop(key) for key in tuple(self.links_by_key) if key not in plan.links]
        for key, link in plan.links.items():
            ends = self._ends_of(link)
            if ends is None:
                continue
            item = self.links_by_key.get(key)
            if item is None:
                item = LinkItem(link, *ends, self._style)
                item.setVisible(not self._far)
                self.addItem(item)
                self.links_by_key[key] = item
                coming.append(item)
            else:
                item.attach(link, *ends)
        return going

    def _ends_of(self, link: Link) -> tuple[SpotItem, SpotItem, SpotItem | None] | None:
        start, end = self.items_by_key.get(link.start), self.items_by_key.get(link.end)
        return (start, end, self.items_by_key.get(link.via)) if start is not None and end is not None else None

    def _fit_rect(self) -> None:
        self.setSceneRect(area_of(self.plan))

    def _drop(self, item: object) -> None:
        if isinstance(item, QGraphicsItem) and item.scene() is self:
            self._style.store.drop(id(item))
            self.removeItem(item)


def area_of(plan: Plan) -> QRectF:
    """Everything that a plan covers, with a margin."""
    width, height = plan.size
    return QRectF(0, 0, width + MARGIN, height + BELOW)


def _ends(link: Link) -> tuple[str, str, str]:
    return (link.start, link.end, link.via)
