"""Events of one line, for several readers: each has a bounded queue of its own."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from weakref import WeakSet

from diskchain.qapi.event import Event

OVERFLOW = "DISKCHAIN_OVERFLOW"
"""Name of the event that stands for those that were dropped: whoever reads it must look at everything anew."""
CAPACITY = 1000
"""Events that may wait for one reader."""
_STORMS = frozenset({"BLOCK_JOB_ERROR", "BLOCK_IO_ERROR", "BLOCK_IMAGE_CORRUPTED"})
"""Sent for each failed request, 165 a second were seen; a second one that says the same tells nothing new."""


class EventStream:
    """Events for one reader, in order, from the moment it was made. Ends when the line does.

    Where more than `CAPACITY` events wait, all that wait are dropped and one `OVERFLOW` event stands in their place; its
    data has `dropped`, their number.
    """

    def __init__(self) -> None:
        self._waiting: deque[Event] = deque()
        self._news = asyncio.Event()
        self._ended = False

    def put(self, told: Event) -> None:
        """Add an event; never waits."""
        if told.name in _STORMS and any(told.name == other.name and told.data == other.data for other in self._waiting):
            return
        if len(self._waiting) >= CAPACITY:
            dropped = len(self._waiting)
            if self._waiting[0].name == OVERFLOW:
                earlier = self._waiting[0].data["dropped"]
                dropped += earlier - 1 if isinstance(earlier, int) else 0
            self._waiting.clear()
            self._waiting.append(Event(OVERFLOW, {"dropped": dropped}, told.at))
        self._waiting.append(told)
        self._news.set()

    def end(self) -> None:
        """Let the reader have what waits, then stop it."""
        self._ended = True
        self._news.set()

    def __aiter__(self) -> AsyncIterator[Event]:
        return self

    async def __anext__(self) -> Event:
        while not self._waiting:
            if self._ended:
                raise StopAsyncIteration
            self._news.clear()
            await self._news.wait()
        return self._waiting.popleft()


class Fan:
    """Hands each event to every stream that somebody still holds."""

    def __init__(self) -> None:
        self._streams: WeakSet[EventStream] = WeakSet()
        self._ended = False

    def stream(self) -> EventStream:
        """A new stream; it ends at once where the line has ended already."""
        stream = EventStream()
        if self._ended:
            stream.end()
        self._streams.add(stream)
        return stream

    def tell(self, told: Event) -> None:
        """Put an event into every stream."""
        for stream in tuple(self._streams):
            stream.put(told)

    def end(self) -> None:
        """End every stream, and those that are asked for later."""
        self._ended = True
        for stream in tuple(self._streams):
            stream.end()
