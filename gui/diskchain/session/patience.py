"""Waiting for what tells nothing by itself, and saying what is waited for."""

from __future__ import annotations

import asyncio

from diskchain.session.carriage import Carriage, Phase

PATIENCE = 0.5
"""Seconds between two looks at something that tells nothing by itself."""


class Patience:
    """The waiting of one operation: until it is woken, or for a moment."""

    def __init__(self, carriage: Carriage) -> None:
        self._carriage = carriage

    async def pause(self) -> None:
        """Until something is told, or for half a second."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self._carriage.wake.wait()
        except TimeoutError:
            pass
        self._carriage.wake.clear()

    def tell(self, waits: str) -> None:
        """Say what is waited for, where that is new."""
        if waits != self._carriage.waits:
            self._carriage.waits = waits
            self._carriage.show(Phase.RUNNING, waits)
