"""A real line on which the k-th changing command fails: the lowest seam at which a fault can be put in."""

from __future__ import annotations

from diskchain.monitors.monitor import Lost, Refused, Unanswered
from diskchain.qapi.command import Command
from tests.support.passing import PassingMonitor

FAULTS = ("refused", "lost", "unanswered")


class FailingMonitor(PassingMonitor):
    """Passes everything to QEMU but the k-th changing command (0 is the first).

    :ivar changing: the changing commands that came, the failed one included.
    """

    def __init__(self, target: str, fail: int | None, fault: str = "refused") -> None:
        super().__init__(target)
        self._fail, self._fault = fail, fault
        self.changing: list[str] = []

    async def execute(self, command: Command, limit: float | None = None) -> object:
        if not command.looks:
            self.changing.append(command.name)
            if len(self.changing) - 1 == self._fail:
                if self._fault == "refused":
                    raise Refused(command, "GenericError", "made to fail")
                if self._fault == "unanswered":
                    raise Unanswered(command, 600)
                await self.close()
                raise Lost("The line was cut.")
        return await super().execute(command, limit)


class CutOffMonitor(PassingMonitor):
    """Passes everything to QEMU; the line is cut right before a command of this name."""

    def __init__(self, target: str, before: str) -> None:
        super().__init__(target)
        self._before = before

    async def execute(self, command: Command, limit: float | None = None) -> object:
        if command.name == self._before:
            await self.close()
            raise Lost("The line was cut.")
        return await super().execute(command, limit)
