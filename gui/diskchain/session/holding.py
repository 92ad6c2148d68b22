"""Holding what a plan has made until the user ends it, and taking it down again, the last first."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from diskchain.images.files import remove_made
from diskchain.monitors.monitor import Lost
from diskchain.operations.steps import Hold, Send
from diskchain.session.aftermath import undo
from diskchain.session.carriage import Carriage, Phase
from diskchain.session.check import differences
from diskchain.session.making import Making
from diskchain.session.patience import Patience
from diskchain.session.worked import Halt, Worked


class Holding:
    """The holding of one operation. `ended`: what is said once all is taken down; empty before."""

    def __init__(self, session: Worked, carriage: Carriage, notes: list[str]) -> None:
        self.ended = ""
        self._session, self._carriage, self._notes = session, carriage, notes
        self._patience = Patience(carriage)

    async def hold(self, step: Hold, done: Sequence[Send], making: Making) -> None:
        """Stay until the user ends it; then take all down. :raises Halt: the user left, or something of it stays.

        :raises Lost: the line broke; then the journal knows how to take it down.
        """
        carriage = self._carriage
        now, draft = await self._session.refresh(), carriage.preview.draft
        self._notes += differences(draft, carriage.preview.before, now)
        carriage.held = step
        carriage.show(Phase.HOLDING, step.text)
        try:
            await self._until_ended(step)
        except Lost:
            # Where QEMU has ended too, nobody uses the files any more; while it has them open, its locks keep them.
            for path, file in making.made.items():
                await asyncio.to_thread(remove_made, path, file)
            raise
        carriage.held = None
        carriage.show(Phase.FINISHING, "All of it is taken down…")
        left = await undo(self._session, done, making.made, making.absent, self._notes, lasting=False)
        if left:
            raise Halt(" ".join(left), outcome=Phase.FAILED)
        self.ended = step.ended

    async def _until_ended(self, step: Hold) -> None:
        carriage = self._carriage
        while not carriage.stop:
            if carriage.leaving:
                raise Halt(f"{step.text} It stays so without us; the operation undo takes it down.", outcome=Phase.LEFT)
            await self._patience.pause()
            await self._session.look_at_jobs()  # a line that broke is told
