"""One operation being carried out, as others see it: its phase, its words, its questions, its result."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from diskchain.signal import Signal

if TYPE_CHECKING:
    from diskchain.operations.preview import Preview
    from diskchain.operations.steps import Choose, Hold


class Phase(StrEnum):
    """Where an operation stands."""

    STARTING = "starting"
    RUNNING = "running"
    CHOOSING = "choosing"
    FINISHING = "finishing"
    HOLDING = "holding"
    DONE = "done"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    FAILED = "failed"
    LOST = "lost"
    UNKNOWN = "unknown"
    LEFT = "left"


OVER = frozenset({Phase.DONE, Phase.REFUSED, Phase.CANCELLED, Phase.FAILED, Phase.LOST, Phase.UNKNOWN, Phase.LEFT})
"""Phases that nothing follows."""


@dataclass(frozen=True, slots=True)
class Result:
    """How an operation ended.

    :ivar outcome: `done`; `refused`: nothing changed; `cancelled`; `failed`: half way; `lost`: the line broke; `unknown`: no
        answer in time; `left`: the job goes on without us.
    :ivar seconds: from the first to the last step. `as_predicted`: None where it was not checked.
    :ivar text: plain words for the user. `detail`: QEMU's own words. `differences`: sentences, where it came otherwise.
    :ivar sent: whether anything that changes was sent. `files`, `nodes`: what it made. `uri`: where
        other programs find what it offers; empty: nothing.
    """

    outcome: Phase
    seconds: float
    text: str = ""
    detail: str = ""
    as_predicted: bool | None = None
    differences: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    sent: bool = False
    files: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()
    uri: str = ""


class Carriage:
    """One operation being carried out. The operator writes it; window and command line watch and steer it.

    :ivar preview: what was agreed to; after a refusal because the world changed, the new one.
    :ivar job: id of the job that is waited for, or empty. `choice`: the open question, or None.
    :ivar held: what stays until the user ends it (`cancel`), once all is made for it; or None.
    :ivar waits: why a job that has copied all is not let end yet, in a sentence; empty: nothing is waited for.
    :ivar ended: when it was over, in monotonic seconds; None before.
    :ivar changed: emitted after every change of any of this.
    """

    def __init__(self, preview: Preview) -> None:
        self.preview = preview
        self.phase = Phase.STARTING
        self.text = preview.draft.title
        self.job = ""
        self.choice: Choose | None = None
        self.waits = ""
        self.held: Hold | None = None
        self.result: Result | None = None
        self.ended: float | None = None
        self.changed: Signal[[]] = Signal()
        self.wake = asyncio.Event()
        self.answer = ""
        self.stop = False
        self.leaving = False
        self._over = asyncio.Event()

    @property
    def detail(self) -> str:
        """QEMU's own words after a failure."""
        return self.result.detail if self.result else ""

    def choose(self, key: str) -> None:
        """Answer the open question with the key of one of its branches. :raises ValueError: there is no such answer."""
        if self.choice is None or key not in [branch.key for branch in self.choice.branches]:
            raise ValueError(f"there is no question that {key!r} answers")
        self.answer = key
        self.wake.set()

    def cancel(self) -> None:
        """Stop: the own job is cancelled and what can be undone is undone."""
        self.stop = True
        self.wake.set()

    def leave(self) -> None:
        """Look away: the job goes on without us."""
        self.leaving = True
        self.wake.set()

    async def wait(self) -> Result:
        """Until it is over."""
        await self._over.wait()
        if self.result is None:
            raise RuntimeError("an operation ended without a result")
        return self.result

    def show(self, phase: Phase, text: str = "") -> None:
        """Tell a new phase, and new words where there are any. For the operator."""
        self.phase = phase
        self.text = text or self.text
        self.changed.emit()

    def end(self, result: Result) -> None:
        """Tell the result. For the operator."""
        self.result, self.ended = result, time.monotonic()
        self.job, self.choice, self.held = "", None, None
        self.show(result.outcome, result.text)
        self._over.set()
