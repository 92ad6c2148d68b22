"""Which parts of a disk hold something: runs of bytes, and a picture of them in one line."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

_SHADES = " ▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class Extents:
    """The filled parts of a disk of `size` bytes: (begin, end) in bytes, in order, none touching the next."""

    size: int
    filled: tuple[tuple[int, int], ...] = ()

    @property
    def bytes(self) -> int:
        """How many bytes are filled."""
        return sum(end - begin for begin, end in self.filled)


def joined(size: int, runs: list[tuple[int, bool]]) -> Extents:
    """Extents from (length, filled) runs that follow each other."""
    filled: list[tuple[int, int]] = []
    at = 0
    for length, full in runs:
        if full and filled and filled[-1][1] == at:
            filled[-1] = (filled[-1][0], at + length)
        elif full:
            filled.append((at, at + length))
        at += length
    return Extents(size, tuple(filled))


def shares(extents: Extents, cells: int) -> list[float]:
    """How much of each of so many equal cells of the disk is filled, 0 to 1."""
    if not extents.size or cells <= 0:
        return [0.0] * max(cells, 0)
    edges = [extents.size * number / cells for number in range(cells + 1)]
    found = [0.0] * cells
    for begin, end in extents.filled:
        first = min(int(begin * cells / extents.size), cells - 1)
        last = min(int((end - 1) * cells / extents.size), cells - 1)
        for cell in range(first, last + 1):
            found[cell] += max(0.0, min(end, edges[cell + 1]) - max(begin, edges[cell]))
    return [min(part / (high - low), 1.0) for part, (low, high) in zip(found, pairwise(edges), strict=True)]


def strip(extents: Extents, cells: int) -> str:
    """The disk in one line of so many signs, the fuller the higher; the least part shows."""
    return "".join(
        _SHADES[0 if not part else max(1, round(part * (len(_SHADES) - 1)))] for part in shares(extents, cells)
    )
