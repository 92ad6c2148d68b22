"""How often each group of queries may be asked, so that watching costs QEMU's main loop at most 2 %."""

from __future__ import annotations

from collections import deque

SHARE = 50
"""A group's interval is at least this many times its measured answer time: 1 / 50 = 2 % of QEMU's main loop."""


class Pace:
    """One group of queries: its wished interval, its measured answer time, and when it is due.

    :param wished: seconds between two askings where QEMU answers quickly.
    """

    def __init__(self, wished: float) -> None:
        self.wished = wished
        self._costs: deque[float] = deque(maxlen=5)
        self._asked = float("-inf")

    @property
    def cost(self) -> float:
        """Answer time in seconds: the least of the last five, since load on our side only ever adds."""
        return min(self._costs, default=0.0)

    def asked(self, at: float, seconds: float) -> None:
        """Note that the group was asked at a moment of the monotonic clock, and how long the answers took."""
        self._asked = at
        self._costs.append(seconds)

    def due(self, wished: float | None = None) -> float:
        """The moment of the monotonic clock from which it may be asked again; `wished` overrides the usual interval."""
        return self._asked + max(self.wished if wished is None else wished, SHARE * self.cost)
