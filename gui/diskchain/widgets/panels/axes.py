"""Round numbers for the axes of the plot."""

from __future__ import annotations

import math

MIB = 1 << 20
_ROUND = (12, 16, 20, 24, 32, 40, 60, 80, 100, 120)
_LEAST = 0.4
"""MiB per second: a plot of less would show noise."""

QUARTERS = 4
"""The rate axis has this many equal steps."""


def ceiling(highest: float, before: float = 0.0) -> float:
    """The end of the rate axis in MiB/s: a number whose quarters are round, a little above the highest value.

    :param before: the end so far; kept while what is shown fills between two fifths and all of it, so that the axis rests.
    """
    wanted = max(highest * 1.05, _LEAST)
    if before and 0.4 * before <= wanted <= before:
        return before
    scale = 10.0 ** (math.floor(math.log10(wanted)) - 1)
    return next(scale * number for number in _ROUND if scale * number >= wanted)


def rate_ticks(end: float) -> list[tuple[float, str]]:
    """Ticks of the rate axis, in MiB/s."""
    return [(value, f"{value:g}") for value in (round(end * part / QUARTERS, 6) for part in range(QUARTERS + 1))]


def time_steps(room: float, widest: float) -> int:
    """How many steps the time axis can have without labels that touch: five, two, or one.

    :param room: pixels of the axis. `widest`: pixels of its widest label, with the room between two.
    """
    return next((steps for steps in (5, 2) if room >= steps * widest), 1)


def time_ticks(window: float, steps: int = 5) -> list[tuple[float, str]]:
    """Ticks of the time axis: equal steps back from now."""
    unit, word = (60.0, "min") if window > 120 else (1.0, "s")
    ticks = [(-window * part / steps, f"-{window * part / steps / unit:g} {word}") for part in range(steps, 0, -1)]
    return [*ticks, (0.0, "now")]
