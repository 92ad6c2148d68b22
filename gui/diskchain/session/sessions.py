"""All machines that are open, and those found on this computer."""

from __future__ import annotations

from collections.abc import Mapping

from diskchain.model.state import State
from diskchain.monitors.address import settled
from diskchain.monitors.found import Found, found
from diskchain.session.journal import Journal
from diskchain.session.session import Session
from diskchain.signal import Signal

__all__ = ["Found", "Sessions"]


class Sessions:
    """The open machines in the order in which they were opened.

    :ivar journal: where new ones note what must outlive this program; None: the user's.
    :ivar made: there is a session; its line is not open yet. `opened`: it was taken in. `closed`: it was let go.
    :ivar found: QEMU processes of this computer with a monitor, as of the last `look_around`.
    """

    def __init__(self) -> None:
        self.journal: Journal | None = None
        self.sessions: tuple[Session, ...] = ()
        self.found: tuple[Found, ...] = ()
        self.made: Signal[Session] = Signal()
        self.opened: Signal[Session] = Signal()
        self.closed: Signal[Session] = Signal()
        self.found_changed: Signal[[]] = Signal()

    async def open(self, target: str) -> Session:
        """Open a machine; one that is open already is given back. :raises Unreachable: with the reason in plain words."""
        for session in self.sessions:
            if session.target == settled(target):
                return session
        session = self.make(target)
        await session.open()
        self.add(session)
        return session

    def make(self, target: str) -> Session:
        """A session that is not open yet, and not taken in; told by `made`."""
        session = Session(target, journal=self.journal)
        self.made.emit(session)
        return session

    def add(self, session: Session) -> None:
        """Take in a session that is open."""
        session.others = lambda: self._states(session)
        self.sessions = (*self.sessions, session)
        self.opened.emit(session)

    async def close(self, session: Session) -> None:
        """Hang up on one machine."""
        self.sessions = tuple(other for other in self.sessions if other is not session)
        await session.close()
        self.closed.emit(session)

    async def close_all(self) -> None:
        """Hang up on all."""
        for session in self.sessions:
            await self.close(session)

    async def look_around(self) -> None:
        """Find the QEMU processes of this computer; connects to none of them."""
        now = await found()
        if now != self.found:
            self.found = now
            self.found_changed.emit()

    def unopened(self) -> tuple[Found, ...]:
        """What was found and is not open, by whichever of its monitors."""
        targets = {session.target.removeprefix("unix:") for session in self.sessions}
        pids = {session.state.machine.pid for session in self.sessions if session.state is not None}
        return tuple(
            one for one in self.found if one.target.removeprefix("unix:") not in targets and one.pid not in pids
        )

    def _states(self, asker: Session) -> Mapping[str, State]:
        return {other.target: other.state for other in self.sessions if other is not asker and other.state is not None}
