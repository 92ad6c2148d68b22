"""The exports that we made: QEMU tells neither their names and addresses, nor who started the server."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from diskchain.model.root import Export
from diskchain.monitors.peers import listens
from diskchain.session.journal import Journal


class Offered:
    """What one session knows of its machine's exports, kept in the journal.

    :ivar known: id -> export; changes in place.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._qemu: tuple[int, int] | None = None
        self._known: dict[str, Export] = {}
        self._listen = ""

    @property
    def known(self) -> Mapping[str, Export]:
        """The exports of ours that are there, by id."""
        return self._known

    async def begin(self, qemu: tuple[int, int] | None) -> None:
        """Read what was made on this QEMU before. `qemu`: process id and start time; None: not known."""
        if qemu != self._qemu:
            self._known.clear()
            self._listen = ""
        self._qemu = qemu
        if qemu is not None:
            self._listen = await asyncio.to_thread(self._journal.server_of, qemu)
            self._known.update(await asyncio.to_thread(self._journal.exports_of, qemu))

    async def only(self, there: set[str]) -> None:
        """Forget those that are not there any more: they were taken away while nobody looked."""
        for name in self._known.keys() - there:
            await self.forget(name)

    async def note(self, export: Export) -> None:
        """Remember an export before it is made."""
        self._known[export.id] = export
        self._listen = export.listen
        if self._qemu is not None:
            await asyncio.to_thread(self._journal.exported, self._qemu, export)

    async def forget(self, name: str) -> None:
        """Forget one that is gone: the next of this name may be another client's."""
        if self._known.pop(name, None) is not None and self._qemu is not None:
            await asyncio.to_thread(self._journal.unexported, self._qemu, name)

    async def stopped(self) -> None:
        """Note that the server that we started has stopped."""
        self._listen = ""
        if self._qemu is not None:
            await asyncio.to_thread(self._journal.unserved, self._qemu)

    async def server(self) -> str:
        """Where our server still listens, also where its last export went without us; empty: nowhere, or it cannot be seen."""
        path, qemu = self._listen, self._qemu
        seen = path.startswith("/") and qemu is not None and await asyncio.to_thread(listens, qemu[0], path)
        return path if seen else ""
