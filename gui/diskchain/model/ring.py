"""A ring of measurements whose newest part is always one piece of memory."""

from __future__ import annotations

from array import array


class Ring:
    """The last `capacity` pairs of (seconds, value), oldest first, without copying and without growing.

    Each number is written twice, `capacity` apart, so that the window is one contiguous slice wherever the ring stands;
    a plot can use it in place.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._times = array("d", bytes(16 * capacity))
        self._values = array("d", bytes(16 * capacity))
        self._next = 0
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def append(self, at: float, value: float) -> None:
        """Add a pair; the oldest one falls out when the ring is full."""
        for where in (self._next, self._next + self._capacity):
            self._times[where] = at
            self._values[where] = value
        self._next = (self._next + 1) % self._capacity
        self._count = min(self._count + 1, self._capacity)

    @property
    def last(self) -> tuple[float, float] | None:
        """The newest pair."""
        if not self._count:
            return None
        where = self._next + self._capacity - 1
        return self._times[where], self._values[where]

    def view(self) -> tuple[memoryview, memoryview]:
        """Seconds and values, oldest first: read-only windows on the ring itself, good until the next `append`."""
        end = self._next + self._capacity
        start = end - self._count
        return (
            memoryview(self._times)[start:end].toreadonly(),
            memoryview(self._values)[start:end].toreadonly(),
        )
