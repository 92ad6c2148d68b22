"""The order in which Tab goes through the window: as it is read, also where parts come and go.

Qt puts what is made later at the end of its own order, so the rows of machines and the offers of the inspector would come last.
"""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QSplitter, QWidget

_LINE = 12
"""Pixels that the upper edges of parts in one line may differ by."""


def in_order(regions: Iterable[QWidget]) -> list[QWidget]:
    """What Tab stops at, region by region, in each from above, in each line from the left."""
    return [part for region in regions for part in _of(region)]


def _of(region: QWidget) -> list[QWidget]:
    placed = [
        (part.mapTo(region, QPoint(0, 0)), number, part)
        for number, part in enumerate((region, *region.findChildren(QWidget)))
        if _stops_at(part)
    ]
    placed.sort(key=lambda each: (each[0].y(), each[0].x(), each[1]))
    lines: list[list[tuple[QPoint, int, QWidget]]] = []
    for each in placed:
        if lines and each[0].y() - lines[-1][0][0].y() <= _LINE:
            lines[-1].append(each)
        else:
            lines.append([each])
    return [part for line in lines for _, _, part in sorted(line, key=lambda each: (each[0].x(), each[1]))]


def _stops_at(part: QWidget) -> bool:
    policy = part.focusPolicy() & Qt.FocusPolicy.TabFocus
    return bool(policy) and part.isVisible() and part.isEnabled() and part.focusProxy() is None


def step(regions: Iterable[QWidget], here: QWidget | None, forward: bool, home: QWidget) -> bool:
    """Give the keys to what comes next; whether there is anything.

    Qt asks for that too when the part that has the keys is hidden or acts no longer: then they stay as near as can be, and
    where its pane has nothing for them go to `home`, never to another pane.
    """
    stops = in_order(regions)
    if not stops:
        return False
    if here is not None and not (here.isVisible() and here.isEnabled()):
        near = _near(here, stops) or next(iter(in_order((home,))), stops[0])
        near.setFocus(Qt.FocusReason.OtherFocusReason)
        return True
    before = stops.index(here) if here in stops else -1 if forward else 0
    there = stops[(before + (1 if forward else -1)) % len(stops)]
    there.setFocus(Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason)
    return True


def _near(gone: QWidget, stops: list[QWidget]) -> QWidget | None:
    """What takes the keys of a part that is gone: what is in the nearest part beside it, else what it was in, and so on outwards.

    Near is what was made near it: what has just come into sight has no place yet. What lies beyond a splitter is not near.
    """
    inside, around = gone, gone.parentWidget()
    while around is not None and not (around.isWindow() or isinstance(around, QSplitter)):
        beside = around.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly)
        at = beside.index(inside)
        for _, number in sorted((abs(number - at), number) for number in range(len(beside)) if number != at):
            if (found := _first_in(beside[number], stops)) is not None:
                return found
        if around in stops:
            return around
        inside, around = around, around.parentWidget()
    return None


def _first_in(part: QWidget, stops: list[QWidget]) -> QWidget | None:
    """The first thing within a part that takes the keys, or the part itself: of a job's card a button rather than the card."""
    return next((each for each in (*part.findChildren(QWidget), part) if each in stops), None)
