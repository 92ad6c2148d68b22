"""The sandbox beside the window: one at a time, and everything that hangs on it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING

from diskchain.sandbox.error import SandboxError
from diskchain.session.carriage import Carriage
from diskchain.session.session import Session
from diskchain.session.sessions import Sessions
from diskchain.session.trouble import Unreachable
from diskchain.widgets.messages import Level
from diskchain.widgets.window import Window

if TYPE_CHECKING:
    from diskchain.operations.operation import Operation
    from diskchain.sandbox.machine import Sandbox

_SLOW_MOTION = 4 << 20
"""Bytes per second that operations are offered with in slow motion: a commit of the sandbox's chain takes some seconds then."""

_Start = Callable[[Coroutine[object, object, None], str], object]


class Sandboxing:
    """The throw-away machine of this window.

    :ivar slow: whether operations on it are offered with a limit, to be watched. `pace`: that limit, in bytes a second.
    """

    def __init__(self, window: Window, sessions: Sessions, start: _Start) -> None:
        self.slow, self.pace = True, _SLOW_MOTION
        self._window, self._sessions, self._start = window, sessions, start
        self._machine: Sandbox | None = None
        self._session: Session | None = None
        self._rate = 20
        self._busy = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        """The process of its QEMU."""
        return self._machine.process.pid if self._machine is not None else None

    @property
    def spare(self) -> str:
        """Path of its second monitor; empty: it does not run."""
        return str(self._machine.spare) if self._machine is not None else ""

    @property
    def folder(self) -> Path | None:
        """All that it has on disk; None: it does not run."""
        return self._machine.folder if self._machine is not None else None

    def owns(self, session: Session) -> bool:
        """Whether a session is the sandbox's."""
        return session is self._session

    async def start(self) -> None:
        """Start it and open it; harmless when it runs. What goes wrong is told in the message bar."""
        if self._busy.locked() or self._machine is not None:
            return
        async with self._busy:
            self._say("Starting the sandbox…")
            try:
                # A late import: who opens a machine of his own need not wait for it.
                from diskchain.sandbox.machine import Sandbox

                await self._sweep()
                self._machine = await Sandbox.start(self._rate)
                self._session = self._sessions.make(str(self._machine.monitor))
                await self._session.open()
                self._sessions.add(self._session)
            except (SandboxError, Unreachable) as error:
                detail = error.detail if isinstance(error, SandboxError) else ""
                self._window.messages.tell(str(error), Level.ERROR, detail=detail, subject="sandbox")
                await self._end()
            self._say("")

    async def _sweep(self) -> None:
        """Remove what a killed run left; what cannot be ours is kept and named."""
        # A late import, as above.
        from diskchain.sandbox.sweep import leftovers

        kept = await asyncio.to_thread(leftovers)
        if kept:
            named = "\n".join(f"{one.folder}: {one.reason}" for one in kept)
            self._window.messages.tell("A former sandbox left something that was kept.", Level.INFO, detail=named)

    async def reset(self) -> None:
        """End it and start a fresh one."""
        await self._close_session()
        await self.close()
        await self.start()

    async def _close_session(self) -> None:
        if self._session is not None and self._session in self._sessions.sessions:
            await self._sessions.close(self._session)

    async def set_rate(self, rate: int) -> None:
        """Let its guest work at this many operations a second for each disk."""
        self._rate = rate
        if self._machine is not None:
            try:
                await self._machine.set_rate(rate)
            except SandboxError as error:
                self._window.messages.tell(str(error), Level.WARNING)

    def note(self, carriage: Carriage) -> None:
        """Files that an operation makes: those in its folder go with it."""
        if self._machine is not None:
            for path in carriage.preview.draft.created:
                self._machine.note_file(Path(path))

    def adapt(self, session: Session, operation: Operation) -> Operation:
        """The operation as it is offered on a machine: on the sandbox with a limit, in slow motion, unless it has one."""
        # A late import: nothing is offered before the first graph.
        from diskchain.widgets.dialogs.options import changed, options_of

        if self.owns(session) and self.slow and options_of(operation).get("speed") == 0:
            return changed(operation, speed=self.pace)
        return operation

    async def close(self) -> None:
        """End it, and remove all that it had."""
        async with self._busy:
            await self._end()
            self._say("")

    async def _end(self) -> None:
        machine, self._machine, self._session = self._machine, None, None
        if machine is not None:
            await machine.close()
            if machine.kept:
                named = "\n".join(str(path) for path in machine.kept)
                self._window.messages.tell("Files that are not the sandbox's were kept.", Level.INFO, detail=named)

    def _say(self, text: str) -> None:
        self._window.welcome.say(text)
        self._window.machines.show_sandbox(self.spare, starting=bool(text))
