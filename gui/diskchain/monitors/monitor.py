"""What every line to a QMP server can do, and how it fails."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Literal, Protocol

from diskchain.qapi.command import Command
from diskchain.qapi.event import Event
from diskchain.signal import Signal


class MonitorError(Exception):
    """Anything that goes wrong between us and a QMP server."""


class Unreachable(MonitorError):
    """No conversation could be begun.

    :ivar cause: one word for the reason: `missing`, `refused`, `rights`, `taken`, `not-qmp`, `silent`, `address`, `other`.
    The text has one sentence on what failed and one on what to do.
    """

    def __init__(self, text: str, cause: str = "other") -> None:
        super().__init__(text)
        self.cause = cause


class Lost(MonitorError):
    """The line broke. What was asked and not answered may or may not have happened."""


class Refused(MonitorError):
    """QEMU said no.

    :ivar command: what was asked. `error_class`: QMP's class. `text`: QEMU's words, to be shown, never matched.
    """

    def __init__(self, command: Command, error_class: str, text: str) -> None:
        super().__init__(text)
        self.command, self.error_class, self.text = command, error_class, text


class Unanswered(MonitorError):
    """No answer came in time: the outcome is *unknown*, not failed. The line is still open.

    :ivar command: what was asked. `seconds`: how long was waited.
    """

    def __init__(self, command: Command, seconds: float) -> None:
        super().__init__(f"QEMU has not answered {command.name} for {seconds:.0f} s; it may or may not have happened.")
        self.command, self.seconds = command, seconds


Direction = Literal["send", "recv"]


class Monitor(Protocol):
    """A line to a QMP server. Several tasks may call `execute` at once.

    :ivar target: as the user wrote it. `writable`: False for a recording.
    :ivar greeting: what the server said first; empty before `open`.
    :ivar wire: emits (direction, object, seconds on the monotonic clock) for everything sent and received, secrets blanked.
    """

    target: str
    writable: bool

    @property
    def greeting(self) -> Mapping[str, object]:
        """What the server said first."""

    @property
    def wire(self) -> Signal[Direction, Mapping[str, object], float]:
        """Everything sent and received."""

    async def open(self) -> None:
        """Begin the conversation. :raises Unreachable: with the reason in plain words."""

    async def execute(self, command: Command, limit: float | None = None) -> object:
        """Ask and wait for the decoded answer.

        :param limit: seconds; None takes the limit for this command (queries 10 s, node and export changes 60 s, transactions
            and jobs 600 s).
        :raises Refused: QEMU said no. :raises Unanswered: no answer in time. :raises Lost: the line broke.
        """

    def events(self) -> AsyncIterator[Event]:
        """Events as they come; ends when the line does. Every call gives a stream of its own with a bounded queue."""

    async def closed(self) -> str:
        """Wait until the line has ended, by whoever; says how in one sentence."""

    async def close(self) -> None:
        """Hang up. Harmless when already closed."""
