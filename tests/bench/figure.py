"""What a benchmark tells: one JSON object a line on stdout, and on stderr what missed its target."""

from __future__ import annotations

import json
import os
import re
import statistics
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MILLI = 1000.0
_TARGET = re.compile(r"(ratio )?(<=|>=) ([0-9.]+)")


@dataclass(frozen=True)
class Figure:
    """One measured figure.

    :ivar peer: the same thing in the same unit, measured in the same run, of somebody else; None: there is nobody.
    :ivar target: what it must reach: `<= 16`, `>= 3` or `ratio <= 1`; empty: it is only told.
    :ivar against: who the peer is, in a few words.
    """

    name: str
    value: float
    unit: str
    target: str = ""
    peer: float | None = None
    against: str = ""

    @property
    def ratio(self) -> float | None:
        """The value as a multiple of the peer's."""
        return self.value / self.peer if self.peer else None

    @property
    def met(self) -> bool:
        """Whether the target is reached; true where there is none."""
        if not self.target:
            return True
        told = _TARGET.fullmatch(self.target)
        if told is None:
            raise ValueError(f"not a target: {self.target}")
        figure = self.ratio if told[1] else self.value
        limit = float(told[3])
        return figure is not None and (figure <= limit if told[2] == "<=" else figure >= limit)

    def line(self) -> str:
        """The figure as one line of JSON."""
        return json.dumps({
            "name": self.name,
            "value": _short(self.value),
            "unit": self.unit,
            "peer": _short(self.peer),
            "ratio": _short(self.ratio),
            "target": self.target or None,
            "met": self.met,
            "against": self.against or None,
        })  # fmt: skip


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")


def tell(figures: Iterable[Figure]) -> None:
    """Print each figure as soon as it is known; a missed target is named on stderr too."""
    for figure in figures:
        print(figure.line(), flush=True)
        if not figure.met:
            print(f"missed: {figure.name}: {figure.value:.4g} {figure.unit}, wanted {figure.target}", file=sys.stderr)


def rounds(usual: int) -> int:
    """How often to repeat: `DISKCHAIN_BENCH_ROUNDS` says a percentage of the usual number; at least 3."""
    return max(3, usual * int(os.environ.get("DISKCHAIN_BENCH_ROUNDS", "100")) // 100)


def median(values: Sequence[float]) -> float:
    """The middle one."""
    return statistics.median(values)


def percentile(values: Sequence[float], part: float) -> float:
    """The value that `part` (0 to 1) of all values do not pass."""
    ordered = sorted(values)
    return ordered[min(round(part * (len(ordered) - 1)), len(ordered) - 1)]
