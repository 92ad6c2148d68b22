"""How fast things move: rates of jobs, devices and nodes from samples, with what is needed to draw them over time."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from diskchain.model.annals import ENDINGS, Annals
from diskchain.model.job import Job
from diskchain.model.measured import Mark, Past, Rates, Series
from diskchain.model.ring import Ring
from diskchain.model.run import CAPACITY, SERIES_STEP, WINDOW, Run
from diskchain.model.sample import Counters, Sample
from diskchain.model.state import State
from diskchain.model.titles import JobTitle

HISTORY = 600.0
"""Seconds that a plot can look back."""

_GAP = 5.0
"""Seconds without a sample after which a job may have begun at any time before."""


@dataclass(slots=True)
class _Counted:
    """Counters of one device or node over the window."""

    points: deque[tuple[float, int, int]] = field(default_factory=deque)

    def feed(self, at: float, counters: Counters) -> None:
        points = self.points
        if points and (counters.read_bytes < points[-1][1] or counters.written_bytes < points[-1][2]):
            points.clear()  # counted anew: the machine or the medium was changed
        if points and at <= points[-1][0]:
            return
        points.append((at, counters.read_bytes, counters.written_bytes))
        while len(points) > 2 and points[1][0] <= at - WINDOW:
            points.popleft()

    @property
    def still(self) -> bool:
        """Whether the rates are known and nothing moved."""
        first, last = self.points[0], self.points[-1]
        return first[1:] == last[1:] and last[0] - first[0] >= WINDOW

    @property
    def rates(self) -> Rates | None:
        if not self.points or (span := self.points[-1][0] - self.points[0][0]) < WINDOW:
            return None
        (_, read, written), (_, last_read, last_written) = self.points[0], self.points[-1]
        return Rates((last_read - read) / span, (last_written - written) / span)


class Meter:
    """The rates of one machine. The session feeds it with every sample and every happening.

    :ivar rested: neither at this sample nor at the one before did anything move, so that all reads as it did.
    """

    def __init__(self) -> None:
        self._runs: dict[str, Run] = {}
        self._ended: deque[tuple[str, Run]] = deque()
        self._serial = 0
        self._keys: dict[str, str] = {}
        self._annals = Annals()
        self._devices: dict[str, _Counted] = {}
        self._nodes: dict[str, _Counted] = {}
        self._guest = (Ring(CAPACITY), Ring(CAPACITY))
        self._fed: float | None = None
        self._still = self.rested = False

    def feed(self, sample: Sample, jobs: tuple[Job, ...]) -> None:
        """Take one measurement, and the jobs as they are told with it."""
        self._feed_jobs(sample, {job.id: job for job in jobs})
        self._feed_counters(self._devices, sample.devices, sample.at)
        if sample.nodes is not None:
            self._feed_counters(self._nodes, sample.nodes, sample.at)
        self._feed_guest(sample.at)
        self._fed = sample.at
        counted = (each for table in (self._devices, self._nodes) for each in table.values())
        still = not self._runs and all(each.still for each in counted)
        self.rested, self._still = still and self._still, still

    def note(self, state: State) -> None:
        """Remember what the jobs of this state do (see `Annals`)."""
        self._annals.note(state)

    def mark(self, at: float, word: str, job: str, text: str = "", kind: str = "") -> None:
        """Note that something happened to a job. `kind`: its type, where that was told."""
        mark = Mark(at, word, job, text)
        self._annals.mark(mark)
        if word not in ENDINGS:
            return
        if (run := self._runs.get(job)) is None:
            self._annals.told(mark, kind or "job")
            return
        run.outcome, run.outcome_text = word, text
        if word == "completed":
            length = run.progress[1]
            run.feed(at, run.job, length, length)  # its end comes between two samples

    def _feed_jobs(self, sample: Sample, jobs: Mapping[str, Job]) -> None:
        for name in [name for name in self._runs if name not in jobs]:
            self._end(name, sample.at)
        for name, job in jobs.items():
            offset, length = sample.jobs.get(name, (job.offset, job.length))
            run = self._runs.get(name)
            if run is None and self._annals.over(name, sample.at):
                continue
            if run is None:
                self._serial += 1
                self._keys[name] = f"{name}#{self._serial}"
                self._runs[name] = Run(job, sample.at, offset, length, self._born(name, sample.at))
            else:
                run.feed(sample.at, job, offset, length)
        while self._ended and (self._ended[0][1].ended or 0.0) < sample.at - HISTORY:
            self._ended.popleft()

    def _born(self, name: str, at: float) -> float | None:
        """When a job began that was not there at the last sample; None where the last sample is too long ago to tell."""
        if self._fed is None or at - self._fed > _GAP:
            return None
        started = self._annals.started(name)
        return max(min(self._fed if started is None else started, at), self._fed)

    def _end(self, name: str, at: float) -> None:
        run = self._runs.pop(name)
        run.end(at)
        self._ended.append((self._keys.pop(name), run))
        self._annals.ended(run.past(self._annals.title(name, run.job.type), at))

    def _feed_counters(self, table: dict[str, _Counted], counted: Mapping[str, Counters], at: float) -> None:
        for name in [name for name in table if counted and name not in counted]:
            del table[name]
        for name, counters in counted.items():
            table.setdefault(name, _Counted()).feed(at, counters)

    def _feed_guest(self, at: float) -> None:
        last = self._guest[0].last
        if last is not None and at - last[0] < SERIES_STEP:
            return
        rates = [device.rates for device in self._devices.values()]
        known = [each for each in rates if each is not None]
        if known:
            self._guest[0].append(at, sum(each.read for each in known))
            self._guest[1].append(at, sum(each.written for each in known))

    def rate(self, job: str) -> float | None:
        """Bytes per second that a job copies, over a window of at least two seconds; None: not known yet."""
        run = self._runs.get(job)
        return run.rate if run is not None else None

    def left(self, job: str) -> tuple[float, float] | None:
        """Seconds that a job still takes, as a range; None: not known, paused, or ready."""
        run = self._runs.get(job)
        return run.left if run is not None else None

    def moved(self, job: str) -> int | None:
        """Bytes that a job copied at most; None where it was not seen from its start."""
        run = self._runs.get(job)
        return round(run.moved) if run is not None and run.whole else None

    def skipped(self, job: str) -> int | None:
        """Bytes of progress, at least, that were zeroes or holes and not copied; None where not seen from the start."""
        run = self._runs.get(job)
        return round(run.skipped) if run is not None and run.whole else None

    def grown(self, job: str) -> int:
        """Bytes that the guest wrote since a job began, and that it copies too; 0 where that is not known."""
        run = self._runs.get(job)
        return run.grown if run is not None else 0

    def converging(self, job: str) -> bool:
        """False where the guest has written as fast as the job copies, for ten seconds: it will not become ready so."""
        run = self._runs.get(job)
        return run is None or run.converging

    def paused(self, job: str, at: float) -> bool:
        """Whether a job is paused by someone, not for a moment by QEMU itself. `at`: seconds, now."""
        run = self._runs.get(job)
        return run is not None and run.paused(at)

    def progress(self, job: str) -> tuple[int, int] | None:
        """Offset and length in bytes as last sampled; None: no such job."""
        run = self._runs.get(job)
        return run.progress if run is not None else None

    def title(self, job: Job) -> JobTitle:
        """What a job does, as it was when it was first seen."""
        return self._annals.title(job.id, job.type)

    def short_name(self, job: str) -> str:
        """A job in a word or two: `mirror vdb`; its id where it was never seen."""
        return self._annals.title(job, "job").short

    def device_rates(self, name: str) -> Rates | None:
        """What the guest reads and writes on a device, in bytes per second."""
        counted = self._devices.get(name)
        return counted.rates if counted is not None else None

    def node_rates(self, name: str) -> Rates | None:
        """What is read and written on a node. None as well where QEMU does not count: up to 10.0 it counts at devices only."""
        counted = self._nodes.get(name)
        if counted is None or not any(read or written for _, read, written in counted.points):
            return None
        return counted.rates

    @property
    def marks(self) -> tuple[Mark, ...]:
        """What happened to jobs, oldest first, bounded."""
        return self._annals.marks

    @property
    def past(self) -> tuple[Past, ...]:
        """Jobs that are over, the newest first, bounded."""
        return self._annals.past

    def series(self) -> tuple[Series, ...]:
        """Everything to draw: jobs in the order they came, then what the guest reads and writes in all."""
        shown = [*self._ended, *((self._keys[name], run) for name, run in self._runs.items())]
        titles = [self._annals.title(run.job.id, run.job.type) for _, run in shown]
        twice = {title.short for title in titles if sum(title.short == other.short for other in titles) > 1}
        labels = _numbered([title.named if title.short in twice else title.short for title in titles])
        found = [
            Series(key, "job", label, *run.series.view(), run.ended)
            for (key, run), label in zip(shown, labels, strict=True)
        ]
        for kind, label, ring in (("read", "guest reads", self._guest[0]), ("written", "guest writes", self._guest[1])):
            if len(ring):
                found.append(Series(kind, kind, label, *ring.view()))
        return tuple(found)


def _numbered(labels: Sequence[str]) -> list[str]:
    """The labels, of equal ones the second as `commit vda → base (2)`."""
    times = Counter[str]()
    found = []
    for label in labels:
        times[label] += 1
        found.append(f"{label} ({times[label]})" if times[label] > 1 else label)
    return found
