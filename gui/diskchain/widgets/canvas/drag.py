"""One drag, from the pick-up to the drop: by mouse or by keyboard. What is dragged is what leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSizeF
from PySide6.QtWidgets import QGraphicsScene

from diskchain.model.state import State
from diskchain.operations.operation import Drag
from diskchain.picture.look import CardLook
from diskchain.picture.words import one_line
from diskchain.widgets.canvas.consequence import ON_GROUND, Hint, chosen, hint_of, no_hint
from diskchain.widgets.canvas.ghost import GhostItem, HintItem, TargetItem
from diskchain.widgets.canvas.node_item import SpotItem
from diskchain.widgets.canvas.style import Style
from diskchain.widgets.canvas.wells import Wells

if TYPE_CHECKING:
    from diskchain.operations.operation import Offer, Operation
    from diskchain.operations.preview import Preview

DIM = 0.45
_AWAY = 18.0


class Carried:
    """A card in hand. It lights what it may be dropped on, dims what it may not, and says what a drop would do.

    :ivar source: node-name of the card in hand. `target`: where a drop would land now, empty: nowhere.
    """

    def __init__(
        self,
        scene: QGraphicsScene,
        source: SpotItem,
        cards: Iterable[SpotItem],
        ask: Callable[[Drag], tuple[Offer, ...]],
        copies: tuple[Offer, ...],
        foresee: Callable[[Operation], Preview | None],
        state: State,
        style: Style,
    ) -> None:
        """:param ask: what a drop on a card would do. :param copies: what a drop beside the chain would do.

        :param foresee: see `hint_of`.
        """
        self.source = source.spot.node
        self.target = ""
        self._scene = scene
        self._state = state
        self._style = style
        self._ask, self._foresee = ask, foresee
        self._second = False
        self._row = source.spot.row
        self._offers: dict[str, tuple[Offer, ...]] = {}
        self._lit: dict[str, TargetItem] = {}
        self._dimmed: list[SpotItem] = []
        self._at = source.box().center()
        self._grip = QPointF(0, 0)
        self._ghost = GhostItem(source.spot.look, QSizeF(source.spot.w, source.spot.h), style)
        self._wells = Wells(scene, copies, source.box(), style)
        self._hint = HintItem(style)
        self._hint.set_hint(ON_GROUND)
        for item in (self._ghost, self._hint):
            scene.addItem(item)
        self.consider(cards)

    def consider(self, cards: Iterable[SpotItem]) -> None:
        """Light and dim the cards in sight. Each is asked for once; called again after a fold opened or things moved."""
        self._clear()
        for card in cards:
            name = card.spot.node
            if not name or name == self.source or not isinstance(card.spot.look, CardLook) or card.spot.look.ghost:
                continue
            best = chosen(self._asked(name), second=False) if card.spot.row == self._row else None
            if best is not None:
                spot = card.spot
                outline = TargetItem(QRectF(spot.x, spot.y, spot.w, spot.h), best.verb, self._style)
                self._lit[name] = outline
                self._scene.addItem(outline)
            else:
                card.setOpacity(DIM)
                self._dimmed.append(card)

    def _asked(self, name: str) -> tuple[Offer, ...]:
        if name not in self._offers:
            self._offers[name] = self._ask(Drag(self.source, name))
        return self._offers[name]

    @property
    def legal(self) -> dict[str, QRectF]:
        """What it may be dropped on, cards and wells, and where that is in scene units."""
        return {name: outline.box for name, outline in self._lit.items()} | self._wells.places

    def grip(self, offset: QPointF) -> None:
        """Where in the card the pointer holds it, in scene units."""
        self._grip = offset

    def over(self, at: QPointF, card: SpotItem | None, sight: QRectF, second: bool = False) -> None:
        """The pointer is here, perhaps over a card. `sight`: what the view shows, in scene units; `second`: Shift is held."""
        well = self._wells.over(at)
        name = well or (card.spot.node if card is not None and isinstance(card.spot.look, CardLook) else "")
        self._at, self._second = at, second
        for other, outline in self._lit.items():
            outline.set_hot(other == name)
        self.target = name if name in self.legal else ""
        if name == self.source:
            name = ""
        self._hint.set_hint(self._hint_over(name))
        self._place(self._wells.box(well) if well else card.box() if card is not None and name else None, sight)

    def _hint_over(self, name: str) -> Hint:
        if not name:
            return ON_GROUND
        offers = self._wells.offers(name) or self._asked(name)
        if offers:
            return hint_of(offers, self._foresee, self._second)
        return no_hint(*(one_line(self._state.naming.of(node)) for node in (self.source, name)))

    def drop(self) -> Offer | None:
        """End it; the offer that is to be prepared, None where a drop does nothing."""
        offers = self._wells.offers(self.target) or self._offers.get(self.target, ())
        offer = chosen(offers, self._second) if self.target else None
        self.end()
        return offer

    def end(self) -> None:
        """Take everything off the scene that only the drag put there."""
        self._clear()
        self._wells.end()
        for item in (self._ghost, self._hint):
            if item.scene() is self._scene:
                self._scene.removeItem(item)

    def _clear(self) -> None:
        for outline in self._lit.values():
            self._scene.removeItem(outline)
        for card in self._dimmed:
            card.setOpacity(1.0)
        self._lit, self._dimmed = {}, []

    def _place(self, target: QRectF | None, sight: QRectF) -> None:
        """Card and hint beside the target, never over it: below, or above where there is no room below."""
        self._hint.follow_zoom()
        size, scale = self._ghost.size, self._style.scale
        hint = QSizeF(self._hint.size.width() / scale, self._hint.size.height() / scale)
        if target is None:
            ghost = QRectF(self._at - self._grip, size)
            ghost.moveTop(min(ghost.top(), sight.bottom() - size.height() - 4))
        else:
            x = min(max(self._at.x() - size.width() / 2, sight.left() + 6), sight.right() - size.width() - 6)
            below = target.bottom() + _AWAY
            tall = max(size.height(), hint.height())
            y = below if below + tall <= sight.bottom() else max(target.top() - _AWAY - tall, sight.top() + 4)
            ghost = QRectF(QPointF(x, y), size)
        self._ghost.setPos(ghost.topLeft())
        kept = (*self._wells.boxes, *([target] if target is not None else []))
        self._hint.setPos(_beside(ghost, hint, sight, kept if self._wells.boxes else ()))


def _beside(ghost: QRectF, hint: QSizeF, sight: QRectF, kept: Sequence[QRectF]) -> QPointF:
    """Where the hint goes: right of the card in hand, or left where there is no room.

    :param kept: what it must not lie over; it goes to the other side for that, or below or above all of it.
    """
    right, left = ghost.right() + 30, ghost.left() - 30 - hint.width()
    sides = (right, left) if right + hint.width() <= sight.right() or left < sight.left() else (left, right)
    farthest = max(sight.right() - hint.width(), sight.left())
    places = [QPointF(max(min(x, farthest), sight.left()), ghost.top()) for x in sides]
    first = places[0]
    if kept:
        below = max(box.bottom() for box in kept) + _AWAY
        above = min(box.top() for box in kept) - _AWAY - hint.height()
        places += [QPointF(first.x(), below), QPointF(first.x(), above)]
    clear = [place for place in places if not any(box.intersects(QRectF(place, hint)) for box in kept)]
    whole = [place for place in clear if sight.contains(QRectF(place, hint))]
    return next(iter((*whole, *clear)), first)
