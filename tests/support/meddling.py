"""A real line on which a test may do something right before or after a command of ours goes over it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

from diskchain.monitors.monitor import Direction
from diskchain.monitors.process import Process
from diskchain.monitors.qmp import QmpMonitor
from diskchain.qapi.command import Command
from diskchain.qapi.event import Event
from diskchain.signal import Signal

Act = Callable[[], object]


class MeddlingMonitor:
    """Passes everything to QEMU; `before` and `after` name a command and what is done, once, around its first sending."""

    def __init__(
        self, target: str, before: Mapping[str, Act] | None = None, after: Mapping[str, Act] | None = None
    ) -> None:
        self._real = QmpMonitor(target)
        self.target, self.writable = target, True
        self._before, self._after = dict(before or {}), dict(after or {})
        self.asked: list[str] = []

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
        self.asked.append(command.name)
        act = self._before.pop(command.name, None)
        if act is not None:
            await asyncio.to_thread(act)
        try:
            return await self._real.execute(command, limit)
        finally:
            act = self._after.pop(command.name, None)
            if act is not None:
                await asyncio.to_thread(act)

    def events(self) -> AsyncIterator[Event]:
        return self._real.events()

    async def closed(self) -> str:
        return await self._real.closed()

    async def close(self) -> None:
        await self._real.close()
