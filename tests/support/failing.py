"""A real line on which the k-th changing command fails: the lowest seam at which a fault can be put in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from diskchain.monitors.monitor import Direction, Lost, Refused, Unanswered
from diskchain.monitors.process import Process
from diskchain.monitors.qmp import QmpMonitor
from diskchain.qapi.command import Command
from diskchain.qapi.event import Event
from diskchain.signal import Signal

FAULTS = ("refused", "lost", "unanswered")


class FailingMonitor:
    """Passes everything to QEMU but the k-th changing command (0 is the first).

    :ivar changing: the changing commands that came, the failed one included.
    """

    def __init__(self, target: str, fail: int | None, fault: str = "refused") -> None:
        self._real = QmpMonitor(target)
        self.target, self.writable = target, True
        self._fail, self._fault = fail, fault
        self.changing: list[str] = []

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
        if not command.looks:
            self.changing.append(command.name)
            if len(self.changing) - 1 == self._fail:
                if self._fault == "refused":
                    raise Refused(command, "GenericError", "made to fail")
                if self._fault == "unanswered":
                    raise Unanswered(command, 600)
                await self._real.close()
                raise Lost("The line was cut.")
        return await self._real.execute(command, limit)

    def events(self) -> AsyncIterator[Event]:
        return self._real.events()

    async def closed(self) -> str:
        return await self._real.closed()

    async def close(self) -> None:
        await self._real.close()
