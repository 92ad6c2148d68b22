"""Where states come from: queries over a monitor, live or replayed."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from diskchain.model.root import Export
from diskchain.model.sample import Counters, Sample
from diskchain.model.state import Machine, State
from diskchain.monitors.monitor import Monitor, Refused
from diskchain.qapi.command import Command, command
from diskchain.qapi.counters import read_device_counters, read_node_counters
from diskchain.qapi.jobs import deadly, running
from diskchain.qapi.read import Torn, jobs_only, read
from diskchain.qapi.replies import Replies, mappings, text
from diskchain.qapi.stale import Ask
from diskchain.session.pace import Pace

_DETAILS = Ask.STATUS | Ask.NODES | Ask.DEVICES
"""What a changed shape makes stale."""
_TRIES = 6
_SHORT = 0.02
"""Seconds between two questions whether an image is made; it takes some milliseconds."""


class QmpSource:
    """Looks at a machine through a monitor, whole or in part, and keeps the pace.

    :ivar state: the last state read. `paces`: how often each group may be asked.
    :ivar idle: the last two measurements were alike, and there is no job.
    """

    def __init__(self, monitor: Monitor) -> None:
        self.monitor = monitor
        self.state = State(Machine(target=monitor.target))
        self.paces = {
            Ask.JOBS: Pace(0.2),
            Ask.SHAPE: Pace(0.5, 58),
            Ask.STATUS: Pace(1.6),
            Ask.NODES: Pace(1.6, 200),
            Ask.DEVICES: Pace(1.6, 400),
            Ask.COUNTERS: Pace(1.0, 200),
        }
        self.idle = False
        self._counted: Mapping[str, Counters] = {}
        self._replies = Replies()
        self._lock = asyncio.Lock()

    async def begin(self, machine: Machine) -> State:
        """Ask what never changes, then look at everything for the first time."""
        self._replies.greeting = self.monitor.greeting
        process = getattr(self.monitor, "process", None)
        self._replies.cwd = (process.cwd or "") if process else ""
        self.state = State(replace(machine, recorded=getattr(self.monitor, "moment", None)))
        self._replies.commands, self._replies.name = await asyncio.gather(
            self._ask(command("query-commands")), self._ask(command("query-name"))
        )
        return await self.look(Ask.WHOLE)

    async def look(self, ask: Ask, seen: Callable[[State], object] | None = None) -> State:
        """Ask anew what is named and read the state from it and what was last said of the rest.

        Jobs come before nodes: while one is listed that makes it deadly, the nodes are not asked (see `deadly`).
        :param seen: told of the state as soon as jobs, shape and nodes are known; devices and what else is slow come then.
        :raises Lost: the line broke. :raises Unanswered: a query had no answer in time.
        """
        async with self._lock:
            for _ in range(_TRIES):
                try:
                    await self._look(ask, seen)
                except Torn:
                    ask = Ask.WHOLE
                else:
                    break
            await asyncio.sleep(0)  # reading many nodes takes a while, and showing them too: others come between
            return self.state

    async def undisturbed(self, begins: Command) -> object:
        """Send a command that begins a job during which the nodes must not be asked, and wait until that job has moved on.

        No look of ours comes between; only `query-jobs` is asked meanwhile.
        """
        async with self._lock:
            answer = await self.monitor.execute(begins)
            for pause in itertools.repeat(_SHORT):
                if not deadly(None, await self._ask(command("query-jobs"))):
                    break
                await asyncio.sleep(pause)
            return answer

    async def _look(self, ask: Ask, seen: Callable[[State], object] | None) -> None:
        told = self._replies
        before, fresh = told.graph, bool(ask & (Ask.JOBS | Ask.NODES))
        # The jobs last of these, so that nothing comes between them and the nodes.
        await asyncio.gather(*([self._ask_shape()] if ask & Ask.SHAPE else []), *([self._ask_jobs()] if fresh else []))
        if told.graph is not before:
            if not fresh:
                await self._ask_jobs()
            ask, fresh = ask | _DETAILS, True
        if fresh and told.named is None and not deadly(told.block_jobs, told.jobs):
            ask |= Ask.NODES
        if seen is None:
            await asyncio.gather(self._ask_nodes(ask), self._ask_devices(ask))
            self.state = self._read(ask)
            return
        await self._ask_nodes(ask)
        try:
            self.state = self._read(ask)
        except Torn:
            if not ask & Ask.DEVICES:
                raise
        if ask & (Ask.STATUS | Ask.DEVICES):
            if ask & Ask.NODES:
                seen(self.state)
            await self._ask_devices(ask)
            self.state = self._read(ask)

    def _read(self, ask: Ask) -> State:
        told = self._replies
        if ask == Ask.JOBS and {job.id for job in self.state.jobs} == {text(j.get("id")) for j in mappings(told.jobs)}:
            return jobs_only(told, self.state)
        return read(told, self.state)

    async def _ask_jobs(self) -> None:
        """Where no job is listed there is no block job either: that is asked only once something is."""
        start, told = time.monotonic(), self._replies
        if told.jobs:
            told.block_jobs, told.jobs = await asyncio.gather(
                self._ask(command("query-block-jobs")), self._ask(command("query-jobs"))
            )
        else:
            told.jobs = await self._ask(command("query-jobs"))
            told.block_jobs = [] if told.jobs == [] else await self._ask(command("query-block-jobs"))
        self.paces[Ask.JOBS].asked(start, time.monotonic() - start)

    async def _ask_shape(self) -> None:
        start, told = time.monotonic(), self._replies
        graph = await self._ask(command("x-debug-query-block-graph"))
        if graph != told.graph:
            told.graph = graph
        self.paces[Ask.SHAPE].asked(start, time.monotonic() - start)

    async def _ask_nodes(self, ask: Ask) -> None:
        """The nodes, if they are wanted and may be asked. The jobs were asked right before."""
        told = self._replies
        told.reduced = deadly(told.block_jobs, told.jobs)
        if told.reduced:
            told.named = None
        elif ask & Ask.NODES:
            start = time.monotonic()
            told.named = await self._ask(command("query-named-block-nodes", flat=True))
            self.paces[Ask.NODES].asked(start, time.monotonic() - start)

    async def _ask_devices(self, ask: Ask) -> None:
        """What can be told without the nodes: status and exports, and devices with their chains."""
        start, told = time.monotonic(), self._replies
        if ask & Ask.STATUS:
            told.exports, told.status = await asyncio.gather(
                self._ask(command("query-block-exports")), self._ask(command("query-status"))
            )
            self.paces[Ask.STATUS].asked(start, time.monotonic() - start)
        if ask & Ask.DEVICES:
            start, before = time.monotonic(), told.block
            told.block = await self._ask(command("query-block"))
            self.paces[Ask.DEVICES].asked(start, time.monotonic() - start)
            if told.block != before or ask & Ask.SHAPE:
                told.peripherals = await self._ask(command("qom-list", path="/machine/peripheral"))

    async def _ask(self, query: Command) -> object:
        """The answer; None where the server does not have the command or refuses it."""
        known = self.state.machine.commands
        if known and query.name not in known:
            return None
        try:
            return await self.monitor.execute(query)
        except Refused:
            return None

    async def sample(self, nodes: bool) -> Sample:
        """Measure: device counters, job offsets, and with `nodes` the counters of every node (dearer)."""
        start = time.monotonic()
        devices = await self._ask(command("query-blockstats"))
        told = await self._ask(command("query-blockstats", query_nodes=True)) if nodes else None
        now = time.monotonic()
        self.paces[Ask.COUNTERS].asked(start, now - start)
        counted = read_device_counters(devices)
        self.idle = counted == self._counted and not self.state.jobs
        self._counted = counted
        return Sample(
            at=(start + now) / 2,
            devices=counted,
            nodes=None if told is None else read_node_counters(told),
            jobs=self.job_figures(),
        )

    def job_figures(self) -> dict[str, tuple[int, int]]:
        """Offset and length in bytes of every job, as last told."""
        return {job.id: (job.offset, job.length) for job in self.state.jobs}

    @property
    def job_runs(self) -> bool:
        """Whether a block job moves, so that its figures are worth a quick rate."""
        return running(self._replies.block_jobs)

    def knows(self, offered: Mapping[str, Export]) -> None:
        """Have looks tell what QEMU does not of these exports, which we made; the mapping may change meanwhile."""
        self._replies.offered = offered

    def renamed(self, machine: Machine) -> None:
        """Exchange what is known of the machine itself."""
        self.state = replace(self.state, machine=machine)
