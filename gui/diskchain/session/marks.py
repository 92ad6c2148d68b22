"""The marked images of one machine as they are shown: what this session marked, and what other instances of us did meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from diskchain.model.ledger import KEPT, Ledger, LedgerEntry
from diskchain.session.journal import Journal
from diskchain.signal import Signal


class Marks:
    """Keeps a machine's ledger and the journal alike.

    :ivar ledger: the images of this machine. `changed`: they are others now.
    :param target: of the machine, as it is named in the journal.
    """

    def __init__(self, target: str, journal: Journal) -> None:
        self.ledger = Ledger()
        self.changed: Signal[[]] = Signal()
        self._target, self._journal = target, journal
        self._elsewhere: dict[str, str] = {}
        self._unwritten: dict[str, LedgerEntry] = {}
        self._read: object = None
        self._one_at_a_time = asyncio.Lock()

    async def read(self, qemu: tuple[int, int] | None) -> None:
        """Take over what the journal says, if it was written since the last time.

        :param qemu: as in the journal; another instance may watch it by another target.
        """
        async with self._one_at_a_time:
            known = (await asyncio.to_thread(self._journal.written), qemu)
            if known == self._read:
                return
            self._read = known
            images = await asyncio.to_thread(self._journal.images)
            before = self.ledger.entries
            told = [each for each in images if each.machine == self._target or (qemu and each.qemu == qemu)]
            mine = {entry.path: entry for entry in told} | self._unwritten
            others = (entry for entry in images if entry.path not in mine and entry.word != KEPT)
            self._elsewhere = {entry.path: entry.why for entry in others}
            for path in {entry.path for entry in before} - mine.keys():
                self.ledger.dismiss(path)
            for entry in mine.values():
                self.ledger.note(entry)
        if self.ledger.entries != before:
            self.changed.emit()

    async def remember(self, entries: Sequence[LedgerEntry], finished: Sequence[str]) -> None:
        """Mark images, and take the marks of others away."""
        async with self._one_at_a_time:
            known = {*self._elsewhere, *(entry.path for entry in self.ledger.entries)}
            for path in finished:
                if path in known:
                    self._elsewhere.pop(path, None)
                    await self._forget(path)
            for entry in [each.after(self.ledger.entry(each.path)) for each in entries]:
                self.ledger.note(entry)
                self._unwritten[entry.path] = entry
                await asyncio.to_thread(self._journal.note, entry)
                if not self._journal.trouble:
                    self._unwritten.pop(entry.path, None)
        if entries or finished:
            self.changed.emit()

    async def dismiss(self, path: str) -> None:
        """Forget a marked image."""
        async with self._one_at_a_time:
            await self._forget(path)
        self.changed.emit()

    async def _forget(self, path: str) -> None:
        self.ledger.dismiss(path)
        self._unwritten.pop(path, None)
        await asyncio.to_thread(self._journal.dismiss, path)

    def unwritten(self) -> dict[str, str]:
        """Path -> why the image is not what it was, where the journal may not know it."""
        if self._journal.trouble:
            return {**self._elsewhere, **self.ledger.spoilt()}
        return {path: entry.why for path, entry in self._unwritten.items() if entry.word != KEPT}
