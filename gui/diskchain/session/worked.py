"""What an operator needs of a session, and how a plan comes to a stop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from diskchain.model.state import State
from diskchain.qapi.command import Command
from diskchain.qapi.event import Event
from diskchain.session.books import Books
from diskchain.session.carriage import Phase
from diskchain.signal import Signal

if TYPE_CHECKING:
    from diskchain.operations.operation import Operation
    from diskchain.operations.preview import Preview


class Worked(Protocol):
    """What an operator needs of a session.

    :ivar books: what is written down of its machine. `event`: tells every event.
    """

    books: Books
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

    async def meanwhile(self, since: float) -> set[str]:
        """Names of the nodes and devices that operations of ours touched which went on at this moment (monotonic) or later."""


class Halt(Exception):
    """The plan cannot go on: plain words, and QEMU's own behind them."""

    def __init__(self, text: str, detail: str = "", outcome: Phase = Phase.FAILED) -> None:
        super().__init__(text)
        self.text, self.detail, self.outcome = text, detail, outcome
