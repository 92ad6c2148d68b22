"""What happened to a machine, as a mark on the time axis."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from diskchain.model.state import State
from diskchain.qapi.event import Event


@dataclass(frozen=True, slots=True)
class Happening:
    """One mark.

    :ivar at: seconds on the monotonic clock. `word`: `started`, `ready`, `paused`, `resumed`, `limit changed`, `completed`,
        `cancelled`, `failed`, `guest stopped`, `guest resumed`, `I/O error`. `job`: its id, or empty. `text`: QEMU's words.
    :ivar kind: the job's type, where the event tells it: a short job may be over before anybody has seen it.
    """

    at: float
    word: str
    job: str = ""
    text: str = ""
    kind: str = ""


_GUEST = {"STOP": "guest stopped", "RESUME": "guest resumed", "RESET": "guest reset", "BLOCK_IO_ERROR": "I/O error"}


def from_event(event: Event) -> Happening | None:
    """The mark for an event; None where it is none. A job's spurious pauses are told by no event here (see `from_states`)."""
    now, job = time.monotonic(), event.job or ""
    error, kind = event.data.get("error"), str(event.data.get("type") or "")
    if event.name == "JOB_STATUS_CHANGE" and event.data.get("status") == "created":
        return Happening(now, "started", job)
    if event.name == "BLOCK_JOB_READY":
        return Happening(now, "ready", job)
    if event.name == "BLOCK_JOB_COMPLETED":
        return Happening(now, "failed" if error else "completed", job, str(error or ""), kind)
    if event.name == "BLOCK_JOB_CANCELLED":
        return Happening(now, "cancelled", job, kind=kind)
    if event.name in _GUEST:
        return Happening(now, _GUEST[event.name], "", str(event.data.get("reason") or ""))
    return None


def from_states(old: State, new: State) -> Iterator[Happening]:
    """Marks that only two looks tell: a job was paused or resumed by a user, its limit was changed."""
    before = {job.id: job for job in old.jobs}
    now = time.monotonic()
    for job in new.jobs:
        was = before.get(job.id)
        if was is None:
            continue
        if job.paused != was.paused:
            yield Happening(now, "paused" if job.paused else "resumed", job.id)
        if job.speed != was.speed:
            yield Happening(now, "limit changed", job.id)
