"""Many offers as a few: of a long chain only the likely ones stand for themselves, the others are chosen from a list."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from diskchain.operations.operation import Offer

FEW = 6
"""So many offers of one operation stand for themselves."""

_NEAREST = 2
"""Of more, these and the last one do: the next images below, and the base."""

_ALL = {
    "commit": "Commit into another image",
    "stream": "Pull other images",
    "snapshot": "Snapshot another disk",
}


@dataclass(frozen=True)
class Many:
    """All offers of one operation, to be chosen from a list. `title`: what that is, without their number."""

    title: str
    offers: tuple[Offer, ...]


def grouped(offers: Iterable[Offer]) -> list[Offer | Many]:
    """The offers in their order; where there are many of one operation, the likely ones and a list of all."""
    by_name: dict[str, list[Offer]] = {}
    for offer in offers:
        by_name.setdefault(offer.operation.name, []).append(offer)
    found: list[Offer | Many] = []
    for name, group in by_name.items():
        if len(group) <= FEW:
            found += group
        else:
            found += [*group[:_NEAREST], group[-1], Many(_ALL.get(name, "Other ways"), tuple(group))]
    return found
