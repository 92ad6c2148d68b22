"""The line to one machine: connects, watches at the right pace, and comes back by itself where it was held before."""

from __future__ import annotations

import asyncio
import functools
import operator
import time
from collections.abc import Callable, Mapping
from enum import StrEnum

from diskchain.model.sample import Sample
from diskchain.model.state import State
from diskchain.monitors.monitor import Direction, Lost, Monitor, Unanswered, Unreachable
from diskchain.monitors.process import Process
from diskchain.qapi.event import Event
from diskchain.qapi.stale import Ask, stale
from diskchain.session.source import QmpSource
from diskchain.session.tasks import Tasks
from diskchain.signal import Relay, Signal

_MERGE = 0.01
"""Seconds at most in which events are gathered before one look, so that a burst does not queue queries. Where a look takes
QEMU less than four times as long, a quarter of that: one look too many costs little there, and waiting is seen.
"""
_SHORTEST = 0.002
"""Seconds. Timers of Qt go by milliseconds."""
_QUICK, _IDLE = 0.5, 2.0  # seconds between two measurements while a job runs, and where nothing moved at the last two
_TOGETHER = 0.2
"""Seconds by which a group may be asked before its time, because another is asked anyway."""
_UNSOUND = frozenset({"oversize", "garbage"})
"""Endings after which a new try would only bring the same."""
_BACK_OFF = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds between tries to come back; the last one goes on."""

_LAST_WORDS = 0.5
"""Seconds for the events that came before the line ended: why a machine ended is told there."""


class Link(StrEnum):
    """How the line to the machine stands."""

    CONNECTING = "connecting"
    LIVE = "live"
    LOST = "lost"
    FAILED = "failed"
    ENDED = "ended"


class Line:
    """Keeps a connection and looks through it.

    :param prepare: called with every new source before it is looked through; its answer is the first state.
    :param reconnect: whether to come back after a loss.
    :ivar link, text, since: how it stands, in one plain sentence, and since when (monotonic seconds).
    :ivar looked, sampled, event, wire: what every look, measurement, event and message on the line tells.
    """

    def __init__(
        self,
        target: str,
        monitors: Callable[[str], Monitor],
        prepare: Callable[[Monitor, QmpSource], object],
        reconnect: bool,
    ) -> None:
        self.target = target
        self.link, self.text, self.since = Link.CONNECTING, "", time.monotonic()
        self.sample_nodes = False
        self.changed: Signal[[]] = Signal()
        self.looked: Signal[State] = Signal()
        self.sampled: Signal[Sample, State] = Signal()
        self.event: Signal[Event] = Signal()
        self.wire: Relay[Direction, Mapping[str, object], float] = Relay()
        self._monitors, self._prepare, self._reconnect = monitors, prepare, reconnect
        self._monitor: Monitor | None = None
        self._source: QmpSource | None = None
        self._tasks = Tasks()
        self._wake, self._pending, self._how = asyncio.Event(), Ask(0), ""

    @property
    def monitor(self) -> Monitor | None:
        """The line itself; None before the first connection."""
        return self._monitor

    @property
    def process(self) -> Process | None:
        """What the kernel tells about the process at the other end; None where it does not."""
        return getattr(self._monitor, "process", None)

    async def open(self) -> None:
        """Connect, look for the first time, and go on watching. :raises Unreachable: with the reason in plain words."""
        try:
            await self._connect()
        except (Lost, Unanswered) as error:
            self._tell(Link.FAILED, str(error))
            raise Unreachable(str(error)) from error
        except Unreachable as error:
            self._tell(Link.FAILED, str(error))
            raise
        self._tasks.start(self._stay(), f"line to {self.target}")

    async def close(self) -> None:
        """Hang up."""
        await self._tasks.end()
        if self._monitor is not None:
            await self._monitor.close()
        if self.link is not Link.FAILED:
            self._tell(Link.ENDED, "Closed.")

    def live(self) -> tuple[Monitor, QmpSource]:
        """The open connection. :raises Lost: there is none."""
        if self._monitor is None or self._source is None or self.link is not Link.LIVE:
            raise Lost(f"The line to {self.target} {f'was lost. {self._how}' if self._how else 'is not open.'}")
        return self._monitor, self._source

    async def look(self, ask: Ask) -> State:
        """Look now. :raises Lost: the line broke. :raises Unanswered: no answer in time."""
        _, source = self.live()
        state = await source.look(ask)
        self.looked.emit(state)
        return state

    def look_soon(self) -> None:
        """Have everything looked at anew as soon as may be."""
        self._pending |= Ask.WHOLE
        self._wake.set()

    async def _connect(self) -> None:
        monitor = self._monitors(self.target)
        self.wire.follow(monitor.wire)
        try:
            await monitor.open()
            source = QmpSource(monitor)
            self._monitor, self._source, self._how = monitor, source, ""
            done = self._prepare(monitor, source)
            if asyncio.iscoroutine(done):
                await done
        except BaseException:
            self.wire.follow(None)
            await monitor.close()
            raise
        self._tell(Link.LIVE, "")
        self.looked.emit(source.state)

    async def _stay(self) -> None:
        """Watch until the line ends; then try to come back, if it was a line that we held."""
        while True:
            how = self._how = await self._watch()
            if self._monitor is not None and not self._monitor.writable:
                self._tell(Link.ENDED, "The recording has ended.")
                return
            if getattr(self._monitor, "ending", "") in _UNSOUND:
                self._tell(Link.FAILED, how)
                return
            self._tell(Link.LOST if self._reconnect else Link.ENDED, how)
            if not self._reconnect or not await self._come_back():
                return

    async def _watch(self) -> str:
        monitor, source = self.live()
        watching = Tasks()
        listening = watching.start(self._listen(monitor), f"events of {self.target}")
        if monitor.writable:  # a recording stands still: one look is all, and there is nothing to measure
            watching.start(self._look_on(source), f"looks at {self.target}")
        try:
            how = await monitor.closed()
            await asyncio.wait({listening}, timeout=_LAST_WORDS)
            return how
        finally:
            await watching.end()
            await monitor.close()

    async def _come_back(self) -> bool:
        number = 0
        while True:
            await asyncio.sleep(_BACK_OFF[min(number, len(_BACK_OFF) - 1)])
            number += 1
            try:
                await self._connect()
            except Unreachable as error:
                if error.cause == "taken":
                    self._tell(Link.FAILED, str(error))
                    return False
            except (Lost, Unanswered):
                continue
            else:
                return True

    async def _listen(self, monitor: Monitor) -> None:
        async for event in monitor.events():
            self._pending |= stale(event)
            if self._pending:
                self._wake.set()
            self.event.emit(event)

    async def _look_on(self, source: QmpSource) -> None:
        while True:
            await self._until_due(source)
            ask = self._due(source)
            self._pending &= ~ask
            try:
                if ask & Ask.WHOLE:
                    self.looked.emit(await source.look(ask & Ask.WHOLE, self.looked.emit))
                if ask & Ask.COUNTERS:
                    self.sampled.emit(await source.sample(self.sample_nodes), source.state)
            except Unanswered as error:
                self._tell(self.link, str(error))
            except Lost:
                return
            else:
                if self.text:
                    self._tell(self.link, "")

    async def _until_due(self, source: QmpSource) -> None:
        while (wait := min(self._next_due(source, ask) for ask in source.paces) - time.monotonic()) > 0:
            try:
                async with asyncio.timeout(wait):
                    await self._wake.wait()
                pause = min(_MERGE, source.paces[Ask.NODES].cost / 4)
                await asyncio.sleep(pause if pause > _SHORTEST else 0)
            except TimeoutError:
                pass
            self._wake.clear()

    def _next_due(self, source: QmpSource, ask: Ask) -> float:
        """When a group is due; what an event made stale, soon. Counters go slower where all rests, jobs where none runs.

        A shape that changed wants details, so it waits for them where they are dear.
        """
        pace, wished = source.paces[ask], None
        if source.job_runs:
            wished = _QUICK if ask is Ask.COUNTERS else None
        elif ask is Ask.JOBS or (ask is Ask.COUNTERS and source.idle):
            wished = _IDLE
        moment = min(pace.due(wished), pace.soon()) if ask in self._pending else pace.due(wished)
        return max(moment, source.paces[Ask.NODES].soon()) if ask is Ask.SHAPE else moment

    def _due(self, source: QmpSource) -> Ask:
        """What is due now; and with it what will be in a moment, so that there are fewer looks of more groups."""
        now = time.monotonic()
        times = {group: self._next_due(source, group) for group in source.paces}
        until = now + _TOGETHER if min(times.values()) <= now else now
        return functools.reduce(operator.or_, (group for group in times if times[group] <= until), Ask(0))

    def _tell(self, link: Link, text: str) -> None:
        if link is not self.link:
            self.since = time.monotonic()
        self.link, self.text = link, text
        self.changed.emit()
