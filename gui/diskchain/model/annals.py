"""What happened to the jobs of one machine: marks on the time axis, what each job does, and those that are over."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

from diskchain.model.job import Job
from diskchain.model.measured import Mark, Past
from diskchain.model.state import State
from diskchain.model.titles import JobTitle, by_id, job_title

ENDINGS = frozenset({"completed", "failed", "cancelled"})
"""Marks that end a job."""

_MARKS = 500
_PAST = 200
_ANEW = 5.0
"""Seconds after its end in which a job's outcome may still be told, and in which an older answer may still list it."""


class Annals:
    """Keeps what is told of jobs, by events and by looks, which come in any order where a job is short."""

    def __init__(self) -> None:
        self._titles: dict[str, JobTitle] = {}
        self._marks: deque[Mark] = deque(maxlen=_MARKS)
        self._past: deque[Past] = deque(maxlen=_PAST)
        self._over: dict[str, float] = {}

    @property
    def marks(self) -> tuple[Mark, ...]:
        """What happened to jobs, oldest first, bounded."""
        return tuple(self._marks)

    @property
    def past(self) -> tuple[Past, ...]:
        """Jobs that are over, the newest first, bounded."""
        return tuple(reversed(self._past))

    def note(self, state: State) -> None:
        """Remember what the jobs of this state do, for the time when neither they nor their nodes are there any more.

        A job that has ended is listed for a while without its nodes; what it did was told before.
        """
        for job in state.jobs:
            if job.nodes or job.id not in self._titles:
                self._titles[job.id] = job_title(job, state)
                self._name(job)

    def _name(self, job: Job) -> None:
        """Give the line of a job whose end was told before what it does its title."""
        if job.id not in self._over:
            return
        at = max((at for at, past in enumerate(self._past) if past.job == job.id), default=None)
        if at is not None and self._past[at].title == by_id(self._past[at].title.kind, job.id):
            self._past[at] = replace(self._past[at], title=self._titles[job.id])

    def title(self, job: str, kind: str) -> JobTitle:
        """What a job does. `kind`: its type, for one that was never seen."""
        return self._titles.get(job) or by_id(kind, job)

    def mark(self, mark: Mark) -> None:
        """Note that something happened to a job."""
        self._marks.append(mark)
        if mark.word == "started":
            self._over.pop(mark.job, None)

    def started(self, job: str) -> float | None:
        """When a job of this id began last, in seconds; None: nobody told."""
        return next((mark.at for mark in reversed(self._marks) if mark.job == job and mark.word == "started"), None)

    def ended(self, past: Past) -> None:
        """A job that was measured is over."""
        self._past.append(past)

    def told(self, mark: Mark, kind: str) -> None:
        """The end of a job is told that is not measured: not yet, no more, or never."""
        started = self.started(mark.job)
        since = mark.at - _ANEW if started is None else max(started, mark.at - _ANEW)
        at = next((at for at, past in enumerate(self._past) if past.job == mark.job and past.at >= since), None)
        if at is None:
            seconds = mark.at - started if started is not None else None
            title = self.title(mark.job, kind)
            self._past.append(Past(mark.job, title, mark.word, mark.at, seconds, text=mark.text))
        elif self._past[at].word == "ended":
            self._past[at] = replace(self._past[at], word=mark.word, text=mark.text)
        self._over = {job: end for job, end in self._over.items() if mark.at - end < _ANEW} | {mark.job: mark.at}

    def over(self, job: str, at: float) -> bool:
        """Whether the end of this job was told before it was measured, so that what lists it now is no new one."""
        if at - self._over.get(job, float("-inf")) >= _ANEW:
            return False
        self._over[job] = max(at, self._over[job])  # as long as it is listed without a pause
        return True
