"""Staying with a machine until something ends it."""

from __future__ import annotations

import asyncio

from diskchain.monitors.monitor import Unreachable
from diskchain.session.line import Link
from diskchain.session.session import Session
from diskchain.session.tasks import Tasks


class Stay:
    """Stays with a machine until the user interrupts, the line ends, or somebody says `leave`.

    :ivar lost: how the line ended, in one sentence; empty: it did not.
    """

    def __init__(self, session: Session) -> None:
        self.lost = ""
        self._session = session
        self._over = asyncio.Event()
        self._tasks = Tasks()

    def leave(self) -> None:
        """End it."""
        self._over.set()

    async def open(self) -> bool:
        """Open the session; False if somebody leaves meanwhile. :raises Unreachable: it cannot be opened."""
        self._session.link_changed.connect(self._look_at_link)
        opening = self._tasks.start(self._open(), "opening")
        over = self._tasks.start(self._over.wait(), "leaving")
        await asyncio.wait({opening, over}, return_when=asyncio.FIRST_COMPLETED)
        failure = opening.result() if opening.done() else None
        await self._tasks.end()
        if failure is not None:
            raise failure
        return not self._over.is_set()

    async def _open(self) -> Unreachable | None:
        try:
            await self._session.open()
        except Unreachable as failure:
            return failure
        return None

    async def until_over(self) -> None:
        """Wait for the end."""
        await self._over.wait()

    async def over_within(self, seconds: float) -> bool:
        """Wait for the end, but no longer than that. Whether it has come."""
        try:
            async with asyncio.timeout(seconds):
                await self._over.wait()
        except TimeoutError:
            return False
        return True

    def _look_at_link(self) -> None:
        if self._session.link in (Link.LOST, Link.ENDED) and not self._over.is_set():
            self.lost = self._session.link_text
            self._over.set()
