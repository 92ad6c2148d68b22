"""One disk as a row of cards: strands, filters on their edges, devices above, plugs and flows below."""

from __future__ import annotations

from collections.abc import Mapping, Set

from diskchain.model import words
from diskchain.model.flows import Flow, flows
from diskchain.model.root import Export
from diskchain.picture.folding import Fold, fold
from diskchain.picture.look import CardLook, FoldLook, PillLook, TitleLook
from diskchain.picture.plan import FLOW_ROOM, Link, Spot
from diskchain.picture.strands import Strand, filters_above, filters_between
from diskchain.picture.telling import Telling

LEFT = 27.0
CARD_W, CARD_H = 190.0, 104.0
LOW_H = 46.0
"""Height of a card of two lines."""
GAP = 22.0
PITCH = CARD_W + GAP
SLIM_W, SLIM_H = 112.0, 38.0
FOLD_W = 132.0
PILL_W, PILL_H = 121.0, 40.0
HEAD = 22.0
ARROW = 34.0
STEP = 24.0
"""Room for an arrow between a filter and what is under it."""

PLUG_H = 22.0
JOB_W, JOB_H = 178.0, 26.0
APART = 212.0
"""Room between a source and the target at its right, for the words on the line."""


class Row:
    """Collects one disk's spots and links from the left to the right, strands one under the other.

    Of what would be (a ghost) only the chain is drawn: devices and what is above the top stand over it already.
    """

    def __init__(self, telling: Telling, key: str, y: float, columns: Mapping[str, float]) -> None:
        self.spots: list[Spot] = []
        self.links: list[Link] = []
        self.shows: dict[str, str] = {}
        self.bottom = y + HEAD
        self._telling = telling
        self._key = key
        self._y = y
        self._columns = columns
        self._prefix = "after:" if telling.ghost else ""
        self._at: dict[str, Spot] = {}
        self._beside: set[str] = set()

    def title(self, text: str, strong: str = "", action: str = "") -> None:
        """The words above the row."""
        key = f"{self._prefix}title:{self._key}"
        self._add(
            Spot(
                key,
                TitleLook(text, strong, action),
                LEFT - 8,
                self._y,
                title_width(text, strong, action),
                18,
                self._key,
            )
        )

    def strand(self, strand: Strand, fits: int, wanted: Set[str], number: int, last: int) -> None:
        """Cards of one strand; a branch starts one column right of what it hangs on. For the others see `fold`."""
        telling, graph = self._telling, self._telling.state.graph
        wanted = set(wanted) | {end for flow in flows(telling.state) for end in (flow.source, flow.target)}
        above = filters_above(graph, strand.devices, strand.top) if not telling.ghost else ()
        head = PILL_H + ARROW if strand.devices and not telling.ghost else 0.0
        y = (self.bottom if number == 0 else self.bottom + 14) + head + len(above) * (SLIM_H + STEP)
        y += 0 if head or above else 6
        x = LEFT
        hanger = self._at.get(strand.hangs or "")
        if hanger is not None:
            x = hanger.x + PITCH if number else LEFT
        previous: Spot | None = None
        lowest_name = ""
        for item in fold(strand.names, fits, wanted, last):
            first = item if isinstance(item, str) else item.names[0]
            if previous is not None:
                previous, x = self._filters(filters_between(graph, first, lowest_name), previous, x, y)
            spot = self._item(item, x, y)
            if previous is not None:
                self._link("backing", spot, previous)
            elif hanger is not None:
                self._link("branch", spot, hanger)
            lowest_name = item if isinstance(item, str) else item.names[-1]
            previous, x = spot, spot.right + GAP
        if previous is not None:
            self._top(strand, above, previous)
        self.bottom = y + CARD_H
        self._plugs(strand, y + CARD_H)

    def _item(self, item: str | Fold, x: float, y: float) -> Spot:
        if isinstance(item, Fold):
            return self._fold(item, x, y)
        x = max(x, self._columns.get(item, x))
        key = f"{self._prefix}node:{item}"
        spot = self._add(Spot(key, self._telling.card(item), x, y, CARD_W, CARD_H, self._key, item))
        self._at[item] = spot
        self.shows[item] = key
        return spot

    def _fold(self, item: Fold, x: float, y: float) -> Spot:
        nodes = self._telling.state.graph.nodes
        allocated = [size for name in item.names if (size := nodes[name].allocated) is not None]
        note = words.size(sum(allocated)) if allocated else ""
        telling, marks = self._telling, self._telling.marks_in(item.names)
        hatched = not telling.spoilt.keys().isdisjoint(item.names)
        look = FoldLook(f"{len(item.names)} overlays", note, marks, hatched)
        key = f"{self._prefix}fold:{self._key}:{item.names[0]}"
        told = [f"{len(item.names)} images are folded here. Click to show them.", *telling.marked_in(item.names)]
        w = CARD_W if marks else FOLD_W
        spot = self._add(Spot(key, look, x, y + 14, w, CARD_H - 28, self._key, "", "\n".join(told)))
        for name in item.names:
            self._at[name] = spot
            self.shows[name] = key
        return spot

    def _filters(self, names: tuple[str, ...], previous: Spot, x: float, y: float) -> tuple[Spot, float]:
        for name in names:
            key = f"{self._prefix}node:{name}"
            spot = Spot(key, self._telling.slim(name), x, y + (CARD_H - SLIM_H) / 2, SLIM_W, SLIM_H, self._key, name)
            self._add(spot)
            self.shows[name] = key
            self._link("backing", spot, previous)
            previous, x = spot, spot.right + GAP
        return previous, x

    def _top(self, strand: Strand, above: tuple[str, ...], top: Spot) -> None:
        """Filters and devices over the upper end, the nearest lowest."""
        below = top
        y = top.y
        for name in above:
            y -= SLIM_H + STEP
            key = f"{self._prefix}node:{name}"
            x = top.right - SLIM_W - 5
            spot = self._add(Spot(key, self._telling.slim(name), x, y, SLIM_W, SLIM_H, self._key, name))
            self.shows[name] = key
            self._link("device", spot, below, "amber")
            below = spot
        x = top.right
        for device in strand.devices if not self._telling.ghost else ():
            x -= PILL_W
            key = f"{self._prefix}device:{device.name}"
            spot = self._add(Spot(key, self._telling.device(device), x, y - ARROW - PILL_H, PILL_W, PILL_H, self._key))
            self._link("device", spot, below, "blue")
            x -= GAP / 2

    def _plugs(self, strand: Strand, y: float) -> None:
        """Exports hang under the cards that they offer."""
        stacked: dict[str, int] = {}
        for export in self._telling.state.exports:
            name = self._shown_as(export)
            if name not in strand.names or (card := self._at.get(name)) is None:
                continue
            level = stacked[name] = stacked.get(name, -1) + 1
            key = f"{self._prefix}plug:{export.id}"
            at = y + 14 + level * (PLUG_H + 4)
            spot = self._add(Spot(key, self._telling.export(export), card.x, at, card.w, PLUG_H, self._key))
            self._link("plug", spot, card, "nbd")
            self.bottom = max(self.bottom, spot.bottom)

    def _shown_as(self, export: Export) -> str:
        return self._telling.state.graph.through(export.node) or export.node

    def target(self, flow: Flow, strand: Strand) -> None:
        """The target of a copy, right of its source."""
        self.beside(flow.source, strand.top, self._telling.card(strand.top), f"{self._prefix}node:{strand.top}")

    def beside(self, source_name: str, name: str, look: CardLook, key: str) -> None:
        """A card right of another one, with room for words between; nothing where that one is not in this row."""
        source = self._at.get(source_name)
        if source is None:
            return
        spot = self._add(Spot(key, look, source.right + APART, source.y, CARD_W, CARD_H, self._key, name))
        self._at[name] = spot
        self._beside.add(name)
        self.shows[name] = key

    def flows(self) -> None:
        """A line and a pill for each job that moves data within this row."""
        for flow in flows(self._telling.state):
            job = self._telling.state.job(flow.job)
            if job is not None:
                moving = job.status == "running" and not job.paused and not self._telling.still
                self.flow(f"job:{job.id}", flow.source, flow.target, self._telling.job(job), moving)

    def flow(
        self, key: str, source_name: str, target_name: str, look: PillLook, moving: bool, w: float = JOB_W
    ) -> None:
        """Data moves from one node to another: a dashed line past a pill. Nothing where both are in one fold."""
        source, target = self._at.get(source_name), self._at.get(target_name)
        if source is None or target is None or source is target:
            return
        across = target_name in self._beside
        if across:
            x, y = (source.right + target.x - w) / 2, source.y + CARD_H / 2 - 34
        else:
            x = max((source.x + source.w / 2 + target.x + target.w / 2 - w) / 2, LEFT)
            span = abs(source.x + source.w / 2 - target.x - target.w / 2)
            y = self.bottom + (20 if span >= w + 2 * FLOW_ROOM else 38)
        pill = self._add(Spot(key, look, x, y, w, JOB_H, self._key))
        kind = "across" if across else "under"
        self.links.append(Link(key, source.key, target.key, kind, self._key, look.tone, moving=moving, via=pill.key))
        self.bottom = max(self.bottom, pill.bottom)

    def columns(self) -> dict[str, float]:
        """Where each node stands across, for a row that is to be read against this one."""
        return {name: spot.x for name, spot in self._at.items() if spot.node == name}

    def _add(self, spot: Spot) -> Spot:
        self.spots.append(spot)
        return spot

    def _link(self, kind: str, start: Spot, end: Spot, tone: str = "quiet") -> None:
        key = f"{kind}:{start.key}"
        self.links.append(Link(key, start.key, end.key, kind, self._key, tone, ghost=self._telling.ghost))


def title_width(*parts: str) -> float:
    """Room enough for a title, in scene units."""
    return min(12.0 * sum(len(part) + 3 for part in parts if part) + 24, 640.0)
