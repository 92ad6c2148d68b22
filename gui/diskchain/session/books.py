"""What is written down of one machine: jobs and exports of ours, plans under way, images that are not what they were."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from diskchain.model.backup import Mark, Since
from diskchain.model.ledger import LedgerEntry
from diskchain.session.journal import Journal
from diskchain.session.marks import Marks
from diskchain.session.offered import Offered

if TYPE_CHECKING:
    from diskchain.operations.cutoff import CutOff
    from diskchain.operations.operation import Operation


class Books:
    """Keeps the ledger and the journal of one session. What concerns QEMU itself is noted only where its process is known.

    :ivar ledger: images that are marked on this machine. `changed`: it has changed. `offered`: exports of ours.
    :ivar qemu: process id and start time, which name a QEMU for good; None: not known. `own_jobs`: ids of our jobs on it.
    """

    def __init__(self, target: str, journal: Journal) -> None:
        self._marks, self.offered = Marks(target, journal), Offered(journal)
        self.ledger, self.changed = self._marks.ledger, self._marks.changed
        self.qemu: tuple[int, int] | None = None
        self.own_jobs: frozenset[str] = frozenset()
        self._journal = journal

    async def begin(self, qemu: tuple[int, int] | None) -> None:
        """Read what is known of this machine, and of this very QEMU."""
        self.qemu = qemu
        await self._marks.read(qemu)
        await self.offered.begin(qemu)
        if qemu is not None:
            self.own_jobs = await asyncio.to_thread(self._journal.jobs_of, qemu)

    # Jobs and plans

    async def started(self, job: str, operation: Operation) -> None:
        """Note that a job is ours, before it is sent."""
        self.own_jobs |= {job}
        if self.qemu is not None:
            await asyncio.to_thread(self._journal.started, self.qemu, job, operation.name, operation.keys())

    def owns(self, job: str) -> bool:
        """Whether we started this job on this very QEMU."""
        return job in self.own_jobs

    async def works(self, names: Iterable[str]) -> str:
        """Tell our other instances which nodes and devices will be changed, before it begins; gives what `rests` is told."""
        work = secrets.token_hex(8)
        if self.qemu is not None:
            await asyncio.to_thread(self._journal.works, work, self.qemu, names)
        return work

    async def rests(self, work: str) -> None:
        """Tell them that it is over."""
        if self.qemu is not None:
            await asyncio.to_thread(self._journal.rests, work)

    async def touched(self, since: float) -> set[str]:
        """What operations of all instances change that went on at this moment (`time.time`) or later."""
        return await asyncio.to_thread(self._journal.touched, self.qemu, since) if self.qemu is not None else set()

    async def owes(self, plan: CutOff) -> None:
        """Note how a plan can be taken back should we be cut off."""
        if self.qemu is not None:
            await asyncio.to_thread(self._journal.owes, self.qemu, plan)

    async def cut(self, plan: str) -> None:
        """Note that we no longer work at a plan that was neither finished nor taken back."""
        await asyncio.to_thread(self._journal.cut, plan)

    async def settle(self, plan: str) -> None:
        """Note that a plan needs nothing more."""
        await asyncio.to_thread(self._journal.settle, plan)

    async def cut_off(self) -> tuple[CutOff, ...]:
        """Plans of ours that were cut off on this very QEMU, the newest last."""
        return await asyncio.to_thread(self._journal.cut_off, self.qemu) if self.qemu is not None else ()

    # Bitmaps

    async def counts(self, marks: Sequence[Mark], how: Literal["open", "becomes", "was"]) -> bool:
        """Note what bitmaps count from; whether it could be written."""
        for mark in marks:
            since = replace(mark.was, open=True) if how == "open" else mark.becomes if how == "becomes" else mark.was
            if not await asyncio.to_thread(self._journal.counts, mark.image, mark.bitmap, since):
                return False
        return True

    async def since(self) -> dict[tuple[str, str], Since]:
        """(image path, bitmap) -> what that counts from."""
        return dict(await asyncio.to_thread(self._journal.bitmaps))

    # Images

    async def remember(self, entries: Sequence[LedgerEntry], finished: Sequence[str]) -> None:
        """Write the ledger: images to mark, and paths whose mark is to go."""
        await self._marks.remember([replace(entry, qemu=self.qemu) for entry in entries], finished)

    async def read(self) -> None:
        """Take over what other instances of us have marked meanwhile."""
        await self._marks.read(self.qemu)

    async def marks(self) -> tuple[tuple[LedgerEntry, bool], ...]:
        """All images that the journal marks, each with whether nobody has written to it since."""
        return await asyncio.to_thread(self._journal.marks)

    def spoilt(self) -> dict[str, str]:
        """Path -> why an image is not what it was, where the journal may not know it."""
        return self._marks.unwritten()

    def marked(self) -> frozenset[str]:
        """Paths of the images that the ledger marks."""
        return frozenset(self.ledger.spoilt())

    def moving(self) -> frozenset[str]:
        """Paths of the images whose data a commit that was not finished has begun to move down."""
        return self.ledger.sources()

    async def dismiss(self, path: str) -> None:
        """Forget a marked image, because the user says so."""
        await self._marks.dismiss(path)
