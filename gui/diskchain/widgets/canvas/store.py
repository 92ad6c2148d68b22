"""Painted cards kept as pixels, so that panning and zooming only copy them."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from PySide6.QtGui import QPixmap

BUDGET = 20 << 20
"""Bytes of pixels that are kept; what is in sight is at most the size of the window."""


@dataclass(slots=True)
class Painted:
    """Pixels of one item. `scale`: the zoom they were painted for; `version`: changes with the look, palette and marks."""

    pixels: QPixmap
    scale: float
    version: tuple[object, ...]
    weight: int


class Store:
    """The most recently shown cards, by item."""

    def __init__(self, budget: int = BUDGET) -> None:
        self._kept: OrderedDict[int, Painted] = OrderedDict()
        self._weight = 0
        self._budget = budget

    def find(self, item: int) -> Painted | None:
        """What is kept of an item; it counts as used now."""
        found = self._kept.get(item)
        if found is not None:
            self._kept.move_to_end(item)
        return found

    def keep(self, item: int, pixels: QPixmap, scale: float, version: tuple[object, ...]) -> Painted:
        """Keep an item's pixels; the longest unused go when there are too many."""
        self.drop(item)
        weight = pixels.width() * pixels.height() * 4
        painted = Painted(pixels, scale, version, weight)
        self._kept[item] = painted
        self._weight += weight
        while self._weight > self._budget and len(self._kept) > 1:
            self._weight -= self._kept.popitem(last=False)[1].weight
        return painted

    def drop(self, item: int) -> None:
        """Forget an item's pixels."""
        if (old := self._kept.pop(item, None)) is not None:
            self._weight -= old.weight

    @property
    def weight(self) -> int:
        """Bytes kept now."""
        return self._weight
