"""What sets the rate axis: a burst that is over does not flatten all else, but is cut off and told. Imported late, with numpy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BRIEF = 3.0
"""Seconds: what is higher than all else for no longer than that, and is over, is a burst (one answer makes 2 s of a curve)."""

_FAR = 3.0
"""How many times higher than all else it must be, so that not each ripple is cut off."""

_LEAST = 0.4
"""MiB per second below which all else is nothing that could be flattened."""


@dataclass(frozen=True, slots=True)
class Cut:
    """The top of a curve that the axis does not reach. `at`: seconds, negative, from now; `value`: MiB per second."""

    at: float
    value: float
    colour: str
    label: str = ""


def lasting(times: NDArray[np.float64], values: NDArray[np.float64]) -> float:
    """The highest value without a burst: what is reached for longer than `BRIEF`, or was in the last `BRIEF` seconds.

    :param times: seconds, negative, from now, rising; each value holds until the next one.
    """
    if not values.size:
        return 0.0
    order = np.argsort(values)[::-1]
    held = np.cumsum(np.diff(np.append(times, 0.0))[order])
    beyond = int(np.searchsorted(held, BRIEF, side="right"))
    kept = float(values[order[beyond]]) if beyond < order.size else 0.0
    recent = values[times >= -BRIEF]
    return max(kept, float(recent.max()) if recent.size else 0.0)


def reach(highest: float, calm: float) -> float:
    """What the axis must hold, in MiB per second: all of it, unless a burst stands far above all else.

    :param highest: of all curves. `calm`: the highest of them without bursts (see `lasting`).
    """
    return calm if calm >= _LEAST and highest > _FAR * calm else highest
