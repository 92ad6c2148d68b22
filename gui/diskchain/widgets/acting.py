"""From an offer to its end: preview sheet, yes, carriage, what came of it. All changes of a machine go through here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from diskchain.model.job import DIRECT
from diskchain.picture.words import one_line
from diskchain.session.carriage import OVER, Carriage, Phase, Result
from diskchain.session.trouble import MonitorError
from diskchain.signal import Signal
from diskchain.widgets.messages import Answer, Level, MessageBar
from diskchain.widgets.questions import tell_questions

if TYPE_CHECKING:
    from diskchain.operations.operation import Offer, Operation
    from diskchain.operations.preview import Preview
    from diskchain.session.session import Session
    from diskchain.session.tasks import Tasks
    from diskchain.widgets.dialogs.preview import PreviewSheet

_PATIENCE = 0.4
"""Seconds after which it is said that a preview still waits for the machine's answers."""

_BACK = 2
"""Reverse acts that a message offers at most, one for each disk; there are menus for the others."""

_CHANGED = "The machine has changed: this is the preview as things are now. Nothing has been sent."

_LEVELS = {
    Phase.DONE: Level.DONE,
    Phase.REFUSED: Level.ERROR,
    Phase.CANCELLED: Level.INFO,
    Phase.FAILED: Level.ERROR,
    Phase.LOST: Level.ERROR,
    Phase.UNKNOWN: Level.WARNING,
    Phase.LEFT: Level.INFO,
}


