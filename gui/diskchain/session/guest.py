"""Looks at the guest for a plan that exchanges its disks: it must stand still meanwhile, and be reset afterwards."""

from __future__ import annotations

import asyncio
import time

from diskchain.operations.steps import Guest
from diskchain.qapi.event import Event
from diskchain.session.worked import Halt, Worked

_HEARD = frozenset({"RESET", "RESUME"})
_PATIENCE = 0.5
"""Seconds between two looks whether the line is still there."""
_LONGEST = 10.0
"""Seconds in which QEMU resets a guest; the machine's devices are reset in its main loop, in milliseconds."""


class GuestWait:
    """What one operation hears of the guest."""

    def __init__(self, session: Worked) -> None:
        self._session = session
        self._heard: list[str] = []
        self._wake = asyncio.Event()
        self._sent = 0
        self._exchange: int | None = None
        self._ran = False

    def hear(self, event: Event) -> None:
        """Take in an event; for as long as the operation runs."""
        if event.name in _HEARD:
            self._heard.append(event.name)
            self._wake.set()

    def sends(self) -> None:
        """A command is about to be sent: what is heard from now on may be its doing."""
        self._sent = len(self._heard)

    async def still(self, step: Guest) -> None:
        """:raises Halt: the guest runs, or another client does something to the disk that is exchanged next."""
        if self._exchange is None:
            self._exchange = len(self._heard)
        state = await self._session.refresh()
        if state.machine.status == "running":
            raise Halt("The guest runs: another client has let it go on.")
        device = state.device(step.disk)
        if device is not None and (device.root, state.active_of(device)) != (step.root, step.active):
            raise Halt(f"{step.disk} no longer writes to {step.active}: another client has changed that meanwhile.")

    async def was_reset(self) -> None:
        """Wait until the guest was reset by the last command. :raises Halt: that is not told."""
        sent, deadline = self._sent, time.monotonic() + _LONGEST
        while "RESET" not in self._heard[sent:]:
            if time.monotonic() > deadline:
                raise Halt("QEMU does not tell that it has reset the guest, which stands on other disks now.")
            self._wake.clear()
            try:
                async with asyncio.timeout(_PATIENCE):
                    await self._wake.wait()
            except TimeoutError:
                await self._session.look_at_jobs()
        reset = self._heard.index("RESET", sent)
        self._ran = "RESUME" in self._heard[self._exchange or 0 : reset]

    @property
    def strayed(self) -> tuple[str, ...]:
        """A sentence where the guest ran on disks that were exchanged before it was reset."""
        if not self._ran:
            return ()
        return (
            "Another client let the guest go on before it was reset: what it then wrote is in the new image. Go back once more.",
        )
