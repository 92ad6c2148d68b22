"""What can be done to one machine: offers, previews, and the operator that carries them out.

A session loads it when the first operation is asked for: whoever only looks need not wait for the operations.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from diskchain.images.locks import unready
from diskchain.model.ledger import KEPT, LedgerEntry
from diskchain.model.state import State
from diskchain.operations import asking, catalog
from diskchain.operations.cutoff import CutOff
from diskchain.operations.job import SteerJob
from diskchain.operations.operation import Drag, Offer, Operation
from diskchain.operations.preview import Preview, prepare
from diskchain.operations.reverse import reverse
from diskchain.operations.surroundings import Surroundings
from diskchain.operations.undo import Undo
from diskchain.session.aftermath import shape
from diskchain.session.carriage import Carriage
from diskchain.session.hotplug import hot_buses
from diskchain.session.operator import QmpOperator
from diskchain.session.surroundings import Around, gather, time_stamp
from diskchain.session.threads import threaded

if TYPE_CHECKING:
    from diskchain.monitors.process import Process
    from diskchain.session.session import Session

_LOOKS = 3
"""How often all is looked at anew where the machine changes meanwhile."""
_RESTLESS = (
    "The machine has changed each time while it was looked at: another client is at work. Try again once it is at rest."
)


class Operating:
    """Plans operations on a session's machine and has them carried out."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._serial, self._token = 0, secrets.token_hex(3)

    # What could be done

    def for_drag(self, drag: Drag) -> tuple[Offer, ...]:
        """What dropping a node on another would do; offers with a reason cannot be had."""
        state = self._session.state
        return catalog.offers_for_drag(state, drag) if state else ()

    def for_copy(self, name: str) -> tuple[Offer, ...]:
        """What dragging an image beside its chain would do."""
        state = self._session.state
        return catalog.offers_for_copy(state, name) if state else ()

    def for_node(self, name: str) -> tuple[Offer, ...]:
        """What can be done with a node."""
        state = self._session.state
        return catalog.offers_for_node(state, name) if state else ()

    def for_remembered(self, key: str) -> tuple[Offer, ...]:
        """What can be done with an image of the ledger that is not open. `key`: its path, or the node-name that it had."""
        session = self._session
        entry = next((each for each in session.ledger.entries if key in (each.path, each.node)), None)
        return catalog.offers_for_kept(session.state, entry) if session.state and entry else ()

    def for_job(self, job: str) -> tuple[Offer, ...]:
        """What can be done with a job in its present status."""
        state = self._session.state
        return catalog.offers_for_job(state, job) if state else ()

    def for_machine(self) -> Iterator[Offer]:
        """What can be done with the whole machine, one by one."""
        state = self._session.state
        return catalog.offers_for_machine(state) if state else iter(())

    def steering(self, verb: str, job: str, speed: int | None = None) -> Operation:
        """The operation that does this to a job. `speed`: bytes per second."""
        return SteerJob(verb, job, speed)

    def taking_back(self, cut: CutOff) -> Offer:
        """The offer to take a plan back that was cut off."""
        return Undo(cut.plan).offer(cut)

    def reverse(self, preview: Preview) -> tuple[Offer, ...]:
        """What takes an operation back that was just done; none where nothing can."""
        state = self._session.state
        return reverse(preview.operation, preview.before, state) if state else ()

    def asked(self, state: State, key: str) -> tuple[asking.Asked, ...]:
        """How other tools are asked about a node, disk, job or export; see `asking.asked`."""
        return asking.asked(state, key)

    def foresee(self, operation: Operation) -> Preview | None:
        """What an operation would do, by the state alone: for a hint, which cannot wait. None: nothing was seen yet."""
        state = self._session.state
        return prepare(operation, state, Surroundings()) if state else None

    # Doing it

    async def prepare(self, operation: Operation, process: Process | None, again: Preview | None) -> Preview:
        """See `Session.prepare`. `process`: of the machine, where it is known.

        A file that QEMU no longer has open may be one that another client had it close between the look at the graph and the
        look at the files: then the graph has changed too, and all is looked at anew.
        """
        state = await self._session.refresh()
        stamp, serial = (again.stamp, again.serial) if again else (time_stamp(), self._next_serial(state))
        for _ in range(_LOOKS):
            found = await self._surroundings(operation, state, process, stamp, serial)
            if not found.replaced:
                break
            before, state = state, await self._session.refresh()
            if shape(state) == shape(before):
                break
        else:
            found = replace(found, replaced=(_RESTLESS,))
        return prepare(operation, state, found)

    async def _surroundings(
        self, operation: Operation, state: State, process: Process | None, stamp: str, serial: int
    ) -> Surroundings:
        """What an operation needs to know beyond this state."""
        session, books = self._session, self._session.books
        concerns = operation.concerns(state)
        marks, spoilt = await books.marks(), books.spoilt()
        around = Around(
            here=process.same_files if process else None,
            pid=process.pid if process else None,
            cwd=(process.cwd or "") if process else "",
            read_only=session.read_only,
            others=session.others(),
            spoilt=spoilt | {entry.path: entry.why for entry, _ in marks if entry.word != KEPT},
            kept=self._kept(marks),
            dead=frozenset(entry.path for entry, untouched in marks if untouched and entry.word == "invalid"),
            invalid=frozenset(entry.path for entry, _ in marks if entry.word == "invalid"),
            own_jobs=books.own_jobs,
            token=self._token,
            ends=process.ends_at_reset if process else False,
            cut_off=await books.cut_off(),
            server=await books.offered.server(),
            buses=await hot_buses(session.execute) if concerns.buses else (),
            threaded=await threaded(session.execute, state) if concerns.threads else frozenset(),
            qemu=books.qemu,
            since=await books.since(),
        )
        return await asyncio.to_thread(gather, concerns, state, around, stamp, serial)

    def _kept(self, marks: Sequence[tuple[LedgerEntry, bool]]) -> Mapping[str, str]:
        """The images of branches that are kept, on whatever machine they were left, and what each is backed by."""
        entries = (*self._session.ledger.entries, *(entry for entry, _ in marks))
        return {entry.path: entry.backing or "" for entry in entries if entry.word == KEPT}

    def _next_serial(self, state: State) -> int:
        names = [*state.graph.nodes, *(job.id for job in state.jobs), *self._session.books.own_jobs]
        used = [int(match.group(1)) for name in names if (match := re.match(r"diskchain-(\d{1,9})\b", name))]
        self._serial = max(self._serial, *used, 0) + 1
        return self._serial

    async def unready(self, process: Process | None, written: Sequence[str], held: Sequence[str]) -> str:
        """See `Session.unready`."""
        try:
            return await asyncio.to_thread(unready, process.pid, written, held) if process else ""
        except OSError:
            return ""

    async def run(self, carriage: Carriage, confirmed: bool) -> None:
        """Carry out what was agreed to; see `Session.carry_out`."""
        await QmpOperator(self._session, carriage, confirmed).run()
