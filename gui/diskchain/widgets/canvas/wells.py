"""The wells beside a chain while an image that can be copied is in hand: dropped into one, a copy of the disk is prepared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSizeF
from PySide6.QtWidgets import QGraphicsScene

from diskchain.widgets.canvas.ghost import WellItem
from diskchain.widgets.canvas.style import Style

if TYPE_CHECKING:
    from diskchain.operations.operation import Offer

_PREFIX = "well:"
_SIZE = QSizeF(196, 54)
_GAP = 14.0
_AWAY = 26.0


def is_well(name: str) -> bool:
    """Whether the name of what a card may be dropped on is that of a well."""
    return name.startswith(_PREFIX)


class Wells:
    """One well for each way to copy, below the card that is in hand.

    :ivar places: name of each well that can be dropped into -> its box in scene units.
    """

    def __init__(self, scene: QGraphicsScene, offers: Sequence[Offer], card: QRectF, style: Style) -> None:
        self.places: dict[str, QRectF] = {}
        self._scene, self._offers = scene, offers
        self._items: dict[str, WellItem] = {}
        whole = len(offers) * (_SIZE.width() + _GAP) - _GAP
        left = max(card.right() - whole, 0.0)
        for number, offer in enumerate(offers):
            box = QRectF(QPointF(left + number * (_SIZE.width() + _GAP), card.bottom() + _AWAY), _SIZE)
            name = f"{_PREFIX}{offer.operation.name}"
            item = WellItem(box, offer.verb, not offer.reason, style)
            scene.addItem(item)
            self._items[name] = item
            if not offer.reason:
                self.places[name] = box

    def over(self, at: QPointF) -> str:
        """The well at a point; empty: there is none. It is lit."""
        found = next((name for name, item in self._items.items() if item.box.contains(at)), "")
        for name, item in self._items.items():
            item.set_hot(name == found)
        return found

    @property
    def boxes(self) -> tuple[QRectF, ...]:
        """Where all of them are, those that take nothing now too."""
        return tuple(item.box for item in self._items.values())

    def box(self, name: str) -> QRectF | None:
        """Where a well is."""
        item = self._items.get(name)
        return item.box if item is not None else None

    def offers(self, name: str) -> tuple[Offer, ...]:
        """What a well offers, with its reason where it cannot be had."""
        return tuple(offer for offer in self._offers if f"{_PREFIX}{offer.operation.name}" == name)

    def end(self) -> None:
        """Take them off the scene."""
        for item in self._items.values():
            if item.scene() is self._scene:
                self._scene.removeItem(item)
        self._items, self.places = {}, {}
