"""The scene: holds one item for each spot and link of the plan that it shows, and changes only what changed."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QObject, QPointF, QRectF
from PySide6.QtWidgets import QGraphicsItem, QGraphicsScene

from diskchain.picture.plan import Link, Plan, Spot
from diskchain.widgets.canvas.edge_item import LinkItem
from diskchain.widgets.canvas.motion import Motion
from diskchain.widgets.canvas.node_item import SpotItem
from diskchain.widgets.canvas.style import Style

MARGIN = 20.0


class CanvasScene(QGraphicsScene):
    """Shows plans. Items live as long as their keys do, so that everything keeps its place and identity."""

    def __init__(self, style: Style, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.plan = Plan()
        self.items_by_key: dict[str, SpotItem] = {}
        self.links_by_key: dict[str, LinkItem] = {}
        self._style = style
        self._touching: dict[str, list[LinkItem]] = {}
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
        self.motion.begin(moves, coming, going, links, still or self._style.still)

    def change_look(self, spot: Spot) -> None:
        """Show one spot anew that stays where it is: the cheap way for one changed node."""
        item = self.items_by_key.get(spot.key)
        if item is not None and isinstance(self.plan.spots, dict):
            self.plan.spots[spot.key] = spot
            item.set_spot(spot)

    def item_of(self, node: str) -> SpotItem | None:
        """The item that shows a node: its own, or the fold or line that it is hidden in."""
        key = self.plan.shows.get(node)
        return self.items_by_key.get(key) if key is not None else None

    def moving_links(self) -> Iterable[LinkItem]:
        """Links along which data moves now."""
        return (link for link in self.links_by_key.values() if link.link.moving)

    def _make(self, spot: Spot) -> SpotItem:
        item = SpotItem(spot, self._style)
        self.items_by_key[spot.key] = item
        self.addItem(item)
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
                self.links_by_key[key] = item
                self.addItem(item)
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
            self.removeItem(item)


def area_of(plan: Plan) -> QRectF:
    """Everything that a plan covers, with a margin."""
    width, height = plan.size
    return QRectF(0, 0, width + MARGIN, height + MARGIN)


def _ends(link: Link) -> tuple[str, str, str]:
    return (link.start, link.end, link.via)
