"""Which events are drawn on the time axis, and with which words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from diskchain.model.annals import ENDINGS
from diskchain.model.measured import Mark

_MOMENT = 0.5
"""Seconds: a pause that ends sooner was QEMU's own."""

_MOST = 60
ROWS = 2
"""Lines of words above the curves."""
_APART = 5
"""Pixels between a line and its text."""
_CLEAR = 2
"""Pixels between a text and the line of another mark."""
_ONE = 12
"""Pixels within which start and end of a job are one line: side by side their words would not say which came first."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A dashed line.

    :ivar at: seconds, negative, from now. `words`: what happened. `text`: the same, empty where there is no room for it.
    :ivar left: the text stands left of the line. `row`: counted from the top.
    """

    at: float
    words: str
    text: str = ""
    left: bool = False
    row: int = 0


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a text stands, in pixels from the left, and its line, which runs down from the text's row."""

    row: int
    begin: float
    end: float
    line: float

    def meets(self, other: _Place) -> bool:
        """Whether two texts touch, or the line of one runs through the other one."""
        if self.row == other.row and self.begin - _APART < other.end and other.begin - _APART < self.end:
            return True
        return self._crosses(other) or other._crosses(self)

    def _crosses(self, other: _Place) -> bool:
        return self.row <= other.row and other.begin - _CLEAR <= self.line <= other.end + _CLEAR


def shown_marks(
    marks: Sequence[Mark],
    now: float,
    window: float,
    name: Callable[[str], str],
    width: Callable[[str], float],
    pixels: float,
) -> list[Shown]:
    """The marks inside the window, the newest first; the text of an older one gives way to texts and lines of newer ones.

    :param name: job id -> its short name. `width`: pixels of a text. `pixels`: width of the plot.
    """
    recent = [mark for mark in marks if now - window <= mark.at <= now][-_MOST:]
    recent = _joined(recent, _ONE * window / max(pixels, 1.0))
    found: list[Shown] = []
    taken: list[_Place] = []
    for mark in reversed([mark for mark in recent if not _short(mark, recent)]):
        words, at = f"{name(mark.job)} {mark.word}" if mark.job else mark.word, mark.at - now
        line, size = at / window * pixels + pixels, width(words)
        place = next((place for place in _places(line, size, pixels) if not any(map(place.meets, taken))), None)
        if place is None:
            found.append(Shown(at, words))
        else:
            taken.append(place)
            found.append(Shown(at, words, words, place.begin < line, place.row))
    return found


def _joined(marks: Sequence[Mark], near: float) -> list[Mark]:
    """The marks, with the start of a job that ended so many seconds later told with its end."""
    found: list[Mark] = []
    for mark in marks:
        begun = next((each for each in reversed(found) if each.job == mark.job and each.word == "started"), None)
        if begun is None or mark.word not in ENDINGS or mark.at - begun.at > near:
            found.append(mark)
        else:
            found.remove(begun)
            found.append(replace(mark, word=f"started, {mark.word}"))
    return found


def _places(line: float, size: float, pixels: float) -> Iterator[_Place]:
    """Where a text of this size may stand: at the right of its line or at its left, in each row."""
    for row in range(ROWS):
        for begin in (line + _APART, line - _APART - size):
            if begin >= 0 and begin + size <= pixels:
                yield _Place(row, begin, begin + size, line)


def _short(mark: Mark, marks: Sequence[Mark]) -> bool:
    """Whether this is one half of a pause that QEMU made by itself."""
    other = {"paused": "resumed", "resumed": "paused"}.get(mark.word)
    return other is not None and any(
        each.word == other and each.job == mark.job and abs(each.at - mark.at) < _MOMENT for each in marks
    )
