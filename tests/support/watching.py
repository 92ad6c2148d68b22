"""Waiting until a session shows something."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from diskchain.model.state import State
from diskchain.session.session import Session


async def until(session: Session, done: Callable[[State], object], limit: float = 10) -> float:
    """Wait until the state shows something; gives how many seconds it took."""
    start = time.monotonic()
    seen = asyncio.Event()
    disconnect = session.changed.connect(lambda *_: seen.set())
    try:
        while session.state is None or not done(session.state):
            seen.clear()
            async with asyncio.timeout(start + limit - time.monotonic()):
                await seen.wait()
    finally:
        disconnect()
    return time.monotonic() - start
