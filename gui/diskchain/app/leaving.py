"""The way out: the one question about own jobs, and their cancelling."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from functools import partial

from diskchain.app.sandboxing import Sandboxing
from diskchain.session.carriage import OVER, Carriage
from diskchain.session.session import Session
from diskchain.session.sessions import Sessions
from diskchain.widgets.dialogs.leave import LeaveDialog
from diskchain.widgets.messages import Level
from diskchain.widgets.standing import known
from diskchain.widgets.window import Window

_CANCEL = 15.0
"""Seconds that cancelled operations get to be undone before the window closes."""


class Leaving:
    """Decides when the program may end.

    :ivar wanted: set when it is to end.
    """

    def __init__(
        self,
        window: Window,
        sessions: Sessions,
        sandbox: Sandboxing,
        start: Callable[[Coroutine[object, object, None], str], object],
    ) -> None:
        self.wanted = asyncio.Event()
        self._window, self._sessions, self._sandbox, self._start = window, sessions, sandbox, start
        self._asking = False
        self._cut: list[Callable[[], None]] = []

    def quit(self, jobs: str = "ask") -> None:
        """End the program; asks once about own jobs that run on machines that stay. `jobs`: see `House.quit`."""
        running = self._running()
        if not running or jobs == "leave":
            self.wanted.set()
        elif jobs == "cancel":
            self._start(self._cancel(running), "cancel what runs")
        elif not self._asking:
            self._asking = True
            dialog = LeaveDialog(self._window, [carriage.preview.draft.title for carriage in running])
            dialog.chosen.connect(self._answered)
            self._cut = [
                session.link_changed.connect(partial(self._look_at_line, session, dialog))
                for session in self._sessions.sessions
                if any(carriage in running for carriage in session.carriages)
            ]
            dialog.open()

    def _running(self) -> list[Carriage]:
        return [
            carriage
            for session in self._sessions.sessions
            if not self._sandbox.owns(session)
            for carriage in session.carriages
            if carriage.phase not in OVER
        ]

    def _answered(self, answer: str) -> None:
        self._asking = False
        while self._cut:
            self._cut.pop()()
        if answer != "stay":
            self.quit(answer)

    def _look_at_line(self, session: Session, dialog: LeaveDialog) -> None:
        """With its line lost, nobody knows whether the jobs still run: the question is taken back, and that is told."""
        if not known(session):
            dialog.withdraw()
            self._window.messages.tell(
                "The line to a machine was lost, so whether your jobs there still run is unknown. "
                "The window stays open. Close it again to leave.",
                Level.WARNING,
                subject="closing",
            )

    async def _cancel(self, running: list[Carriage]) -> None:
        for carriage in running:
            carriage.cancel()
        self._window.messages.tell("Cancelling what runs, then closing…", Level.INFO, subject="closing")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CANCEL):
                for carriage in running:
                    await carriage.wait()
        self.wanted.set()
