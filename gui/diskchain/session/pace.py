"""How often each group of queries may be asked, so that watching costs QEMU's main loop about 2 % in all."""

from __future__ import annotations

from collections import deque

SHARE = 50
"""A group's interval is at least this many times its measured answer time: 1 / 50 = 2 % of QEMU's main loop. The dear groups have
more than that each, so that the sum stays there too.
"""

BURST = 10
"""Askings that events may bring about in a row, at once; then only as many as the share allows."""

_SAVING = 1.25
"""How much longer the intervals are until the credit is whole again."""


class Pace:
    """One group of queries: its wished interval, its measured answer time, and when it is due.

    :param wished: seconds between two askings where QEMU answers quickly.
    :param share: the interval is at least so many times the answer time.
    """

    def __init__(self, wished: float, share: float = SHARE) -> None:
        self.wished, self.share = wished, share
        self._credit = float(BURST)
        self._costs: deque[float] = deque(maxlen=5)
        self._asked = float("-inf")

    @property
    def cost(self) -> float:
        """Answer time in seconds: the least of the last five, since load on our side only ever adds."""
        return min(self._costs, default=0.0)

    def asked(self, at: float, seconds: float) -> None:
        """Note that the group was asked at a moment of the monotonic clock, and how long the answers took."""
        interval = self.share * self.cost
        earned = (at - self._asked) / interval if interval else BURST
        self._credit = max(min(self._credit + earned, BURST) - 1, 0.0)
        self._asked = at
        self._costs.append(seconds)

    def due(self, wished: float | None = None) -> float:
        """The moment of the monotonic clock from which it may be asked again; `wished` overrides the usual interval.

        After a burst a part of the share is saved, so that in a while an event is looked after at once again.
        """
        saving = 1.0 if self._credit >= BURST - 1 else _SAVING
        return self._asked + max(self.wished if wished is None else wished, saving * self.share * self.cost)

    def soon(self) -> float:
        """The moment from which it may be asked because of an event: at once, but not without end."""
        return self._asked + max(1 - self._credit, 0.0) * self.share * self.cost
