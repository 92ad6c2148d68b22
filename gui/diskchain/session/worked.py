"""What an operator needs of a session, and how a plan comes to a stop."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from typing import Literal, Protocol

from diskchain.model.backup import Mark
from diskchain.model.ledger import LedgerEntry
from diskchain.model.root import Export
from diskchain.model.state import State
from diskchain.operations.operation import Operation
from diskchain.operations.preview import Preview
from diskchain.qapi.command import Command
from diskchain.qapi.event import Event
from diskchain.session.carriage import Phase
from diskchain.signal import Signal


class Worked(Protocol):
    """What an operator needs of a session."""

    event: Signal[Event]

    async def prepare(self, operation: Operation, again: Preview | None = None) -> Preview:
        """Look anew and plan anew, with the names of an earlier preview."""

    async def execute(self, command: Command) -> object:
        """Send one command."""

    async def look_at_jobs(self) -> State:
        """Ask for the jobs."""

    async def refresh(self) -> State:
        """Look at everything."""

    async def unready(self, written: Sequence[str], held: Sequence[str]) -> str:
        """Why QEMU could not open its files anew now (see `Free`), in one sentence; empty: nothing is seen against it."""

    async def works(self, names: Iterable[str]) -> str:
        """Tell our other instances which nodes and devices will be changed, before it begins; gives what `rests` is told."""

    async def rests(self, work: str) -> None:
        """Tell them that it is over."""

    async def meanwhile(self, since: float) -> set[str]:
        """Names of the nodes and devices that operations of ours touched which went on at this moment (monotonic) or later."""

    async def started(self, job: str, operation: Operation) -> None:
        """Note in the journal that this job is ours, before it is sent."""

    async def owes(self, plan: str, title: str, back: Sequence[Command], made: Sequence[str]) -> None:
        """Note in the journal how a plan can be taken back should we be cut off (see `CutOff`)."""

    async def cut(self, plan: str) -> None:
        """Note that we no longer work at a plan that was neither finished nor taken back."""

    async def settle(self, plan: str) -> None:
        """Note that a plan needs nothing more."""

    async def exported(self, export: Export) -> None:
        """Note that this export is ours, before it is made."""

    async def unexported(self, name: str) -> None:
        """Note that an export was not made, or is gone."""

    async def counts(self, marks: Sequence[Mark], how: Literal["open", "becomes", "was"]) -> bool:
        """Note in the journal what bitmaps count from; whether it could be written."""

    async def remember(self, entries: Sequence[LedgerEntry], finished: Sequence[str]) -> None:
        """Write the ledger: images to mark, and paths whose mark is to go."""

    def marked(self) -> Container[str]:
        """Paths of the images that the ledger marks."""

    def moving(self) -> Container[str]:
        """Paths of the images whose data a commit that was not finished has begun to move down."""


class Halt(Exception):
    """The plan cannot go on: plain words, and QEMU's own behind them."""

    def __init__(self, text: str, detail: str = "", outcome: Phase = Phase.FAILED) -> None:
        super().__init__(text)
        self.text, self.detail, self.outcome = text, detail, outcome
