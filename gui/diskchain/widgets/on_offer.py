"""What can be done with what is selected, kept between two looks and looked for one by one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from diskchain.widgets.actions import offers_for
from diskchain.widgets.standing import why_not

if TYPE_CHECKING:
    from diskchain.operations.operation import Offer
    from diskchain.session.session import Session


class OnOffer:
    """The offers of the one selection that is shown. On a hundred disks one takes some milliseconds, so they come in turns.

    :ivar ready: whether offers are looked for at all; the first graph comes before.
    """

    def __init__(self) -> None:
        self.ready = False
        self._of: tuple[Session | None, str] = (None, "")
        self._known: tuple[Offer, ...] = ()
        self._rest: Iterator[Offer] | None = None
        self._found: list[Offer] = []

    def now(self, session: Session, key: str) -> tuple[Offer, ...]:
        """All offers, as things are now; nothing while the line is not open, or where nothing may be changed."""
        self.begin_anew()
        able = self.ready and session.link == "live" and not why_not(session)
        self._of, self._known = (session, key), tuple(offers_for(session, key)) if able else ()
        return self._known

    def before(self, session: Session, key: str) -> tuple[Offer, ...]:
        """The offers as of the last look; looked for now where there was none."""
        return self._known if self._of == (session, key) else self.now(session, key)

    def begin_anew(self) -> None:
        """The machine has changed: what was found so far is of no use."""
        self._rest, self._found = None, []

    def go_on(self, session: Session | None, key: str) -> bool:
        """Look for one offer more; gives whether `before` now gives all."""
        if session is None or self._of != (session, key):
            return True
        if not self.ready or session.link != "live" or why_not(session):
            self.now(session, key)
            return True
        self._rest = self._rest or offers_for(session, key)
        offer = next(self._rest, None)
        if offer is not None:
            self._found.append(offer)
            return False
        self._known = tuple(self._found)
        self.begin_anew()
        return True
