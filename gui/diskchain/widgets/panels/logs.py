"""What went over each machine's line, kept from before its first word on, whether anybody looks at it or not."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from diskchain.operations.exchange import Exchange

if TYPE_CHECKING:
    from diskchain.session.session import Session


class Logs:
    """One log for each session; it goes with its session."""

    def __init__(self) -> None:
        self._logs: WeakKeyDictionary[Session, Exchange] = WeakKeyDictionary()

    def watch(self, session: Session) -> Exchange:
        """Log a machine from now on; gives its log. Call it before the machine is opened to have its first words."""
        log = self._logs.get(session)
        if log is None:
            log = self._logs[session] = Exchange()
            session.wire.connect(log.add)
        return log
