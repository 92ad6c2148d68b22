"""What the meter tells: rates, marks, jobs that are over, and curves."""

from __future__ import annotations

from dataclasses import dataclass

from diskchain.model.titles import JobTitle


@dataclass(frozen=True, slots=True)
class Rates:
    """Bytes per second that were read and written, over at least two seconds."""

    read: float
    written: float


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened to a job. `at`: seconds on the monotonic clock; `word`: `started`, `ready`, `limit changed`..."""

    at: float
    word: str
    job: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Past:
    """A job that is over.

    :ivar job: its id; `title`: what it did. `word`: `completed`, `failed`, `cancelled`, or `ended` where nobody told how.
    :ivar at: when it ended, seconds. `seconds`: how long it ran; `done`: bytes that it went through, as it told itself; `moved`:
        those of them that were copied, at most; None: not seen from the start. `grown`: those that the guest wrote meanwhile.
    :ivar text: why it failed, in the words it was told.
    """

    job: str
    title: JobTitle
    word: str
    at: float
    seconds: float | None = None
    done: int | None = None
    moved: int | None = None
    grown: int = 0
    text: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """One curve: seconds on the monotonic clock and bytes per second, oldest first, as windows on a ring.

    :ivar key: stays the same for this curve. `kind`: `job`, `read` or `written`. `label`: for the legend.
    :ivar ended: when the job ended, None while it runs.
    """

    key: str
    kind: str
    label: str
    times: memoryview
    values: memoryview
    ended: float | None = None
