"""From what is known to what is shown: decides between chain, full graph and preview, and makes the plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from diskchain.layout import Layouter, Shape, in_ranks
from diskchain.model.diff import Diff
from diskchain.model.ledger import LedgerEntry
from diskchain.model.marked import kept_nodes, spoilt_nodes
from diskchain.model.state import State
from diskchain.picture.full import Component, components, full_plan
from diskchain.picture.kept import with_kept
from diskchain.picture.lines import line_note
from diskchain.picture.look import Badge, CardLook, LineLook, SlimLook
from diskchain.picture.plan import Plan, Spot
from diskchain.picture.prospect import place_preview
from diskchain.picture.rows import Wish, place, with_left_behind
from diskchain.picture.telling import Known, Measures, Telling

if TYPE_CHECKING:
    from diskchain.operations.preview import Preview


class Remembered(Protocol):
    """What of the session's ledger the canvas asks."""

    @property
    def entries(self) -> tuple[LedgerEntry, ...]:
        """Images that QEMU no longer shows."""


@dataclass
class Planner:
    """Everything that the picture depends on. Pure of Qt, so that it is tested without a window."""

    state: State | None = None
    ledger: Remembered | None = None
    meter: Measures | None = None
    preview: Preview | None = None
    full: bool = False
    lost: bool = False
    layouter: Layouter = field(default_factory=Layouter)
    wish: Wish = field(default_factory=Wish)
    _parts: list[Component] = field(default_factory=list)
    _jobs: tuple[object, ...] = ()
    _known: Known = field(default_factory=dict)

    def plan(self) -> Plan:
        """The whole picture."""
        if self.state is None:
            return Plan()
        self._jobs = _held(self.state)
        if self.preview is not None:
            return place_preview(self.preview, self._telling(self.state), self.wish, self._entries(self.state))
        if self.full:
            return self._full()
        shown = with_kept(self.state, self.ledger.entries if self.ledger is not None else ())
        return place(self._telling(shown), self.wish, self._entries(shown))

    def unplaced(self) -> list[Shape]:
        """Shapes that the layouter must be asked for before Full graph can be shown."""
        self._parts = []
        if self.state is None or not self.full or self.preview is not None:
            return []
        self._parts = components(self._telling(self.state))
        return [shape for part in self._parts if self.layouter.known(shape := part.shape) is None]

    def _full(self) -> Plan:
        if self.state is None:
            return Plan()
        telling = self._telling(self.state)
        parts = self._parts or components(telling)
        placed = [self.layouter.known(part.shape) or in_ranks(part.shape) for part in parts]
        return with_left_behind(full_plan(telling, parts, placed), telling, self.wish, self._entries(self.state))

    def _telling(self, state: State) -> Telling:
        spoilt, kept = self._spoilt(state), self._kept(state)
        return Telling(state, self.meter, spoilt=spoilt, kept=kept, lost=self.lost, known=self._known)

    def changed_spots(self, plan: Plan, change: Diff) -> list[Spot] | None:
        """The spots that a change touches, where it moves nothing; None: everything must be placed anew."""
        if self.state is None or self.preview is not None or change.structural:
            return None
        if self.full and change.edges_changed:
            return None
        if change.others - {"jobs", "devices"} or self._jobs != _held(self.state):
            return None
        found = []
        telling = self._telling(self.state)
        for name in change.changed:
            key = plan.shows.get(name)
            spot = plan.spots.get(key or "")
            if spot is None or isinstance(spot.look, LineLook):
                continue
            if spot.node != name or not spot.key.endswith(f"node:{name}"):
                return None
            found.append(retold(telling, spot))
        if "devices" in change.others:
            found += _pills(plan, telling)
        return found + self.measured_spots(plan)

    def measured_spots(self, plan: Plan) -> list[Spot]:
        """Spots whose rates or progress read differently now."""
        if self.state is None:
            return []
        telling = self._telling(self.state)
        found = []
        for name in self.state.active:
            spot = plan.spots.get(plan.shows.get(name, ""))
            if spot is not None and spot.node == name and isinstance(spot.look, CardLook) and not spot.look.ghost:
                found.append(replace(spot, look=replace(spot.look, rate=telling.card(name).rate)))
        for job in self.state.jobs:
            spot = plan.spots.get(f"job:{job.id}")
            if spot is not None:
                found.append(replace(spot, look=telling.job(job)))
        found += self._lines(plan, telling)
        return [spot for spot in found if spot.look != plan.spots[spot.key].look]

    def _lines(self, plan: Plan, telling: Telling) -> list[Spot]:
        """Disks in one line, with what goes on there now."""
        held: dict[str, set[str]] = {}
        for name, key in plan.shows.items():
            held.setdefault(key, set()).add(name)
        found = []
        for key, names in held.items():
            spot = plan.spots[key]
            if isinstance(spot.look, LineLook):
                note, tone = line_note(telling, names, spot.node)
                found.append(replace(spot, look=replace(spot.look, note=note, tone=tone)))
        return found

    def _entries(self, shown: State) -> Sequence[LedgerEntry]:
        """Images to be drawn detached: those that are not shown elsewhere."""
        if self.ledger is None:
            return ()
        entries = self.ledger.entries
        opened = {node.file for node in shown.graph.nodes.values()} if entries else set()
        return [entry for entry in entries if entry.path not in opened]

    def _kept(self, state: State) -> frozenset[str]:
        """Images of kept branches; not those that a disk stands on again."""
        return frozenset(kept_nodes(state, self.ledger.entries)) if self.ledger is not None else frozenset()

    def _spoilt(self, state: State) -> dict[str, Badge]:
        """The ledger's word on images that are still open."""
        found = spoilt_nodes(state, self.ledger.entries, self.lost) if self.ledger is not None else {}
        return {
            name: Badge(entry.word.upper(), "red" if entry.word == "invalid" else "amber")
            for name, entry in found.items()
        }


def _held(state: State) -> tuple[object, ...]:
    """What of the jobs the places depend on; progress is none of it."""
    return tuple((job.id, job.type, job.status, job.paused, job.ready, job.nodes) for job in state.jobs)


def _pills(plan: Plan, telling: Telling) -> list[Spot]:
    """Devices that are told differently."""
    looks = ((plan.spots.get(f"device:{device.name}"), telling.device(device)) for device in telling.state.devices)
    return [replace(spot, look=look) for spot, look in looks if spot is not None and spot.look != look]


def retold(telling: Telling, spot: Spot) -> Spot:
    """A node's spot as the state tells it now, in its old place."""
    if isinstance(spot.look, CardLook):
        return replace(spot, look=telling.card(spot.node))
    if isinstance(spot.look, SlimLook):
        return replace(spot, look=telling.slim(spot.node))
    return spot
