"""Which events are drawn on the time axis, and with which words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from diskchain.model.measured import Mark

_MOMENT = 0.5
"""Seconds: a pause that ends sooner was QEMU's own."""

_MOST = 60
_APART = 5
"""Pixels between a line and its text."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A dashed line.

    :ivar at: seconds, negative, from now. `text`: empty where it would cover another one; `left`: it stands left of the line.
    """

    at: float
    text: str
    left: bool = False


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
    free_until = pixels
    for mark in reversed([mark for mark in recent if not _short(mark, recent)]):
        text = f"{name(mark.job)} {mark.word}" if mark.job else mark.word
        line, size = (mark.at - now) / window * pixels + pixels, width(text) + _APART
        left = line + size > free_until
        begin = line - size if left else line + _APART
        if begin < 0 or begin + size > free_until + _APART:
            found.append(Shown(mark.at - now, ""))
        else:
            free_until = begin - _APART
            found.append(Shown(mark.at - now, text, left))
    return found


def _short(mark: Mark, marks: Sequence[Mark]) -> bool:
    """Whether this is one half of a pause that QEMU made by itself."""
    other = {"paused": "resumed", "resumed": "paused"}.get(mark.word)
    return other is not None and any(
        each.word == other and each.job == mark.job and abs(each.at - mark.at) < _MOMENT for each in marks
    )
