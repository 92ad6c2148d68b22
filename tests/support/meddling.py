"""A real line on which a test may do something right before or after a command of ours goes over it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from diskchain.qapi.command import Command
from tests.support.passing import PassingMonitor

Act = Callable[[], object]


class MeddlingMonitor(PassingMonitor):
    """Passes everything to QEMU; `before` and `after` name a command and what is done, once, around its first sending."""

    def __init__(
        self, target: str, before: Mapping[str, Act] | None = None, after: Mapping[str, Act] | None = None
    ) -> None:
        super().__init__(target)
        self._before, self._after = dict(before or {}), dict(after or {})
        self.asked: list[str] = []

    async def execute(self, command: Command, limit: float | None = None) -> object:
        self.asked.append(command.name)
        act = self._before.pop(command.name, None)
        if act is not None:
            await asyncio.to_thread(act)
        try:
            return await super().execute(command, limit)
        finally:
            act = self._after.pop(command.name, None)
            if act is not None:
                await asyncio.to_thread(act)
