"""The way out: the one question about own jobs, and their cancelling."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine

from diskchain.app.sandboxing import Sandboxing
from diskchain.session.carriage import OVER, Carriage
from diskchain.session.sessions import Sessions
from diskchain.widgets.dialogs.leave import LeaveDialog
from diskchain.widgets.messages import Level
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
        if answer != "stay":
            self.quit(answer)

    async def _cancel(self, running: list[Carriage]) -> None:
        for carriage in running:
            carriage.cancel()
        self._window.messages.tell("Cancelling what runs, then closing…", Level.INFO, subject="closing")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CANCEL):
                for carriage in running:
                    await carriage.wait()
        self.wanted.set()
