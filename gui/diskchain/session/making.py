"""The steps of a plan that make something on this computer, or only look before something is made."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from diskchain.images.files import Identity, absent, inode_of, make_file
from diskchain.monitors.monitor import Refused
from diskchain.operations.local import Local
from diskchain.operations.steps import Fit, Make, Send
from diskchain.session.carriage import Carriage, Phase
from diskchain.session.worked import Halt, Worked


class Making:
    """What one operation makes.

    :ivar made: path -> the file that we made.
    :ivar absent: of those that QEMU makes and that were seen absent right before: path -> the file that was there once QEMU had
        made it; None: none was seen yet.
    :ivar acted: what was done on this computer, to be taken back after a failure.
    """

    def __init__(self, session: Worked, carriage: Carriage) -> None:
        self.made: dict[str, Identity] = {}
        self.absent: dict[str, Identity | None] = {}
        self.acted: list[Local] = []
        self._session, self._carriage = session, carriage
        self._began = time.time()

    async def make(self, step: Make) -> None:
        """Make a file. :raises Halt: one is there, or it could not be made."""
        try:
            self.made[step.path] = await asyncio.to_thread(make_file, step.words, step.path, step.owner)
        except FileExistsError as error:
            text = f"{step.path} exists already; a new file never replaces an old one."
            raise Halt(text, outcome=Phase.REFUSED) from error
        except OSError as error:
            raise Halt(f"{step.path} could not be made.", str(error), Phase.REFUSED) from error

    async def fit(self, step: Fit) -> None:
        """Look at a node's size. :raises Halt: the node is not there, or has another size."""
        node = (await self._session.refresh()).graph.nodes.get(step.node)
        if node is None or node.virtual_size != step.size:
            found = node.virtual_size if node is not None else None
            text = f"The target has {found or 'an unknown number of'} bytes and the disk {step.size}: they must be the same."
            raise Halt(text, outcome=Phase.REFUSED)

    async def act(self, step: Local) -> None:
        """Do something on this computer. :raises Halt: it could not be done."""
        self._carriage.show(Phase.FINISHING)
        if exchanged := await self.exchanged():
            raise Halt(f"{exchanged[0]} {step.failed}")
        try:
            await asyncio.to_thread(step.act.act, self._began)
        except OSError as error:
            raise Halt(step.failed, str(error)) from error
        self.acted.append(step)

    async def exchanged(self) -> tuple[str, ...]:
        """Sentences on files that we made and that no longer have their name: what has it now is not what the plan wrote to."""
        return await asyncio.to_thread(_exchanged, dict(self.made))

    async def see_absent(self, step: Send) -> None:
        """Look that none of the files that QEMU is about to make is there. :raises Halt: one is."""
        for path in step.makes if self._carriage.preview.here else ():
            if not await asyncio.to_thread(absent, path):
                raise Halt(f"{path} exists already; a new file never replaces an old one.", outcome=Phase.REFUSED)
            self.absent[path] = None

    async def see_made(self) -> None:
        """Note which files QEMU has made by now: what takes one of their names later is not ours."""
        for path in [path for path, seen in self.absent.items() if seen is None]:
            self.absent[path] = await asyncio.to_thread(inode_of, path)

    async def probe(self, step: Send) -> None:
        """A read-only open that must be refused; QEMU's words are not looked at, its refusal is the answer."""
        path = str(step.command.arguments.get("filename"))
        if self._carriage.preview.here and not await asyncio.to_thread(absent, path):
            raise Halt(f"{path} exists already; a new file never replaces an old one.", outcome=Phase.REFUSED)
        try:
            await self._session.execute(step.command)
        except Refused:
            return
        for command in step.undo:
            await self._session.execute(command)
        raise Halt(f"{path} exists already, QEMU says; a new file never replaces an old one.", outcome=Phase.REFUSED)


def _exchanged(made: Mapping[str, Identity]) -> tuple[str, ...]:
    return tuple(
        f"{path} is no longer the file that was made here: it was renamed or removed, or another took its name."
        for path, file in made.items()
        if inode_of(path) != file
    )