class Acting:
    """Prepares, shows, runs and reports operations; one preview at a time.

    :ivar shown: emits the preview that is in sight, None when there is none any more.
    :ivar adapt: gives an offered operation its options for this machine (the sandbox's slow motion).
    :ivar fleeting: tells whether a machine is thrown away when it is let go: nothing that runs there goes on.
    :ivar several: tells whether more than one machine is open, so that messages must name theirs.
    """

    def __init__(self, make_sheet: Callable[[], PreviewSheet], messages: MessageBar, tasks: Tasks) -> None:
        """`make_sheet`: called once, when the sheet is first wanted (start-up time)."""
        self.shown: Signal[Preview | None] = Signal()
        self._make, self._messages, self._tasks = make_sheet, messages, tasks
        self._made: PreviewSheet | None = None
        self.adapt: Callable[[Session, Operation], Operation] = lambda _, operation: operation
        self.fleeting: Callable[[Session], bool] = lambda _: False
        self.several: Callable[[], bool] = lambda: False
        self._session: Session | None = None
        self._serial = 0

    @property
    def sheet(self) -> PreviewSheet:
        """The sheet, made now if it is not yet."""
        if self._made is None:
            self._made = self._make()
            self._made.run.connect(self._yes)
            self._made.cancelled.connect(self.leave)
            self._made.edited.connect(self._edited)
        return self._made

    def make_ready(self) -> None:
        """Make the sheet before it is wanted."""
        self.sheet.setEnabled(True)

    @property
    def preview(self) -> Preview | None:
        """What is in sight."""
        return self._made.preview if self._made is not None else None

    @property
    def session(self) -> Session | None:
        """The machine that the preview in sight is about."""
        return self._session if self.preview is not None else None

    def ask(self, session: Session, offer: Offer) -> None:
        """Prepare what an offer says and show the sheet; only the sheet's button acts."""
        if offer.reason:
            self._messages.tell(f"{offer.title}: {offer.reason}", Level.WARNING, subject="offer")
            return
        self._messages.withdraw("offer")
        self.ask_for(session, self.adapt(session, offer.operation))

    def ask_for(self, session: Session, operation: Operation, notice: str = "") -> None:
        """Prepare an operation and show the sheet. `notice`: why it is shown again."""
        self._session = session
        self._serial += 1
        self._tasks.start(self._prepare(session, operation, notice, self._serial), "prepare a preview")

    async def _prepare(
        self, session: Session, operation: Operation, notice: str, serial: int, again: Preview | None = None
    ) -> None:
        late = asyncio.get_running_loop().call_later(_PATIENCE, self._still_waits, session, serial)
        try:
            preview = await session.prepare(operation, again)
        except MonitorError as error:
            if serial == self._serial:
                said = f"The preview could not be made: {error} Nothing was sent."
                self._messages.tell(said, Level.ERROR, subject="offer")
            return
        finally:
            late.cancel()
            self._messages.withdraw("waits")
        if serial == self._serial:
            self._show(session, preview, notice)

    def _still_waits(self, session: Session, serial: int) -> None:
        if serial == self._serial:
            name = _name(session) or "The machine"
            self._messages.tell(f"{name} has not answered yet: the preview comes once it does.", subject="waits")

    def _show(self, session: Session, preview: Preview, notice: str = "") -> None:
        self._session = session
        self.sheet.show_preview(preview, _speed(session), notice)
        self.link_changed(session)
        self.shown.emit(preview)

    def link_changed(self, session: Session) -> None:
        """While the line to its machine is not open, the sheet's button does not act."""
        if session is self.session:
            closed = session.link_text or "The line to the machine is not open."
            self.sheet.show_line("" if session.link == "live" else closed)

    def _edited(self, operation: Operation) -> None:
        if self._session is not None:
            self.ask_for(self._session, operation)

    def changed(self, session: Session) -> None:
        """The machine changed: what is in sight is planned anew, with the same names, and said where it differs."""
        preview = self.preview
        if preview is None or session is not self._session:
            return
        self._serial += 1
        self._tasks.start(self._again(session, preview, self._serial), "prepare a preview anew")

    async def _again(self, session: Session, preview: Preview, serial: int) -> None:
        try:
            fresh = await session.prepare(preview.operation, preview)
        except MonitorError:
            return  # the line tells of itself
        if serial == self._serial and self.preview is preview:
            self._show(session, fresh, "" if fresh.same_as(preview) else _CHANGED)

    def leave(self) -> None:
        """Put the preview away; nothing was sent."""
        self._serial += 1
        if self.preview is not None:
            self.sheet.leave()
            self.shown.emit(None)

    def _yes(self, preview: Preview) -> None:
        session = self._session
        if session is None:
            return
        self.leave()
        self._follow(session, session.carry_out(preview, confirmed=True))

    def steer(self, session: Session, job: str, verb: str, speed: int | None) -> None:
        """Do something to a job: at once where it can be taken back, else by the sheet.

        A job of an operation that we carry out is cancelled through it, so that what it made is undone as well.
        """
        if verb == "cancel":
            for carriage in session.carriages:
                if carriage.phase not in OVER and job in (carriage.job, carriage.choice.job if carriage.choice else ""):
                    carriage.cancel()
                    return
        operation = session.operations.steering(verb, job, speed)
        if verb in DIRECT:
            self._tasks.start(self._at_once(session, operation), f"{verb} {job}")
        else:
            self.ask_for(session, operation)

    async def _at_once(self, session: Session, operation: Operation) -> None:
        try:
            preview = await session.prepare(operation)
        except MonitorError as error:
            self._messages.tell(f"{error} Nothing was changed.", Level.ERROR)
            return
        if not preview.allowed:
            self._messages.tell(preview.objections[0].text, Level.WARNING)
            return
        result = await session.carry_out(preview).wait()
        if result.outcome is not Phase.DONE:
            self._messages.tell(result.text, _LEVELS[result.outcome], detail=result.detail)

    def _follow(self, session: Session, carriage: Carriage) -> None:
        """Tell of an operation's questions and of its end."""
        subject, agreed, fleeting = f"carriage-{id(carriage)}", carriage.preview, self.fleeting(session)
        carriage.changed.connect(
            lambda: tell_questions(self._messages, carriage, partial(self._named, session), subject)
        )
        waiting = self._wait(session, carriage, agreed, subject, fleeting)
        self._tasks.start(waiting, f"wait for {agreed.draft.title}")

    def _named(self, session: Session, text: str) -> str:
        """The text, with the machine's name before it where there are several."""
        name = _name(session) if self.several() else ""
        return f"{name}: {text}" if name else text

    async def _wait(self, session: Session, carriage: Carriage, agreed: Preview, subject: str, fleeting: bool) -> None:
        result = await carriage.wait()
        self._messages.withdraw(subject)
        if result.outcome is Phase.REFUSED and carriage.preview is not agreed and not result.sent:
            notice = "The machine changed in the meantime, so nothing was sent. This is the preview as things are now."
            self._show(session, carriage.preview, notice)
        elif not (fleeting and carriage.leaving):
            self._report(session, carriage, agreed, result)

    def _report(self, session: Session, carriage: Carriage, agreed: Preview, result: Result) -> None:
        level = _LEVELS.get(result.outcome, Level.INFO)
        text = result.text or f"{agreed.draft.title}: {result.outcome}."
        if result.differences:
            level = Level.WARNING if level is Level.DONE else level
            text = f"{text} It came otherwise than predicted: {' '.join(result.differences)}"
        subject = "done" if level is Level.DONE else ""
        text = self._named(session, " ".join([text, *result.notes]))
        back = session.operations.reverse(carriage.preview) if level is Level.DONE else ()
        answers = tuple(
            Answer(_back(offer, len(back)), partial(self.ask, session, offer), meaning=offer.title) for offer in back
        )
        self._messages.tell(text, level, detail=result.detail, answers=answers[:_BACK], subject=subject)


def _back(offer: Offer, several: int) -> str:
    """The words of the button that begins the reverse act; where there are several, each says its own."""
    return "Take it back…" if several == 1 else f"{offer.title}…"


def _speed(session: Session) -> float | None:
    """Bytes per second that the last finished jobs here reached; None: not known."""
    reached = [past.moved / past.seconds for past in session.meter.past[:5] if past.moved and past.seconds]
    return max(reached) if reached else None


def _name(session: Session) -> str:
    return one_line(session.state.machine.name) if session.state is not None else ""
