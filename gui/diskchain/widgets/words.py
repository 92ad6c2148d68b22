"""What a job is doing, in plain words: its state, its numbers, and what is to be explained."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from diskchain.model.job import Job
from diskchain.model.measured import Past
from diskchain.model.throughput import Meter
from diskchain.model.titles import plain
from diskchain.model.words import age, duration, percent, rate, size, span, used_of

_STATES = {
    "created": ("starting", "quiet"),
    "running": ("running", "green"),
    "paused": ("paused", "amber"),
    "ready": ("ready", "green"),
    "standby": ("ready, paused", "amber"),
    "waiting": ("waiting for its group", "amber"),
    "pending": ("pending", "amber"),
    "aborting": ("stopping", "amber"),
}
_TOLD = 1 << 20
"""Bytes from which a part of a job's progress is worth a word."""
_TWO_PHASED = "source"
"""The role that only jobs have which become ready: mirror, and the commit of an active layer."""


@dataclass(frozen=True, slots=True)
class Note:
    """One line below a job. `tone`: of the style sheet: `quiet`, `amber`, `red`."""

    text: str
    tone: str = "quiet"


def steady(job: Job, meter: Meter, now: float) -> Job:
    """The job without the short pauses that QEMU makes by itself whenever the graph is touched."""
    if not job.paused or meter.paused(job.id, now) or job.io_status not in ("", "ok"):
        return job
    return replace(job, paused=False, status={"paused": "running", "standby": "ready"}.get(job.status, job.status))


def state_word(job: Job) -> tuple[str, str]:
    """The word for a job's state, and its tone. A state that we do not know is shown as QEMU says it."""
    if job.status == "concluded":
        return ("failed", "red") if job.error else ("finished", "green")
    if job.paused and job.status == "running":
        return "paused", "amber"
    return _STATES.get(job.status, (plain(job.status), "quiet"))


def progress(job: Job, meter: Meter) -> tuple[int, int]:
    """Offset and length in bytes, by the last sample or by the last look, whichever is further."""
    sampled = meter.progress(job.id)
    return sampled if sampled is not None and sampled[0] >= job.offset else (job.offset, job.length)


def progress_line(job: Job, meter: Meter) -> str:
    """`12.4 of 20 GiB · 212 MiB/s · 30–45 s left`; what is not known is left out.

    With a job that copies what the guest writes meanwhile too, the whole grows; how much that is comes behind it.
    """
    offset, length = progress(job, meter)
    parts = [used_of(offset, length) if length else size(offset) if offset else "nothing to move yet"]
    if (grown := meter.grown(job.id)) >= _TOLD:
        parts[0] += f", {size(grown)} of it written meanwhile"
    if job.status == "concluded":
        return parts[0]
    current = meter.rate(job.id)
    if job.speed:
        parts.append(f"limited to {rate(job.speed)}")
    elif current is not None and not job.paused and (current or job.status == "running"):
        parts.append(rate(current))
    if (left := meter.left(job.id)) is not None and not job.paused:
        parts.append(f"{span(*left)} left")
    return " · ".join(parts)


def tip(job: Job, meter: Meter) -> str:
    """The exact numbers, for a tool tip."""
    offset, length = progress(job, meter)
    current = meter.rate(job.id)
    lines = [f"Job {plain(job.id)}", f"{offset:,} of {length:,} bytes ({percent(offset, length)})"]
    if current is not None:
        lines.append(f"{current:,.0f} bytes a second over the last seconds")
    if job.speed:
        lines.append(f"limit: {job.speed:,} bytes a second")
    lines.append("On " + ", ".join(f"{plain(name)} ({role})" for role, name in job.nodes) if job.nodes else "")
    return "\n".join(line for line in lines if line)


def notes(job: Job, meter: Meter, own: bool, asked: bool) -> Iterator[Note]:
    """What is to be explained about a job. `own`: we started it; `asked`: its choice is shown below."""
    if not own:
        direct = " Pause and limit act at once; what ends it asks first." if job.allows("speed") else ""
        yield Note(f"Started by another client.{direct}", "blue")
    skipped, moved = meter.skipped(job.id), meter.moved(job.id)
    if skipped and moved is not None and skipped >= _TOLD and not asked:
        yield Note(f"Moved at most {size(moved)}; at least {size(skipped)} were zeroes or holes, skipped.")
    yield from _stopped(job)
    yield from _waiting(job, meter, asked)


def _stopped(job: Job) -> Iterator[Note]:
    if job.io_status == "nospace":
        yield Note("Stopped: no space is left at the target. Make room there, then resume: it tries again.", "red")
    elif job.io_status not in ("", "ok"):
        yield Note("Stopped by an I/O error. The guest goes on. Resume tries again; cancel gives up.", "red")
    if job.status == "concluded" and job.error:
        yield Note(f"It failed: {plain(job.error, 300)}", "red")


def _waiting(job: Job, meter: Meter, asked: bool) -> Iterator[Note]:
    offset, length = progress(job, meter)
    two_phased = any(role == _TWO_PHASED for role, _ in job.nodes)
    if job.status == "pending" and not asked:
        yield Note("Waiting to be finished (pending): all data is moved, the graph is still the old one.", "amber")
    elif job.status == "waiting":
        yield Note("Its own work is done; it waits for the other jobs of its group.", "amber")
    elif job.ready and not asked:
        yield Note(_ready(job))
    elif job.status == "running" and not job.paused and length and offset >= length:
        if two_phased:
            yield Note("100 %, but not ready: what the guest wrote meanwhile has to be copied first.", "amber")
        else:
            yield Note("100 %, finishing: the last writes are flushed, then the graph changes.")
    if not job.ready and not meter.converging(job.id):
        help_ = (
            "Raise the limit." if job.speed else "It gets ready once the guest writes less, or is paused for a while."
        )
        yield Note(f"Will not converge: the guest writes as fast as the copy moves. {help_}", "amber")


def _ready(job: Job) -> str:
    if job.type == "commit":
        return "Ready: the base holds everything and follows each write. Complete switches the guest to it."
    return "Ready: the copy follows each write, and slows the guest a little, until it is completed or cancelled."


_SIGNS = {"completed": "✓", "failed": "✗", "cancelled": "–"}


def past_line(past: Past, now: float) -> Note:
    """A job that is over: `✓ stream data-mid into data-top · 2 min ago, 0.8 GiB in 9 s`.

    The bytes are those that its card told last; what of them was not copied, and what came meanwhile, is said behind them.
    """
    sign = _SIGNS.get(past.word, "•")
    word = "" if past.word == "completed" else f" {past.word}" if past.word in _SIGNS else " ended, how was not told"
    numbers = f", {size(past.done)} in {duration(past.seconds)}" if past.done is not None and past.seconds else ""
    if numbers and past.moved is not None and past.done is not None and past.done - past.moved >= _TOLD:
        numbers += f" (at most {size(past.moved)} of it moved, the rest was zeroes or holes)"
    if numbers and past.grown >= _TOLD:
        numbers += f" ({size(past.grown)} of it written meanwhile)"
    why = f": {plain(past.text, 200)}" if past.text and past.word == "failed" else ""
    text = f"{sign} {past.title.sentence}{word} · {age(now - past.at)}{numbers}{why}"
    return Note(text, "red" if past.word == "failed" else "quiet")
