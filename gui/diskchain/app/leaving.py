"""The way out of the program or off a machine: the one question about own jobs, and their cancelling."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from functools import partial

from diskchain.app.sandboxing import Sandboxing
from diskchain.session.carriage import OVER, Carriage
from diskchain.session.session import Session
from diskchain.session.sessions import Sessions
from diskchain.session.trouble import MonitorError
from diskchain.widgets.dialogs.leave import LeaveDialog
from diskchain.widgets.messages import Level
from diskchain.widgets.standing import known
from diskchain.widgets.window import Window

_CANCEL = 15.0
"""Seconds that cancelled operations get to be undone before the window closes."""
_ENDED = frozenset({"concluded", "aborting", "null"})


@dataclass(frozen=True)
class OwnJob:
    """A job of ours that still runs. `carriage`: its operation; None: one of an earlier line, which only the journal knows."""

    session: Session
    title: str
    job: str
    carriage: Carriage | None = None

    async def cancel(self) -> None:
        """End it, through its operation where there is one, so that what it made is undone as well."""
        if self.carriage is not None:
            self.carriage.cancel()
            await self.carriage.wait()
            return
        with contextlib.suppress(MonitorError):
            preview = await self.session.prepare(self.session.operations.steering("cancel", self.job))
            if preview.allowed:
                await self.session.carry_out(preview, confirmed=True).wait()


def own_jobs(session: Session) -> list[OwnJob]:
    """What of ours runs on a machine now."""
    live = [carriage for carriage in session.carriages if carriage.phase not in OVER]
    found = [OwnJob(session, carriage.preview.draft.title, carriage.job, carriage) for carriage in live]
    if session.state is not None and known(session):
        held = {carriage.job for carriage in live} | {carriage.choice.job for carriage in live if carriage.choice}
        found += [
            OwnJob(session, session.meter.title(job).sentence, job.id)
            for job in session.state.jobs
            if session.owns(job.id) and job.id not in held and job.status not in _ENDED
        ]
    return found


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
        self._go(self._sessions.sessions, self.wanted.set, jobs)

    def hang_up(self, session: Session, then: Callable[[], object]) -> None:
        """Let one machine go; asks the same about own jobs that run there. `then`: lets it go."""
        self._go((session,), then, "ask")

    def _go(self, sessions: Sequence[Session], then: Callable[[], object], jobs: str) -> None:
        running = [job for session in sessions if not self._sandbox.owns(session) for job in own_jobs(session)]
        if not running or jobs == "leave":
            then()
        elif jobs == "cancel":
            self._start(self._cancel(running, then), "cancel what runs")
        elif not self._asking:
            self._asking = True
            dialog = LeaveDialog(self._window, [job.title for job in running])
            dialog.chosen.connect(lambda answer: self._answered(answer, sessions, then))
            self._cut = [
                session.link_changed.connect(partial(self._look_at_line, session, dialog))
                for session in dict.fromkeys(job.session for job in running)
            ]
            dialog.open()

    def _answered(self, answer: str, sessions: Sequence[Session], then: Callable[[], object]) -> None:
        self._asking = False
        while self._cut:
            self._cut.pop()()
        if answer != "stay":
            self._go(sessions, then, answer)

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

    async def _cancel(self, running: Sequence[OwnJob], then: Callable[[], object]) -> None:
        self._window.messages.tell("Cancelling what runs, then closing…", Level.INFO, subject="closing")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CANCEL):
                await asyncio.gather(*(job.cancel() for job in running))
        self._window.messages.withdraw("closing")
        then()
