"""Keeps sessions and the sandbox for the window: opens, closes, and ends everything in order."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QApplication

from diskchain.app.interrupted import Interrupted
from diskchain.app.leaving import Leaving
from diskchain.app.sandboxing import Sandboxing
from diskchain.session.session import Session
from diskchain.session.sessions import Sessions
from diskchain.session.tasks import Tasks
from diskchain.session.trouble import MonitorError, Unreachable
from diskchain.widgets.acting import Acting
from diskchain.widgets.desk import Desk
from diskchain.widgets.machines import MachinesPanel
from diskchain.widgets.messages import Answer, Level, MessageBar
from diskchain.widgets.panels.inspector import Inspector
from diskchain.widgets.panels.lower import Lower
from diskchain.widgets.settings import Settings
from diskchain.widgets.style import sheet
from diskchain.widgets.theme import Theme
from diskchain.widgets.window import Window
from diskchain.widgets.wiring import Wiring

if TYPE_CHECKING:
    from diskchain.widgets.dialogs.preview import PreviewSheet

_AROUND = 4.0
"""Seconds between two looks at the processes of this computer (a few milliseconds each, off the thread)."""
_GRAPH = 0.6
"""Seconds after which the other panels no longer wait for the first graph."""
_PAINT = 0.05
"""Seconds that it gets to be painted before they are made."""


class Keeper:
    """The application behind the window; see `House` for what the window asks of it."""

    def __init__(self, application: QApplication, window: Window, theme: Theme, settings: Settings) -> None:
        self._application = application
        self.window, self._theme, self._settings = window, theme, settings
        window.furnish(MachinesPanel(theme.palette), MessageBar(), Inspector())
        self._tasks = Tasks()
        self._opening: asyncio.Task[None] | None = None
        self.opening = 0
        self._drawn = asyncio.Event()
        self.sessions = Sessions()
        self.sandbox = Sandboxing(window, self.sessions, self._start)
        self.leaving = Leaving(window, self.sessions, self.sandbox, self._start)
        lower = Lower(window.tabs, theme.palette)
        acting = Acting(self._sheet, window.messages, self._tasks)
        acting.adapt, acting.fleeting = self.sandbox.adapt, self.sandbox.owns
        self.desk = Desk(window, self.sessions, acting, lower)
        self.wiring = Wiring(window, self.desk, self, theme, settings)
        theme.changed.connect(self._recolour)
        self.sessions.opened.connect(self._opened)
        self.sessions.opened.connect(Interrupted(window.messages, acting.ask, self._start).watch)
        self.sessions.found_changed.connect(self._show_found)
        self.sessions.closed.connect(lambda _: self._show_found())
        self.desk.turn_to(None)

    def begin(self, targets: list[str], demo: bool) -> None:
        """Open what was asked for on the command line, and begin to look around."""
        if demo:
            self.start_sandbox()
        for target in targets:
            if target == "demo":
                self.start_sandbox()
            else:
                self.open(target)
        self._start(self._furnish(), "make the other panels")
        self._start(self._look_around(), "look around")

    async def _furnish(self) -> None:
        """Make the panels below once the first graph is on the screen, or when it is clear that it takes longer."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_GRAPH if self.opening else 0):
                await self._drawn.wait()
        await asyncio.sleep(_PAINT)
        self.desk.lower.fill()
        self.desk.make_ready()
        self._settings.restore_splitters(self.window)

    async def ended(self) -> int:
        """Until the program is to end; then hang up everywhere, end the sandbox, let the window go."""
        await self.leaving.wanted.wait()
        self._settings.keep(self.window)
        self.window.hide()
        await self._tasks.end()
        await self.desk.lower.canvas.end()
        await self.sessions.close_all()
        await self.sandbox.close()
        self.window.let_go()
        return 0

    def _sheet(self) -> PreviewSheet:
        # A late import: the first graph need not wait for it.
        from diskchain.widgets.dialogs.preview import PreviewSheet

        made = PreviewSheet()
        self.window.add_sheet(made)
        return made

    def _start(self, work: Coroutine[object, object, None], name: str) -> asyncio.Task[None]:
        return self._tasks.start(work, name)

    # Machines

    def open(self, target: str, asked_by_dialog: bool = False) -> None:
        """Open a machine; what goes wrong is said where it was asked."""
        self.opening += 1
        task = self._start(self._open(target, asked_by_dialog), f"open {target}")
        if asked_by_dialog:
            self._opening = task

    async def _open(self, target: str, asked_by_dialog: bool) -> None:
        try:
            await self._try(target, asked_by_dialog)
        finally:
            self.opening -= 1

    async def _try(self, target: str, asked_by_dialog: bool) -> None:
        if target == "demo":
            self._tell_dialog(asked_by_dialog, "")
            self.start_sandbox()
            return
        try:
            session = await self.sessions.open(target)
        except Unreachable as error:
            self._tell_dialog(asked_by_dialog, str(error))
            if not asked_by_dialog:
                again = Answer("Try again", lambda: self.open(target))
                other = Answer("Connect…", lambda: self.wiring.connect.begin(target))
                self.window.messages.tell(str(error), Level.ERROR, answers=(again, other), subject=f"open-{target}")
            return
        self.window.messages.withdraw(f"open-{target}")
        self._tell_dialog(asked_by_dialog, "")
        if self.desk.current is not session:
            self.desk.turn_to(session)

    def _tell_dialog(self, asked: bool, said: str) -> None:
        if asked:
            self.wiring.connect.done_with(said)

    def give_up(self) -> None:
        """Stop the attempt that the dialog asked for."""
        if self._opening is not None:
            self._opening.cancel()

    def hang_up(self, session: Session) -> None:
        """Close a machine's line, once it is clear what becomes of own jobs there; the sandbox ends with its own."""
        self.leaving.hang_up(session, lambda: self._start(self._hang_up(session), f"hang up on {session.target}"))

    async def _hang_up(self, session: Session) -> None:
        await self.sessions.close(session)
        if self.sandbox.owns(session):
            await self.sandbox.close()
            await self.sessions.look_around()
        self._show_found()

    def look_again(self, session: Session) -> None:
        """Look at everything now."""
        self._start(self._look_again(session), f"look at {session.target}")

    async def _look_again(self, session: Session) -> None:
        try:
            await session.refresh()
            self.window.messages.tell("Looked again: what is shown is how things are now.", Level.DONE, subject="look")
        except MonitorError as error:
            self.window.messages.tell(f"It could not be looked at: {error}", Level.WARNING, subject="look")

    def forget(self, session: Session, path: str) -> None:
        """Forget a marked image; its file stays."""
        self._start(session.books.dismiss(path), f"forget {path}")

    def record(self, session: Session, path: Path | None) -> None:
        """Begin or end a recording."""
        self._start(self._record(session, path), "record")

    async def _record(self, session: Session, path: Path | None) -> None:
        messages = self.window.messages
        try:
            if path is None:
                await session.stop_recording()
                messages.tell("The recording has ended; open it again with replay: and its path.", Level.DONE)
            else:
                await session.record(path)
                messages.tell(
                    f"Everything that goes over the line is written to {path}; secrets are blanked.", Level.INFO
                )
        except (OSError, MonitorError) as error:
            messages.tell(f"The recording could not be made: {error} Choose another file.", Level.ERROR)
        self.desk.refresh_tools()

    def _opened(self, session: Session) -> None:
        session.carriage_changed.connect(self.sandbox.note)
        self._drawn.set()
        self._show_found()

    async def _look_around(self) -> None:
        while True:
            await self.sessions.look_around()
            await asyncio.sleep(_AROUND)

    def _show_found(self) -> None:
        self.window.machines.show_found([one for one in self.sessions.unopened() if one.pid != self.sandbox.pid])

    # Sandbox

    def start_sandbox(self) -> None:
        """Start the throw-away machine and open it; one at a time."""
        self._start(self.sandbox.start(), "start the sandbox")

    def reset_sandbox(self) -> None:
        """End it and start a fresh one."""
        self._start(self.sandbox.reset(), "reset the sandbox")

    def set_sandbox_rate(self, rate: int) -> None:
        """How busy its guest is, in operations a second."""
        self._start(self.sandbox.set_rate(rate), "set the sandbox's rate")

    def set_sandbox_slow(self, slow: bool) -> None:
        """Whether operations on it are offered with a limit."""
        self.sandbox.slow = slow

    # Looks and end

    def _recolour(self) -> None:
        colours = self._theme.palette
        self.desk.recolour(colours)
        self._application.setStyleSheet(sheet(colours, self._application.font().pointSizeF()))

    def quit(self, jobs: str = "ask") -> None:
        """End the program; see `House.quit`."""
        self.leaving.quit(jobs)
