"""One machine watched: keeps its state fresh, tells what changed, and carries operations out."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from diskchain.model.diff import Diff, diff
from diskchain.model.sample import Sample
from diskchain.model.state import Machine, State
from diskchain.model.throughput import Meter
from diskchain.monitors.address import settled, short_name
from diskchain.monitors.monitor import Lost, Monitor
from diskchain.monitors.open import monitor_for
from diskchain.monitors.recording import ALREADY, Recorder
from diskchain.qapi.command import Command
from diskchain.qapi.event import Event
from diskchain.qapi.stale import Ask
from diskchain.session.books import Books
from diskchain.session.carriage import OVER, Carriage
from diskchain.session.check import touched
from diskchain.session.happening import Happening, from_event, from_states
from diskchain.session.journal import Journal, default_journal
from diskchain.session.line import Line, Link
from diskchain.session.source import QmpSource
from diskchain.session.tasks import Tasks
from diskchain.signal import Signal

if TYPE_CHECKING:
    from diskchain.operations.operation import Operation
    from diskchain.operations.preview import Preview
    from diskchain.session.operating import Operating

_PARTING = 1.0
"""Seconds that operations get to tell that they are left, and an export to go."""
_PARTINGS = 20
_MARKS = 1.0
"""Seconds between two looks whether another instance has marked images; before an operation they are read in any case."""
_LIBVIRT_NODE = re.compile(r"libvirt-\d+-(format|storage)")


class Session:
    """One machine. Only the session's own looks set `state`.

    :ivar target: as `settled` names it, so that marks in the journal are of this machine alone.
    :ivar state: replaced whole; None before the first look. `looked_at`: monotonic time of the last good look.
    :ivar link: how the line stands; `link_text`: one plain sentence about it; `link_since`: monotonic.
    :ivar read_only: why nothing may be changed here; empty: it may. `unrecordable`: why it cannot be recorded; empty: it can.
    :ivar changed: (state, diff) after every look that found something; the first time the difference is to an empty state.
    :ivar sampled, happened, event, wire: measurements, marks, events, and everything that goes over the line (secrets blanked).
    :ivar recording_ended: why a recording ended by itself, in plain words.
    :ivar carriages: the operations under way and those that ended since the session began.
    """

    def __init__(
        self,
        target: str,
        monitors: Callable[[str], Monitor] = monitor_for,
        journal: Journal | None = None,
        reconnect: bool = True,
    ) -> None:
        self.target = settled(target)
        self.state: State | None = None
        self.looked_at = 0.0
        self.read_only = self.unrecordable = ""
        self.books = Books(self.target, journal or default_journal())
        self.ledger, self.ledger_changed = self.books.ledger, self.books.changed
        self.meter = Meter()
        self.carriages: tuple[Carriage, ...] = ()
        self.others: Callable[[], Mapping[str, State]] = dict
        self.changed: Signal[State, Diff] = Signal()
        self.sampled: Signal[Sample] = Signal()
        self.happened: Signal[Happening] = Signal()
        self.recording_ended: Signal[str] = Signal()
        self.carriage_changed: Signal[Carriage] = Signal()
        self._line = Line(self.target, monitors, self._begin, reconnect)
        self.link_changed, self.event, self.wire = self._line.changed, self._line.event, self._line.wire
        self._line.looked.connect(self._take)
        self._line.sampled.connect(self._measured)
        self._line.event.connect(self._heard)
        self._recorder: Recorder | None = None
        self._tasks = Tasks()
        self._reading: asyncio.Task[None] | None = None
        self._read_at = 0.0
        self._operating: Operating | None = None

    @property
    def link(self) -> Link:
        """How the line stands."""
        return self._line.link

    @property
    def link_text(self) -> str:
        """One plain sentence about the line; empty while all is well."""
        return self._line.text

    @property
    def link_since(self) -> float:
        """Since when the line stands so, in monotonic seconds."""
        return self._line.since

    async def open(self) -> None:
        """Connect, look for the first time, and go on watching. :raises Unreachable: with the reason in plain words."""
        await self._line.open()

    async def close(self) -> None:
        """Hang up. Jobs of ours go on; the operations that wait for them are over."""
        waiting = [carriage for carriage in self.carriages if carriage.phase not in OVER]
        for carriage in waiting:
            carriage.leave()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PARTING):
                await asyncio.gather(*(carriage.wait() for carriage in waiting))
        await self.stop_recording()
        await self._tasks.end()
        await self._line.close()

    async def _begin(self, monitor: Monitor, source: QmpSource) -> None:
        """What is to be known of a machine before its first look is shown."""
        process = self._line.process
        managed = process.managed if process else ""
        await self.books.begin((process.pid, process.start_time) if process else None)
        source.knows(self.books.offered.known)
        name = process.guest if process and process.guest else short_name(self.target)
        state = await source.begin(
            Machine(name=name, target=self.target, managed=managed, pid=process.pid if process else None)
        )
        await self.books.offered.only({export.id for export in state.exports})
        if not managed and any(_LIBVIRT_NODE.fullmatch(node) for node in state.graph.nodes):
            managed = "libvirt"
            source.renamed(replace(state.machine, managed=managed))
        self.read_only = _why_not(monitor, managed)
        self.unrecordable = "" if monitor.writable else ALREADY

    def _take(self, state: State) -> None:
        """Set the state and tell what changed. The one writer."""
        self.looked_at = now = time.monotonic()
        if now - self._read_at >= _MARKS and (self._reading is None or self._reading.done()):
            self._read_at = now
            # Another instance marks images shortly after its last command, which may be long after the graph changed.
            self._reading = self._tasks.start(self.books.read(), "read the marks")
        old, self.state = self.state, state
        if old is state:
            return
        found = diff(old or State(), state)
        if old is None or found:
            self.meter.note(state)
            for happening in from_states(old or State(), state):
                self._mark(happening)
            self.changed.emit(state, found)

    def _measured(self, sample: Sample, state: State) -> None:
        self.meter.feed(sample, state.jobs)
        self.sampled.emit(sample)

    def _heard(self, event: Event) -> None:
        if event.name == "BLOCK_EXPORT_DELETED":
            self._tasks.start(self.books.offered.forget(str(event.data.get("id"))), "forgetting an export")
        happening = from_event(event)
        if happening is not None:
            self._mark(happening)

    def _mark(self, happening: Happening) -> None:
        self.meter.mark(happening.at, happening.word, happening.job, happening.text, happening.kind)
        self.happened.emit(happening)

    async def refresh(self) -> State:
        """Look at everything now. :raises Lost: the line broke. :raises Unanswered: no answer in time."""
        return await self._line.look(Ask.WHOLE)

    async def look_at_jobs(self) -> State:
        """Ask for the jobs now, at hardly any cost. :raises Lost, Unanswered: as `refresh`."""
        return await self._line.look(Ask.JOBS)

    def sample_nodes(self, wanted: bool) -> None:
        """Whether the counters of every node are measured too (dearer; for rates on cards)."""
        self._line.sample_nodes = wanted

    # Operations

    @property
    def operations(self) -> Operating:
        """What can be done here. Made when it is first asked for; the window does so once the first graph is on the screen."""
        if self._operating is None:
            # A late import: the operations are a fourth of all modules, and who looks at a graph does not wait for them.
            from diskchain.session.operating import Operating

            self._operating = Operating(self)
        return self._operating

    async def prepare(self, operation: Operation, again: Preview | None = None) -> Preview:
        """Plan an operation on a fresh look; only asks, changes nothing.

        :param again: an earlier preview, whose names are kept so that the two can be compared.
        """
        return await self.operations.prepare(operation, self._line.process, again)

    async def unready(self, written: Sequence[str], held: Sequence[str]) -> str:
        """Why QEMU could not open its files anew now; empty where nothing speaks against it, or it cannot be seen."""
        return await self.operations.unready(self._line.process, written, held)

    def carry_out(self, preview: Preview, confirmed: bool = False) -> Carriage:
        """Start a prepared operation. `confirmed`: the user gave the second yes to `preview.draft.confirm`."""
        carriage = Carriage(preview)
        self.carriages = (*self.carriages, carriage)
        carriage.changed.connect(lambda: self.carriage_changed.emit(carriage))
        self._tasks.start(self.operations.run(carriage, confirmed), preview.draft.title)
        self.carriage_changed.emit(carriage)
        return carriage

    async def execute(self, command: Command) -> object:
        """Send one command. For the operator. :raises Refused, Unanswered, Lost: as the monitor tells."""
        monitor, source = self._line.live()
        if not command.looks and self.read_only:
            raise Lost(self.read_only)
        try:
            if command.name == "blockdev-create":
                return await source.undisturbed(command)
            answer = await monitor.execute(command)
            if command.name == "nbd-server-stop":
                await self.books.offered.stopped()
            if command.name == "block-export-del" and command.arguments.get("mode") == "hard":
                await self._export_gone(monitor, str(command.arguments.get("id")))
            return answer
        finally:
            self._line.look_soon()

    async def _export_gone(self, monitor: Monitor, name: str) -> None:
        """Wait a moment for an export whose clients are cut off: QEMU answers before it is gone (`facts/qemu.md` §9)."""
        for _ in range(_PARTINGS):
            told = await monitor.execute(Command("query-block-exports", {}))
            if not any(isinstance(each, dict) and each.get("id") == name for each in _list(told)):
                return
            await asyncio.sleep(_PARTING / _PARTINGS)

    def owns(self, job: str) -> bool:
        """Whether we started this job on this very QEMU."""
        return self.books.owns(job)

    async def meanwhile(self, since: float) -> set[str]:
        """Nodes and devices that operations of ours touched which went on at this moment (monotonic) or later.

        Of operations of our other instances only where it is known which QEMU this is.
        """
        found: set[str] = set()
        for carriage in self.carriages:
            if carriage.ended is None or carriage.ended >= since:
                found |= touched(carriage.preview.draft, carriage.preview.before)
        return found | await self.books.touched(time.time() - (time.monotonic() - since))

    # Recording

    @property
    def recording(self) -> bool:
        """Whether everything that goes over the line is written to a file."""
        return self._recorder is not None

    async def record(self, path: Path) -> None:
        """Begin to write everything to a new file. :raises CannotRecord: it exists or cannot be made."""
        monitor, _ = self._line.live()
        recorder = Recorder(path, monitor)
        await recorder.start()
        recorder.broken.connect(self._recording_broke)
        self._recorder = recorder
        await self.refresh()

    def _recording_broke(self, why: str) -> None:
        self._recorder = None
        self.recording_ended.emit(why)

    async def stop_recording(self) -> None:
        """End the recording, if there is one."""
        recorder, self._recorder = self._recorder, None
        if recorder is not None:
            await recorder.stop()


def _list(told: object) -> list[object]:
    return told if isinstance(told, list) else []


def _why_not(monitor: Monitor, managed: str) -> str:
    """Why a machine is only looked at; empty: it may be changed."""
    if not monitor.writable:
        return "This is a recording: it can be looked at, and is never changed."
    if managed:
        return f"{managed} manages this machine and would lose track of its disks: it is only looked at here."
    return ""
