"""A line that hands everything on to a real one: the seam at which tests put in faults and meddling."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from diskchain.monitors.monitor import Direction
from diskchain.monitors.process import Process
from diskchain.monitors.qmp import QmpMonitor
from diskchain.qapi.command import Command
from diskchain.qapi.event import Event
from diskchain.signal import Signal


class PassingMonitor:
    """Does what the real line does."""

    def __init__(self, target: str) -> None:
        self._real = QmpMonitor(target)
        self.target, self.writable = target, True

    @property
    def greeting(self) -> Mapping[str, object]:
        return self._real.greeting

    @property
    def wire(self) -> Signal[Direction, Mapping[str, object], float]:
        return self._real.wire

    @property
    def process(self) -> Process | None:
        return self._real.process

    async def open(self) -> None:
        await self._real.open()

    async def execute(self, command: Command, limit: float | None = None) -> object:
        return await self._real.execute(command, limit)

    def events(self) -> AsyncIterator[Event]:
        return self._real.events()

    async def closed(self) -> str:
        return await self._real.closed()

    async def close(self) -> None:
        await self._real.close()
