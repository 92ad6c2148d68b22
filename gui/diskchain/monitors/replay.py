"""A recording that answers as the machine did: a `Monitor` without QEMU."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from diskchain.model.state import Recorded as Moment
from diskchain.monitors.address import parse
from diskchain.monitors.ending import Word
from diskchain.monitors.monitor import Direction, Lost, Refused
from diskchain.monitors.process import Process
from diskchain.monitors.recorded import Recorded, read_recording
from diskchain.monitors.redact import redacted_command, redacted_reply
from diskchain.monitors.stream import EventStream, Fan
from diskchain.monitors.wire import Wire
from diskchain.qapi.command import Command
from diskchain.qapi.event import Event, event
from diskchain.signal import Signal

SEEK = "DISKCHAIN_SEEK"
"""Name of the event that a jump in time makes: whoever reads it must look at everything anew. Its data has `seconds`."""


class ReplayMonitor:
    """A recording, opened as a machine that can only be looked at. See `Monitor`.

    A query is answered with the latest reply that the recording holds at the position for the same command with the same
    arguments, else for the same query with other arguments; before the first reply, with the first.

    :ivar at: the position in seconds of the recording's own clock; None = the end.
    :ivar duration: seconds of the last line; 0 before `open`.
    :ivar pid: None, `process`: None: nobody is there. `ending`: `` or `closed`.
    """

    def __init__(self, target: str) -> None:
        """:raises Unreachable: with cause `address`."""
        self.target = target
        self.address = parse(target)
        self.writable = False
        self.greeting: Mapping[str, object] = {}
        self._wire = Wire()
        self.wire: Signal[Direction, Mapping[str, object], float] = self._wire
        self.pid: int | None = None
        self.process: Process | None = None
        self.ending: Word = ""
        self.at: float | None = None
        self.duration = 0.0
        self._recorded: Recorded | None = None
        self._events = Fan()
        self._over = asyncio.Event()

    @property
    def moment(self) -> Moment:
        """The moment whose answers are given."""
        began = self._recorded.began if self._recorded is not None else None
        return Moment(began, self.duration if self.at is None else self.at, last=self.at is None)

    async def open(self) -> None:
        """Read the file, off the thread. :raises Unreachable: missing, no rights, no recording; with the number of the line."""
        self._recorded = await asyncio.to_thread(read_recording, self.address.path)
        self.greeting, self.duration = self._recorded.greeting, self._recorded.duration

    async def execute(self, command: Command, limit: float | None = None) -> object:
        """Answer from the recording; see `Monitor`. :raises Refused: it is not in it, or would change something."""
        del limit  # A recording answers at once.
        if self.ending or self._recorded is None:
            raise Lost("The recording is closed." if self.ending else "The recording was never opened.")
        if not command.looks:
            raise Refused(command, "GenericError", "a recording is never changed")
        if command.name == "qmp_capabilities":
            return {}
        reply = self._recorded.answer(command, self.at)
        if reply is None:
            raise Refused(command, "CommandNotFound", f"the recording does not hold {command.name}")
        if "return" in reply:
            return reply["return"]
        error = reply.get("error")
        told = error if isinstance(error, Mapping) else {}
        raise Refused(command, str(told.get("class", "GenericError")), str(told.get("desc", "")))

    def events(self) -> EventStream:
        """Recorded events while `play` runs, and a `SEEK` for each jump."""
        return self._events.stream()

    async def seek(self, seconds: float | None) -> None:
        """Go to a position; None is the end. Outside of the recording is its nearest end."""
        self.at = None if seconds is None or seconds >= self.duration else max(0.0, seconds)
        self._events.tell(Event(SEEK, {"seconds": self.duration if self.at is None else self.at}, time.time()))

    async def play(self, speed: float = 1.0) -> None:
        """Go on from the position to the end as time goes by: events and wire as they were. Cancel it to stop there.

        :param speed: 2 is twice as fast; must be above 0.
        """
        if self._recorded is None:
            raise Lost("The recording was never opened.")
        loop = asyncio.get_running_loop()
        begin = 0.0 if self.at is None else self.at
        started = loop.time()
        for at, direction, told in self._recorded.lines(begin):
            wait = started + (at - begin) / speed - loop.time()
            # Also with nothing to wait for, others get their turn.
            await asyncio.sleep(max(0.0, wait))
            if self.ending:
                return
            self.at = at
            self._replay(direction, told)
        await self.seek(None)

    async def closed(self) -> str:
        """Wait until `close` is called."""
        await self._over.wait()
        return "The recording was closed."

    async def close(self) -> None:
        """Let go of the recording; harmless when already closed."""
        self.ending = "closed"
        self._events.end()
        self._over.set()

    def _replay(self, direction: Direction, told: Mapping[str, object]) -> None:
        if self._wire.listeners:
            shown = redacted_command(told) if direction == "send" else redacted_reply(told)
            self.wire.emit(direction, shown, time.monotonic())
        if direction == "recv" and "event" in told:
            self._events.tell(event(told))
