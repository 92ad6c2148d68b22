"""One machine watched: keeps its state fresh, tells what changed, and carries operations out."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path

from diskchain.model.diff import Diff, diff
from diskchain.model.ledger import Ledger, LedgerEntry
from diskchain.model.sample import Sample
from diskchain.model.state import Machine, State
from diskchain.model.throughput import Meter
from diskchain.monitors.monitor import Direction, Lost, Monitor, Unanswered, Unreachable
from diskchain.monitors.open import monitor_for
from diskchain.monitors.process import Process
from diskchain.monitors.recording import Recorder
from diskchain.operations import catalog
from diskchain.operations.operation import Drag, Offer, Operation
from diskchain.operations.preview import Preview, prepare
from diskchain.qapi.command import Command
from diskchain.qapi.event import Event
from diskchain.qapi.stale import Ask, stale
from diskchain.session.carriage import OVER, Carriage
from diskchain.session.happening import Happening, from_event, from_states
from diskchain.session.journal import Journal, default_journal
from diskchain.session.operator import QmpOperator
from diskchain.session.source import QmpSource
from diskchain.session.surroundings import Around, gather, time_stamp
from diskchain.session.tasks import Tasks
from diskchain.signal import Signal

_MERGE = 0.01
"""Seconds in which events are gathered before one look, so that a burst does not queue queries."""
_BACK_OFF = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)
_LIBVIRT_NODE = re.compile(r"libvirt-\d+-(format|storage)")


class Link(StrEnum):
    """How the line to the machine stands."""

    CONNECTING = "connecting"
    LIVE = "live"
    LOST = "lost"
    FAILED = "failed"
    ENDED = "ended"


class Session:
    """One machine. Only the session's own looks set `state`.

    :ivar state: replaced whole; None before the first look. `looked_at`: monotonic time of the last good look.
    :ivar link: how the line stands; `link_text`: one plain sentence about it; `link_since`: monotonic.
    :ivar read_only: why nothing may be changed here; empty: it may.
    :ivar changed: (state, diff) after every look that found something; the first time the difference is to an empty state.
    :ivar sampled, happened, event, wire: measurements, marks, events, and everything that goes over the line (secrets blanked).
    :ivar carriages: the operations under way and those that ended since the session began.
    """

    def __init__(
        self,
        target: str,
        monitors: Callable[[str], Monitor] = monitor_for,
        journal: Journal | None = None,
        reconnect: bool = True,
    ) -> None:
        self.target = target
        self.state: State | None = None
        self.link, self.link_text, self.link_since = Link.CONNECTING, "", time.monotonic()
        self.looked_at = 0.0
        self.read_only = ""
        self.ledger, self.meter = Ledger(), Meter()
        self.carriages: tuple[Carriage, ...] = ()
        self.others: Callable[[], Mapping[str, State]] = dict
        self.changed: Signal[State, Diff] = Signal()
        self.sampled: Signal[Sample] = Signal()
        self.happened: Signal[Happening] = Signal()
        self.event: Signal[Event] = Signal()
        self.link_changed: Signal[[]] = Signal()
        self.ledger_changed: Signal[[]] = Signal()
        self.carriage_changed: Signal[Carriage] = Signal()
        self.wire: Signal[Direction, Mapping[str, object], float] = Signal()
        self.sample_nodes = False
        self._monitors, self._journal, self._reconnect = monitors, journal or default_journal(), reconnect
        self._monitor: Monitor | None = None
        self._source: QmpSource | None = None
        self._recorder: Recorder | None = None
        self._tasks = Tasks()
        self._wake, self._pending = asyncio.Event(), Ask(0)
        self._serial = 0
        self._process: Process | None = None
        self._own_jobs: frozenset[str] = frozenset()
        self._unwire: Callable[[], None] = lambda: None

    # Opening and closing

    async def open(self) -> None:
        """Connect, look for the first time, and go on watching. :raises Unreachable: with the reason in plain words."""
        try:
            await self._connect()
        except (Lost, Unanswered) as error:
            self._told(Link.FAILED, str(error))
            raise Unreachable(str(error)) from error
        except Unreachable as error:
            self._told(Link.FAILED, str(error))
            raise
        self._tasks.start(self._stay(), f"line to {self.target}")

    async def close(self) -> None:
        """Hang up. Jobs of ours go on."""
        for carriage in self.carriages:
            if carriage.phase not in OVER:
                carriage.leave()
        await self.stop_recording()
        await self._tasks.end()
        if self._monitor is not None:
            await self._monitor.close()
        if self.link is not Link.FAILED:
            self._told(Link.ENDED, "Closed.")

    async def _connect(self) -> None:
        monitor = self._monitors(self.target)
        self._unwire = monitor.wire.connect(self.wire.emit)
        try:
            await monitor.open()
            self._monitor, self._source = monitor, QmpSource(monitor)
            self._process = getattr(monitor, "process", None)
            await self._begin(self._source)
        except BaseException:
            self._unwire()
            await monitor.close()
            raise

    async def _begin(self, source: QmpSource) -> None:
        process = self._process
        managed = process.managed if process else ""
        entries = await asyncio.to_thread(self._journal.images)
        for entry in entries:
            self.ledger.note(entry)
        if self._qemu is not None:
            self._own_jobs = await asyncio.to_thread(self._journal.jobs_of, self._qemu)
        name = process.guest if process and process.guest else Path(self.target).name
        machine = Machine(name=name, target=self.target, managed=managed, pid=process.pid if process else None)
        state = await source.begin(machine)
        if not managed and any(_LIBVIRT_NODE.fullmatch(node) for node in state.graph.nodes):
            managed = "libvirt"
            source.renamed(replace(state.machine, managed=managed))
        self.read_only = self._why_not(managed)
        self._told(Link.LIVE, "")
        self._take(source.state)

    def _why_not(self, managed: str) -> str:
        if self._monitor is not None and not self._monitor.writable:
            return "This is a recording: it can be looked at, and is never changed."
        if managed:
            return f"{managed} manages this machine and would lose track of its disks: it is only looked at here."
        return ""

    async def _stay(self) -> None:
        """Watch until the line ends; then try to come back, if it was a line that we held."""
        while True:
            how = await self._watch_line()
            self._unwire()
            if self._monitor is not None and not self._monitor.writable:
                self._told(Link.ENDED, "The recording has ended.")
                return
            self._told(Link.LOST if self._reconnect else Link.ENDED, how)
            if not self._reconnect or not await self._come_back():
                return

    async def _watch_line(self) -> str:
        monitor = self._monitor
        if monitor is None:
            raise RuntimeError("watching without a line")
        watching = Tasks()
        watching.start(self._listen(monitor), f"events of {self.target}")
        watching.start(self._look_on(), f"looks at {self.target}")
        try:
            return await monitor.closed()
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
                    self._told(Link.FAILED, str(error))
                    return False
            except (Lost, Unanswered):
                continue
            else:
                return True

    # Looking

    async def _listen(self, monitor: Monitor) -> None:
        async for event in monitor.events():
            happening = from_event(event)
            if happening is not None:
                self._mark(happening)
            self._pending |= stale(event)
            if self._pending:
                self._wake.set()
            self.event.emit(event)

    async def _look_on(self) -> None:
        source = self._source
        if source is None:
            raise RuntimeError("looking without a source")
        while True:
            await self._until_due(source)
            ask = self._pending | self._due(source)
            self._pending = Ask(0)
            try:
                if ask & Ask.WHOLE:
                    self._take(await source.look(ask & Ask.WHOLE))
                if ask & Ask.COUNTERS:
                    sample = await source.sample(self.sample_nodes)
                    self.meter.feed(sample, source.state.jobs)
                    self.sampled.emit(sample)
            except Unanswered as error:
                self._told(self.link, str(error))
            except Lost:
                return

    async def _until_due(self, source: QmpSource) -> None:
        now = time.monotonic()
        wait = min(self._next_due(source, ask) for ask in source.paces) - now
        if not self._pending and wait > 0:
            try:
                async with asyncio.timeout(wait):
                    await self._wake.wait()
                await asyncio.sleep(_MERGE)
            except TimeoutError:
                pass
        self._wake.clear()

    def _next_due(self, source: QmpSource, ask: Ask) -> float:
        if ask is Ask.JOBS and not source.job_runs:
            return source.paces[Ask.SHAPE].due()
        return source.paces[ask].due()

    def _due(self, source: QmpSource) -> Ask:
        now, ask = time.monotonic(), Ask(0)
        for group in source.paces:
            if self._next_due(source, group) <= now:
                ask |= group
        return ask

    def _take(self, state: State) -> None:
        """Set the state and tell what changed. The one writer."""
        self.looked_at = time.monotonic()
        old, self.state = self.state, state
        if old is state:
            return
        found = diff(old or State(), state)
        if old is None or found:
            for happening in from_states(old or State(), state):
                self._mark(happening)
            self.changed.emit(state, found)

    def _mark(self, happening: Happening) -> None:
        self.meter.mark(happening.at, happening.word, happening.job)
        self.happened.emit(happening)

    def _told(self, link: Link, text: str) -> None:
        if link is not self.link:
            self.link_since = time.monotonic()
        self.link, self.link_text = link, text
        self.link_changed.emit()

    def _live(self) -> tuple[Monitor, QmpSource]:
        if self._monitor is None or self._source is None or self.link is not Link.LIVE:
            raise Lost(f"The line to {self.target} is not open.")
        return self._monitor, self._source

    async def refresh(self) -> State:
        """Look at everything now. :raises Lost: the line broke. :raises Unanswered: no answer in time."""
        _, source = self._live()
        self._take(await source.look(Ask.WHOLE))
        return source.state

    async def look_at_jobs(self) -> State:
        """Ask for the jobs now, at hardly any cost. :raises Lost, Unanswered: as `refresh`."""
        _, source = self._live()
        self._take(await source.look(Ask.JOBS))
        return source.state

    # Operations

    @property
    def here(self) -> bool:
        """Whether QEMU sees the files that we see."""
        return self._process is not None and self._process.same_files is True

    @property
    def _qemu(self) -> tuple[int, int] | None:
        return (self._process.pid, self._process.start_time) if self._process else None

    def offers_for_drag(self, drag: Drag) -> tuple[Offer, ...]:
        """What dropping a node on another would do; offers with a reason cannot be had."""
        return catalog.offers_for_drag(self.state, drag) if self.state else ()

    def offers_for_node(self, name: str) -> tuple[Offer, ...]:
        """What can be done with a node."""
        return catalog.offers_for_node(self.state, name) if self.state else ()

    def offers_for_job(self, job: str) -> tuple[Offer, ...]:
        """What can be done with a job in its present status."""
        return catalog.offers_for_job(self.state, job) if self.state else ()

    def offers_for_machine(self) -> tuple[Offer, ...]:
        """What can be done with the whole machine."""
        return catalog.offers_for_machine(self.state) if self.state else ()

    async def prepare(self, operation: Operation, again: Preview | None = None) -> Preview:
        """Plan an operation on a fresh look; only asks, changes nothing.

        :param again: an earlier preview, whose names are kept so that the two can be compared.
        """
        state = await self.refresh()
        stamp, serial = (again.stamp, again.serial) if again else (time_stamp(), self._next_serial(state))
        here = self._process.same_files if self._process else None
        around = Around(
            here=here,
            cwd=(self._process.cwd or "") if self._process else "",
            read_only=self.read_only,
            others=self.others(),
            spoilt=self.ledger.spoilt(),
            own_jobs=self._own_jobs,
        )
        found = await asyncio.to_thread(gather, operation.concerns(state), state, around, stamp, serial)
        return prepare(operation, state, found)

    def _next_serial(self, state: State) -> int:
        names = [*state.graph.nodes, *(job.id for job in state.jobs), *self._own_jobs]
        used = [int(match.group(1)) for name in names if (match := re.match(r"diskchain-(\d{1,9})\b", name))]
        self._serial = max(self._serial, *used, 0) + 1
        return self._serial

    def carry_out(self, preview: Preview, confirmed: bool = False) -> Carriage:
        """Start a prepared operation. `confirmed`: the user gave the second yes to `preview.draft.confirm`."""
        carriage = Carriage(preview)
        self.carriages = (*self.carriages, carriage)
        carriage.changed.connect(lambda: self.carriage_changed.emit(carriage))
        operator = QmpOperator(self, carriage, confirmed)
        self._tasks.start(operator.run(), preview.draft.title)
        self.carriage_changed.emit(carriage)
        return carriage

    async def execute(self, command: Command) -> object:
        """Send one command. For the operator. :raises Refused, Unanswered, Lost: as the monitor tells."""
        monitor, _ = self._live()
        if not command.looks and self.read_only:
            raise Lost(self.read_only)
        self._pending |= Ask.WHOLE
        try:
            return await monitor.execute(command)
        finally:
            self._wake.set()

    async def started(self, job: str, operation: Operation) -> None:
        """Note that a job is ours, before it is sent."""
        self._own_jobs |= {job}
        if self._qemu is not None:
            await asyncio.to_thread(self._journal.started, self._qemu, job, operation.name, operation.keys())

    def owns(self, job: str) -> bool:
        """Whether we started this job on this very QEMU."""
        return job in self._own_jobs

    async def remember(self, entries: Sequence[LedgerEntry], finished: Sequence[str]) -> None:
        """Write the ledger: images to mark, and paths whose mark is to go."""
        known = self.ledger.spoilt()
        for path in finished:
            if path in known:
                self.ledger.dismiss(path)
                await asyncio.to_thread(self._journal.dismiss, path)
        for entry in entries:
            self.ledger.note(entry)
            await asyncio.to_thread(self._journal.note, entry)
        if entries or finished:
            self.ledger_changed.emit()

    async def dismiss(self, path: str) -> None:
        """Forget a marked image, because the user says so."""
        self.ledger.dismiss(path)
        await asyncio.to_thread(self._journal.dismiss, path)
        self.ledger_changed.emit()

    # Recording

    @property
    def recording(self) -> bool:
        """Whether everything that goes over the line is written to a file."""
        return self._recorder is not None

    async def record(self, path: Path) -> None:
        """Begin to write everything to a new file. :raises OSError: it exists or cannot be made."""
        monitor, _ = self._live()
        recorder = Recorder(path, monitor)
        await recorder.start()
        self._recorder = recorder
        await self.refresh()

    async def stop_recording(self) -> None:
        """End the recording, if there is one."""
        recorder, self._recorder = self._recorder, None
        if recorder is not None:
            await recorder.stop()
