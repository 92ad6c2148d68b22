"""Which nodes of a long chain show, and which are folded away between them. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

ALWAYS_LAST = 3
LEAST_HIDDEN = 2
"""A chain with less to hide is never folded."""


@dataclass(frozen=True, slots=True)
class Fold:
    """Neighbours in a chain that are drawn as one thing, base side first."""

    names: tuple[str, ...]


def fold(
    names: Sequence[str], fits: int, wanted: Collection[str] = (), always_last: int = ALWAYS_LAST
) -> tuple[str | Fold, ...]:
    """The chain (base first) with its middle folded where more than `fits` cards would have to stand in the row.

    Base and the last three (`always_last`) always show, and so does everything in `wanted`. A single hidden node is shown
    instead of hidden.
    """
    if len(names) < 1 + always_last + LEAST_HIDDEN or len(names) <= fits:
        return tuple(names)
    last = len(names) - always_last
    shown: list[str | Fold] = []
    hidden: list[str] = []
    for at, name in enumerate(names):
        if at == 0 or at >= last or name in wanted:
            shown += [Fold(tuple(hidden))] if len(hidden) > 1 else hidden
            hidden = []
            shown.append(name)
        else:
            hidden.append(name)
    return tuple(shown)
