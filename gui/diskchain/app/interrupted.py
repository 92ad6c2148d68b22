"""Tells which plans of ours were cut off on a machine, and lets them be taken back or left."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING

from diskchain.session.carriage import OVER
from diskchain.session.session import Session
from diskchain.widgets.messages import Answer, Level, MessageBar

if TYPE_CHECKING:
    from diskchain.operations.cutoff import CutOff
    from diskchain.operations.operation import Offer


class Interrupted:
    """Looks when a machine was opened, when it came back, and when an operation there has ended.

    :param ask: begins the preview of an offer. `start`: begins work beside the window.
    """

    def __init__(
        self,
        messages: MessageBar,
        ask: Callable[[Session, Offer], object],
        start: Callable[[Coroutine[object, object, None], str], object],
    ) -> None:
        self._messages, self._ask, self._start = messages, ask, start
        self._told: dict[str, set[str]] = {}

    def watch(self, session: Session) -> None:
        """Tell of each plan that was cut off there, now and later."""
        session.link_changed.connect(lambda: self._look_soon(session))
        session.carriage_changed.connect(lambda carriage: self._look_soon(session) if carriage.phase in OVER else None)
        self._look_soon(session)

    def _look_soon(self, session: Session) -> None:
        if session.link == "live":
            self._start(self._look(session), f"what was cut off on {session.target}")

    async def _look(self, session: Session) -> None:
        left = {cut.plan: cut for cut in await session.books.cut_off()}
        told = self._told.setdefault(session.target, set())
        for plan in told - left.keys():
            self._messages.withdraw(f"cut-{plan}")
        for plan in left.keys() - told:
            self._tell(session, left[plan])
        self._told[session.target] = set(left)

    def _tell(self, session: Session, cut: CutOff) -> None:
        words = "Bring it to its end…" if cut.forward else "Take it back…"
        take = Answer(words, lambda: self._ask(session, session.operations.taking_back(cut)), primary=True)
        leave = Answer("Leave it so", lambda: self._start(session.books.settle(cut.plan), f"leave {cut.title}"))
        name = session.state.machine.name if session.state else session.target
        text = (
            f"“{cut.title}” was cut off half way on {name}. Its guest may stand still, and nodes of ours may be open."
        )
        self._messages.tell(text, Level.WARNING, answers=(take, leave), subject=f"cut-{cut.plan}")
