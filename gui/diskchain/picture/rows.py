"""The chain view's places: one row for each disk, base at the left, active at the right, the device above. Pure, no Qt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from diskchain.model.ledger import LedgerEntry
from diskchain.picture.detached import left_behind
from diskchain.picture.folding import ALWAYS_LAST
from diskchain.picture.lines import LINE_GAP, line_spot
from diskchain.picture.look import LineLook, TitleLook
from diskchain.picture.plan import Link, Plan, Spot
from diskchain.picture.row import CARD_H, CARD_W, GAP, LEFT, LOW_H, PITCH, Row, title_width
from diskchain.picture.strands import Disk, disks_of
from diskchain.picture.telling import Telling
from diskchain.picture.words import called, one_line

TOP = 12.0
BETWEEN = 30.0
LINES_FROM = 4
"""From this many disks on, rows that are not selected are one line."""

MANY_LOOSE = 2


@dataclass(frozen=True)
class Wish:
    """How the viewer wants it.

    :ivar room: width in scene units that a row may take before its middle folds; 0: never fold.
    :ivar sight: width in scene units that is in sight while cards can be read; 0: any. A preview folds until it has it.
    :ivar width: scene units that lines fill at least.
    :ivar selected: names of selected nodes: they show, and their rows are not lines.
    :ivar unfolded: keys of disks whose chains are shown whole.
    :ivar whole: rows are never made lines (still pictures).
    :ivar last: how many images at the upper end of a chain are never folded away.
    :ivar only: keys of disks that are drawn as rows while all others are lines (a preview); None: the usual rule.
    """

    room: float = 0.0
    width: float = 0.0
    selected: frozenset[str] = frozenset()
    unfolded: frozenset[str] = frozenset()
    whole: bool = False
    only: frozenset[str] | None = None
    last: int = ALWAYS_LAST
    sight: float = 0.0


@dataclass
class Placer:
    """Collects spots and links from the top of the picture to its bottom."""

    y: float = TOP
    spots: dict[str, Spot] = field(default_factory=dict)
    links: dict[str, Link] = field(default_factory=dict)
    shows: dict[str, str] = field(default_factory=dict)
    focus: tuple[str, ...] = ()

    def take(self, row: Row) -> None:
        """Take a finished row over and go on below it."""
        self.spots.update((spot.key, spot) for spot in row.spots)
        self.links.update((link.key, link) for link in row.links)
        self.shows = row.shows | self.shows  # what is stands before what would be
        self.y = row.bottom + BETWEEN

    def add(self, spot: Spot) -> None:
        """Add one spot."""
        self.spots[spot.key] = spot

    def plan(self) -> Plan:
        """What was collected; lines are as long as the widest row."""
        return widened(Plan(self.spots, self.links, self.shows, focus=self.focus), self.widest)

    @property
    def widest(self) -> float:
        """How far the rows reach to the right."""
        rows = [spot for spot in self.spots.values() if not isinstance(spot.look, LineLook | TitleLook)]
        return max((spot.right for spot in rows), default=0.0)


def widened(plan: Plan, right: float) -> Plan:
    """The plan with all lines reaching at least this far to the right."""
    longer = {
        key: replace(spot, w=right - spot.x)
        for key, spot in plan.spots.items()
        if isinstance(spot.look, LineLook) and spot.right < right
    }
    return replace(plan, spots={**plan.spots, **longer}) if longer else plan


def place(telling: Telling, wish: Wish, ledger: Sequence[LedgerEntry] = ()) -> Plan:
    """Place a whole machine."""
    placer = Placer()
    disks = disks_of(telling.state)
    place_disks(placer, telling, wish, disks)
    place_left_behind(placer, telling, wish, ledger)
    return placer.plan()


def place_disks(placer: Placer, telling: Telling, wish: Wish, disks: list[Disk]) -> None:
    """Place disks one under the other: rows, lines, then the nodes that nothing is attached to."""
    empty = [device for device in telling.state.devices if device.root is None]
    loose = [disk for disk in disks if disk.loose]
    if len(loose) < MANY_LOOSE:
        loose = []
    chains = [disk for disk in disks if disk not in loose]
    open_rows = _open_rows(chains, wish)
    for at, disk in enumerate(chains):
        if disk.key in open_rows:
            placer.take(disk_row(telling, wish, disk, placer.y))
        else:
            spot = line_spot(telling, disk, placer.y, wish.width)
            placer.add(spot)
            placer.shows.update((name, spot.key) for name in disk.names)
            placer.y = spot.bottom + LINE_GAP
            following = chains[at + 1 : at + 2]
            if not following or following[0].key in open_rows:
                placer.y += BETWEEN - LINE_GAP
    if empty:
        _place_empty(placer, telling)
    _place_loose(placer, telling, wish, loose)


def disk_row(
    telling: Telling, wish: Wish, disk: Disk, y: float, columns: Mapping[str, float] | None = None, strong: str = ""
) -> Row:
    """One disk as cards. `columns`: x of nodes that shall stand where they stand elsewhere. `strong`: now, after."""
    row = Row(telling, disk.key, y, columns or {})
    devices = ", ".join(one_line(device.name) for device in disk.devices)
    title = f"{_machine(telling)} / {devices or called(telling.state.graph.nodes[disk.strands[0].top])}"
    open_ = disk.key in wish.unfolded and 0 < cards_that_fit(wish.room) < max(len(s.names) for s in disk.strands)
    row.title(title, strong or ("not attached" if not devices else ""), "Fold" if open_ else "")
    fits = len(tuple(disk.names)) if disk.key in wish.unfolded or wish.room <= 0 else cards_that_fit(wish.room)
    for number, strand in enumerate(disk.strands):
        row.strand(strand, fits, wish.selected, number, wish.last)
    for flow, strand in disk.targets:
        row.target(flow, strand)
    row.flows()
    return row


def cards_that_fit(room: float) -> int:
    """How many cards stand side by side in this width."""
    return max(int((room - 2 * LEFT + GAP) // PITCH), 1)


def _machine(telling: Telling) -> str:
    return one_line(telling.state.machine.name) or "machine"


def _open_rows(chains: list[Disk], wish: Wish) -> frozenset[str]:
    """Keys of the disks that are drawn as rows."""
    if wish.only is not None:
        return wish.only
    if wish.whole or len(chains) < LINES_FROM:
        return frozenset(disk.key for disk in chains)
    chosen = frozenset(disk.key for disk in chains if not wish.selected.isdisjoint(disk.names))
    return chosen or frozenset(disk.key for disk in chains[:1])


def _place_empty(placer: Placer, telling: Telling) -> None:
    """Devices without a medium, side by side in one row."""
    placer.add(_title(telling, "empty", "empty drives", "", placer.y))
    x = LEFT
    for device in telling.state.devices:
        if device.root is None:
            key = f"device:{device.name}"
            placer.add(Spot(key, telling.device(device), x, placer.y + 28, 132, 40, "empty"))
            x += 132 + GAP
    placer.y += 28 + 40 + BETWEEN


def _place_loose(placer: Placer, telling: Telling, wish: Wish, loose: list[Disk]) -> None:
    """Nodes that nothing is attached to, side by side."""
    if not loose:
        return
    placer.add(_title(telling, "loose", "not attached", "", placer.y))
    names = [disk.strands[0].top for disk in loose]
    for name, (x, y) in zip(names, _grid(len(names), placer.y + 28, wish.room, CARD_H), strict=True):
        key = f"node:{name}"
        placer.add(Spot(key, telling.card(name), x, y, CARD_W, CARD_H, "loose", name))
        placer.shows[name] = key
    placer.y = placer.spots[f"node:{names[-1]}"].bottom + BETWEEN


def place_left_behind(placer: Placer, telling: Telling, wish: Wish, ledger: Sequence[LedgerEntry]) -> None:
    """Images that QEMU no longer shows: detached and hatched, until dismissed."""
    if not ledger:
        return
    placer.add(_title(telling, "ledger", "no longer in a chain", "", placer.y))
    for entry, (x, y) in zip(ledger, _grid(len(ledger), placer.y + 28, wish.room, LOW_H), strict=True):
        key = f"ledger:{entry.path}"
        placer.add(Spot(key, left_behind(entry), x, y, CARD_W, LOW_H, "ledger", "", f"{entry.path}\n{entry.why}"))
    placer.y = y + LOW_H + BETWEEN


def with_left_behind(plan: Plan, telling: Telling, wish: Wish, ledger: Sequence[LedgerEntry]) -> Plan:
    """A placed picture, and those images below it."""
    if not ledger:
        return plan
    placer = Placer(plan.size[1] + BETWEEN, dict(plan.spots))
    place_left_behind(placer, telling, wish, ledger)
    return replace(plan, spots=placer.spots)


def _title(telling: Telling, row: str, words: str, strong: str, y: float) -> Spot:
    text = f"{_machine(telling)} / {words}"
    return Spot(f"title:{row}", TitleLook(text, strong), LEFT - 8, y, title_width(text, strong), 18, row)


def _grid(count: int, y: float, room: float, height: float) -> list[tuple[float, float]]:
    """Left upper corners of cards side by side, in as many lines as the room asks for."""
    across = max(cards_that_fit(room), 2) if room > 0 else 4
    return [(LEFT + at % across * PITCH, y + at // across * (height + GAP)) for at in range(count)]
