"""A line to nobody: answers queries from a table, at the lowest seam, and notes what was asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

from diskchain.monitors.monitor import Direction, Lost, Refused
from diskchain.qapi.command import Command
from diskchain.qapi.event import Event
from diskchain.signal import Signal

Answer = Callable[[Command], object]


class ScriptedMonitor:
    """A monitor whose answers are a test's.

    :ivar answers: command name -> the answer, a function of the command that gives it, or an exception to raise. What is not
        there is refused.
    :ivar seconds: command name -> how long its answer takes.
    :ivar asked: names of the commands that came, in order.
    """

    def __init__(self, answers: Mapping[str, object] | None = None) -> None:
        self.target, self.writable = "scripted", True
        self.greeting: Mapping[str, object] = {"QMP": {"version": {"qemu": {"major": 9, "minor": 0, "micro": 0}}}}
        self.wire: Signal[Direction, Mapping[str, object], float] = Signal()
        self.answers: dict[str, object] = dict(answers or {})
        self.seconds: dict[str, float] = {}
        self.asked: list[str] = []
        self._events: asyncio.Queue[Event | None] = asyncio.Queue()
        self._end: asyncio.Future[str] | None = None

    async def open(self) -> None:
        self._end = asyncio.get_running_loop().create_future()

    async def execute(self, command: Command, limit: float | None = None) -> object:
        if self._end is None or self._end.done():
            raise Lost("The line is not open.")
        self.asked.append(command.name)
        await asyncio.sleep(self.seconds.get(command.name, 0))
        if command.name not in self.answers:
            raise Refused(command, "CommandNotFound", f"The command {command.name} has not been found")
        answer = self.answers[command.name]
        if isinstance(answer, Exception):
            raise answer
        return answer(command) if callable(answer) else answer

    def tell(self, name: str, **data: object) -> None:
        """Send an event."""
        self._events.put_nowait(Event(name, data))

    async def events(self) -> AsyncIterator[Event]:
        while (event := await self._events.get()) is not None:
            yield event

    def end(self, how: str = "QEMU has ended.") -> None:
        """Break the line."""
        if self._end is not None and not self._end.done():
            self._end.set_result(how)
        self._events.put_nowait(None)

    async def closed(self) -> str:
        assert self._end is not None, "the line was never opened"
        return await asyncio.shield(self._end)

    async def close(self) -> None:
        self.end("Closed.")
