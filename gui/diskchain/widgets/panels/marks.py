"""Which events are drawn on the time axis, and with which words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from diskchain.model.measured import Mark

_MOMENT = 0.5
"""Seconds: a pause that ends sooner was QEMU's own."""

_MOST = 60
ROWS = 2
"""Lines of words above the curves."""
_APART = 5
"""Pixels between a line and its text."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A dashed line.

    :ivar at: seconds, negative, from now. `text`: empty where it would cover another one; `left`: it stands left of the line.
    :ivar row: counted from the top.
    """

    at: float
    text: str
    left: bool = False
    row: int = 0


def shown_marks(
    marks: Sequence[Mark],
    now: float,
    window: float,
    name: Callable[[str], str],
    width: Callable[[str], float],
    pixels: float,
) -> list[Shown]:
    """The marks inside the window, the newest first; the text of an older one gives way to that of a newer one.

    :param name: job id -> its short name. `width`: pixels of a text. `pixels`: width of the plot.
    """
    recent = [mark for mark in marks if now - window <= mark.at <= now][-_MOST:]
    found: list[Shown] = []
    free_until = [pixels] * ROWS
    for mark in reversed([mark for mark in recent if not _short(mark, recent)]):
        text = f"{name(mark.job)} {mark.word}" if mark.job else mark.word
        line, size = (mark.at - now) / window * pixels + pixels, width(text) + _APART
        found.append(_placed(mark.at - now, text, line, size, free_until))
    return found


def _placed(at: float, text: str, line: float, size: float, free_until: list[float]) -> Shown:
    """The mark with its text in the first row that has room at the right of the line or at its left; else without."""
    for row, free in enumerate(free_until):
        for left in (False, True):
            begin = line - size if left else line + _APART
            if begin >= 0 and begin + size - _APART <= free:
                free_until[row] = begin - _APART
                return Shown(at, text, left, row)
    return Shown(at, "")


def _short(mark: Mark, marks: Sequence[Mark]) -> bool:
    """Whether this is one half of a pause that QEMU made by itself."""
    other = {"paused": "resumed", "resumed": "paused"}.get(mark.word)
    return other is not None and any(
        each.word == other and each.job == mark.job and abs(each.at - mark.at) < _MOMENT for each in marks
    )
