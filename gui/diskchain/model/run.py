"""One run of one job, as its samples tell it: how fast, how much moved, how long still."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

from diskchain.model.job import Job
from diskchain.model.measured import Past
from diskchain.model.ring import Ring
from diskchain.model.titles import JobTitle

WINDOW = 2.0
"""Seconds over which a rate is taken at least (`facts/qemu.md` §12: shorter ones show QEMU's steps, not the speed)."""

LONGEST_WINDOW = 60.0
RECENT = 20.0
"""Seconds of earlier rates from which the range of the time left is taken."""

MIB = 1 << 20
FASTEST = 4096 * MIB
"""Bytes per second that no copy reaches: what is faster was skipped (copies in page cache: 1.4 GiB/s, holes: 8-13)."""

_AHEAD = 0.5
"""Seconds of its limit that a job may be ahead or behind: QEMU counts in slices, and our samples come when they can."""

_LATE = 0.1
"""Seconds by which an answer may be late against the one before it."""

SERIES_STEP = 0.25
CAPACITY = 2400
"""Points of a series: ten minutes at four a second."""

_CONVERGE = 10.0
_PAUSE = 0.3
"""Seconds after which a pause is a user's: every drain pauses jobs for a moment (`facts/qemu.md` §12)."""


@dataclass(frozen=True, slots=True)
class _Point:
    at: float
    offset: int
    length: int
    moved: float


def _step(job: Job) -> int:
    """Bytes that a limited job copies in one go (tried on 7.2 and 10.0)."""
    if _follows(job):
        return 16 * MIB
    return 4 * MIB if job.type == "backup" else MIB


def _follows(job: Job) -> bool:
    """Whether it copies what the guest writes meanwhile too: a mirror, and the commit of an active layer."""
    return job.type == "mirror" or (job.type == "commit" and any(role == "target" for role, _ in job.nodes))


class Run:
    """A job from its first sample to its last.

    :ivar job: as it was last told. `began`: seconds, of the first sample, or of the last one without the job.
    :ivar whole: whether it was seen from its first byte on, so that totals can be told.
    :ivar moved: bytes copied at most; `skipped`: bytes of progress that were no copying, at least.
    :ivar series: its rate over time, in bytes per second.
    """

    def __init__(self, job: Job, at: float, offset: int, length: int, born: float | None) -> None:
        self.job = job
        self.whole = born is not None
        self.began = at if born is None else born
        self.seen = at
        self.moved = 0.0
        self.skipped = 0.0
        self.series = Ring(CAPACITY)
        self.outcome = ""
        self.outcome_text = ""
        self.ended: float | None = None
        self._step = _step(job)
        # Told only while it works: a job that has ended is listed without its nodes.
        self._following = _follows(job)
        self._first = length
        # A job that follows the guest begins with two steps at once (seen at 20 MiB/s, on 7.2).
        self._allowance = float(self._step * (2 if self._following else 1))
        self._paused_since: float | None = None
        self._recent: deque[tuple[float, float]] = deque()
        self._points: deque[_Point] = deque([_Point(self.began, offset if born is None else 0, length, 0.0)])
        if born is not None:
            self.series.append(born, 0.0)
            self.feed(at, job, offset, length)

    def feed(self, at: float, job: Job, offset: int, length: int) -> None:
        """Take one sample. Samples out of order are left out; an offset that falls begins the window anew."""
        last = self._points[-1]
        if at <= last.at:
            self.job = job
            return
        if offset < last.offset:
            self._restart(_Point(at, offset, length, self.moved))
            last = self._points[-1]
        limit = max(self.job.speed, job.speed) if self.job.speed and job.speed else 0
        self.job, self.seen = job, at
        self._first = self._first or length
        self._note_pause(at, job, offset, length)
        self._share(offset - last.offset, limit, at - last.at)
        self._points.append(_Point(at, offset, length, self.moved))
        self._trim(at)
        if self.series.last is None or at - self.series.last[0] >= SERIES_STEP:
            self._plot(at)

    def end(self, at: float) -> None:
        """The job is gone."""
        self.ended = at
        if self.series.last is not None and self.series.last[1]:
            self.series.append(at, self.series.last[1])
        self.series.append(at, 0.0)

    def past(self, title: JobTitle, at: float) -> Past:
        """What is to be told of it once it is over."""
        word = self.outcome or ("failed" if self.job.error else "ended")
        past = Past(self.job.id, title, word, at, text=self.outcome_text or self.job.error)
        if not self.whole:
            return past
        done, moved = self.progress[0], round(self.moved)
        return replace(past, seconds=self.seen - self.began, done=done, moved=moved, grown=self.grown)

    def _share(self, progress: int, limit: int, seconds: float) -> None:
        """Tell progress apart: what the limit allows may have been copied, what is beyond it was skipped.

        QEMU's limit does not count zeroes and holes. It lets a job run one step ahead, and answers come a little late.
        """
        if limit:
            most = max(self._allowance, self._step + limit * max(seconds, _AHEAD))
            self._allowance = min(self._allowance + limit * seconds, most)
        else:
            self._allowance = FASTEST * (seconds + _LATE)
        copied = min(float(progress), self._allowance)
        self._allowance -= copied
        self.moved += copied
        self.skipped += progress - copied

    def _note_pause(self, at: float, job: Job, offset: int, length: int) -> None:
        was = self.paused(at)
        if not job.paused:
            self._paused_since = None
        elif self._paused_since is None:
            self._paused_since = at
        if was and not job.paused:
            self._restart(_Point(at, offset, length, self.moved))

    def _restart(self, point: _Point) -> None:
        self._points.clear()
        self._recent.clear()
        self._points.append(point)

    @property
    def window(self) -> float:
        """Seconds that a rate is taken over: two, or two steps of a limited job."""
        if not self.job.speed:
            return WINDOW
        return min(max(WINDOW, 2.0 * self._step / self.job.speed), LONGEST_WINDOW)

    def _trim(self, at: float) -> None:
        keep = max(self.window, _CONVERGE) + 1.0
        while len(self._points) > 2 and self._points[1].at <= at - keep:
            self._points.popleft()

    def _since(self, seconds: float) -> _Point:
        """The newest point that is at least so long ago, else the oldest."""
        limit = self.seen - seconds
        found = self._points[0]
        for point in self._points:
            if point.at > limit:
                break
            found = point
        return found

    def _plot(self, at: float) -> None:
        start = self._since(self.window)
        if at - start.at >= 0.2:
            value = 0.0 if self.paused(at) else (self.moved - start.moved) / (at - start.at)
            self.series.append(at, value)
            if at - start.at >= WINDOW:
                newest = self._points[-1]
                shrunk = (start.length - start.offset) - (newest.length - newest.offset)
                self._recent.append((at, shrunk / (at - start.at)))
                while self._recent[0][0] < at - max(RECENT, 2 * self.window):
                    self._recent.popleft()

    @property
    def progress(self) -> tuple[int, int]:
        """Offset and length in bytes as last sampled."""
        newest = self._points[-1]
        return newest.offset, newest.length

    @property
    def grown(self) -> int:
        """Bytes that the guest wrote since it began, and that it copies too."""
        return max(self._points[-1].length - self._first, 0) if self.whole and self._following else 0

    def paused(self, at: float) -> bool:
        """Whether it has been paused for longer than QEMU's own short pauses take."""
        return self._paused_since is not None and at - self._paused_since >= _PAUSE

    @property
    def rate(self) -> float | None:
        """Bytes copied per second over the window; None until the window is full."""
        start = self._since(self.window)
        span = self.seen - start.at
        if self.paused(self.seen):
            return 0.0
        return (self.moved - start.moved) / span if span >= WINDOW else None

    @property
    def left(self) -> tuple[float, float] | None:
        """Seconds that remain, from the fastest and the slowest of the recent rates; None while that cannot be told."""
        newest = self._points[-1]
        remaining = newest.length - newest.offset
        if self.job.ready or remaining <= 0 or self.paused(self.seen) or len(self._recent) < 4:
            return None
        rates = [shrinking for _, shrinking in self._recent]
        mean = sum(rates) / len(rates)
        if mean <= 0 or max(rates[-2:]) <= 0:
            return None
        slowest = max(min(*rates, 0.9 * mean), 0.25 * mean)
        return remaining / max(*rates, 1.1 * mean), remaining / slowest

    @property
    def converging(self) -> bool:
        """False where what remains of a running copy has not shrunk for ten seconds while its length grew."""
        start, newest = self._since(_CONVERGE), self._points[-1]
        if newest.at - start.at < _CONVERGE or self.job.ready or self.paused(self.seen):
            return True
        grown = newest.length - start.length
        return not (grown > 0 and newest.offset > start.offset and grown >= newest.offset - start.offset)
