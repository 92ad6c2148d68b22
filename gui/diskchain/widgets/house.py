"""What the window asks of the application, which alone knows lines, the sandbox and the end of the program."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from diskchain.session.session import Session


class House(Protocol):
    """The application. Nothing here waits; what goes wrong is told in the message bar or the connect dialog."""

    def open(self, target: str, asked_by_dialog: bool = False) -> None:
        """Open a machine."""

    def give_up(self) -> None:
        """Do not wait for a machine any longer that the dialog asked for."""

    def hang_up(self, session: Session) -> None:
        """Close a machine's line; a sandbox ends with it."""

    def start_sandbox(self) -> None:
        """Start the throw-away machine and open it."""

    def reset_sandbox(self) -> None:
        """End it and start a fresh one."""

    def set_sandbox_rate(self, rate: int) -> None:
        """Operations a second that the sandbox's guest does on each disk."""

    def set_sandbox_slow(self, slow: bool) -> None:
        """Whether operations on the sandbox are offered with a limit, so that they can be watched."""

    def look_again(self, session: Session) -> None:
        """Look at everything now."""

    def forget(self, session: Session, path: str) -> None:
        """Forget a marked image."""

    def record(self, session: Session, path: Path | None) -> None:
        """Begin to record to a new file; None: end it."""

    def quit(self, jobs: str = "ask") -> None:
        """End the program. `jobs`: `ask` about own jobs that run, `leave` or `cancel` them."""
