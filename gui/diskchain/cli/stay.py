"""Staying with a machine until something ends it."""

from __future__ import annotations

import asyncio

from diskchain.session.line import Link
from diskchain.session.session import Session


class Stay:
    """Stays with a machine until the user interrupts, the line ends, or somebody says `leave`.

    :ivar lost: how the line ended, in one sentence; empty: it did not.
    """

    def __init__(self, session: Session) -> None:
        self.lost = ""
        self._session = session
        self._over = asyncio.Event()
        self._opening: asyncio.Task[object] | None = None

    def leave(self) -> None:
        """End it."""
        self._over.set()
        if self._opening is not None:
            self._opening.cancel()

    async def open(self) -> bool:
        """Open the session; False if the user interrupts meanwhile. :raises Unreachable: it cannot be opened."""
        self._opening = asyncio.current_task()
        self._session.link_changed.connect(self._look_at_link)
        try:
            await self._session.open()
        except asyncio.CancelledError:
            if not self._over.is_set():
                raise
        finally:
            self._opening = None
        return not self._over.is_set()

    async def until_over(self) -> None:
        """Wait for the end."""
        await self._over.wait()

    def _look_at_link(self) -> None:
        if self._session.link in (Link.LOST, Link.ENDED) and not self._over.is_set():
            self.lost = self._session.link_text
            self._over.set()
