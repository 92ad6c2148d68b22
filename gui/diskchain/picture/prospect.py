"""A preview as a picture: the rows that it concerns as they are now, below each what it would be, all others as lines."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from diskchain.model import words
from diskchain.model.ledger import LedgerEntry
from diskchain.model.node import Node
from diskchain.model.state import State
from diskchain.picture.folding import ALWAYS_LAST
from diskchain.picture.look import Badge, CardLook, PillLook
from diskchain.picture.plan import Link, Plan
from diskchain.picture.row import PITCH, Row
from diskchain.picture.rows import Placer, Wish, disk_row, place_disks, place_left_behind
from diskchain.picture.strands import Disk, disks_of
from diskchain.picture.telling import Telling

if TYPE_CHECKING:
    from diskchain.operations.preview import Preview

FLOW_W = 236.0
FEW = 5
"""More images than this that become invalid stay folded together, with their number: their cards would leave the window."""

_FOLDING = ((ALWAYS_LAST, FEW), (ALWAYS_LAST, 0), (1, 0))
"""How a preview folds its chains until all is in sight: how many last images show, and how many that become invalid."""

_CHANGE, _INVALID = Badge("WILL CHANGE", "amber"), Badge("WILL BE INVALID", "red", "→ INVALID")


def place_preview(preview: Preview, told: Telling, wish: Wish, ledger: Sequence[LedgerEntry] = ()) -> Plan:
    """Place a preview over the present state, as told without it (a fresher look than it was prepared on may have come since)."""
    for last, few in _FOLDING:
        placer = _placed(preview, told, replace(wish, last=last), ledger, few)
        if placer.widest <= (wish.sight or placer.widest):
            break
    return placer.plan()


def _placed(preview: Preview, told: Telling, wish: Wish, ledger: Sequence[LedgerEntry], few: int) -> Placer:
    state = told.state
    telling = replace(told, prospects=_prospects(preview, state), known={})
    ghost = Telling(preview.after, ghost=True, reckoned=_reckoned(preview))
    now, then = disks_of(state), disks_of(preview.after)
    concerned = [disk for disk in now if _concerned(disk, telling, preview)]
    new = _new(now, then)
    whole = (
        wish if not concerned and not new else replace(wish, only=frozenset())
    )  # what concerns no disk changes no picture
    wish = replace(wish, selected=wish.selected | frozenset(_wanted(telling, preview, few)))
    placer = Placer()
    for disk in concerned:
        row = disk_row(telling, wish, disk, placer.y, strong="now")
        _flow(row, preview)
        _copies(row, preview, state)
        placer.take(row)
        for after in _successors(disk, then, bool(preview.draft.copies)):
            below = disk_row(ghost, wish, after, placer.y, row.columns(), "after")
            _count_images(below, disk, after)
            placer.take(below)
            placer.focus = placer.focus or _new_in(below, preview)
        placer.focus = placer.focus or _new_in(row, preview)
    for disk in new:
        row = disk_row(ghost, wish, disk, placer.y, strong="after")
        placer.take(row)
        placer.focus = placer.focus or _new_in(row, preview)
    rest = [disk for disk in now if disk not in concerned]
    place_disks(placer, told, whole, rest)
    place_left_behind(placer, told, wish, ledger)
    return placer


def _new_in(row: Row, preview: Preview) -> tuple[str, ...]:
    """What of a row would be new or hold more, or else its top: that is what a preview is looked at for."""
    new = (preview.after.graph.nodes.keys() - preview.before.graph.nodes.keys()) | _reckoned(preview)
    new |= {node.name for _, node in preview.draft.copies}
    ghosts = [spot for spot in row.spots if isinstance(spot.look, CardLook) and spot.look.ghost]
    return tuple(spot.key for spot in [spot for spot in ghosts if spot.node in new] or ghosts[-1:])


def _reckoned(preview: Preview) -> frozenset[str]:
    """Nodes that would hold what others hold now: how much of it is there twice is not known before."""
    now = preview.before.graph.nodes
    then = preview.after.graph.nodes
    grown = {name for name, node in then.items() if name in now and node.allocated != now[name].allocated}
    return frozenset(grown | {node.name for _, node in preview.draft.copies})


def _nodes_of(state: State, path: str) -> Iterator[str]:
    """Nodes that are no protocol nodes under a format node and whose file is this one, relative names told by their end."""
    for name, node in state.graph.nodes.items():
        if not node.file or state.graph.is_leftover_child(name):
            continue
        if node.file == path or (not posixpath.isabs(node.file) and path.endswith("/" + posixpath.normpath(node.file))):
            yield name


def _prospects(preview: Preview, state: State) -> dict[str, Badge]:
    """The words on the cards of exactly the files that the preview names as changing or becoming invalid."""
    found: dict[str, Badge] = {}
    for paths, badge in ((preview.draft.changed, _CHANGE), (preview.draft.invalid, _INVALID)):
        found.update((name, badge) for path in paths for name in _nodes_of(state, path))
    return found


def _wanted(telling: Telling, preview: Preview, few: int) -> Iterator[str]:
    """Nodes that must not be folded away: active images, the ends of the flow, what changes, and what becomes invalid.

    :param few: of how many that become invalid each shows; more stay folded together.
    """
    yield from preview.before.active
    yield from preview.draft.flow or ()
    yield from (name for name, badge in telling.prospects.items() if badge is _CHANGE)
    invalid = [name for name, badge in telling.prospects.items() if badge is _INVALID]
    yield from invalid if len(invalid) <= few else ()


def _concerned(disk: Disk, telling: Telling, preview: Preview) -> bool:
    names = set(disk.names)
    flow = preview.draft.flow
    if (flow is not None and not names.isdisjoint(flow)) or not names.isdisjoint(
        (*telling.prospects, *preview.draft.about, *(source for source, _ in preview.draft.copies))
    ):
        return True
    after = preview.after
    for device in disk.devices:
        later = after.device(device.name)
        if later is None or later.root is None:
            return True
        if after.graph.chain(later.root) != telling.state.graph.chain(device.root or ""):
            return True
    return False


def _new(now: list[Disk], then: list[Disk]) -> list[Disk]:
    """The disks and images that nothing of now becomes: they are opened."""
    names = {name for disk in now for name in disk.names}
    return [disk for disk in then if names.isdisjoint(disk.names) and disk.key not in {old.key for old in now}]


def _successors(disk: Disk, then: list[Disk], copied: bool) -> list[Disk]:
    """What a disk becomes: the disks with its devices, else with any of its nodes; nothing where it is only copied and stays."""
    same = [after for after in then if after.key == disk.key and after.devices]
    names = set(disk.names)
    if copied and [set(after.names) for after in same] == [names]:
        return []
    return same or [after for after in then if not after.loose and not names.isdisjoint(after.names)]


def _flow(row: Row, preview: Preview) -> None:
    flow = preview.draft.flow
    if flow is None:
        return
    down = flow[1] in preview.before.graph.chain(flow[0])
    moves = preview.draft.moves
    amount, way = words.size(moves) if moves else "data", "down" if down else "up"
    look = PillLook(f"{'about ' if moves else ''}{amount} moves {way}", "", "green", "job", short=f"{amount} {way}")
    row.flow("flow:preview", *flow, look, moving=False, w=FLOW_W)


def _copies(row: Row, preview: Preview, state: State) -> None:
    """The copies that would be made, dashed, each beside its image."""
    for source, node in preview.draft.copies:
        graph = state.graph.with_nodes([node])
        told = Telling(replace(state, graph=graph), ghost=True, reckoned=_reckoned(preview))
        row.beside(source, node.name, told.card(node.name), f"copy:node:{node.name}")
        said = _copied(preview, node)
        look = PillLook(said, "", "green", "job", short=said.removeprefix("about ").removesuffix(" copied"))
        row.flow(f"flow:{node.name}", source, node.name, look, moving=False)


def _copied(preview: Preview, node: Node) -> str:
    """What goes to a copy. Where there are several, each says what it will take itself: the sum is of all of them."""
    moves = preview.draft.moves if len(preview.draft.copies) == 1 else node.allocated
    if moves is None:
        return "copied"
    return f"about {words.size(moves)} copied" if moves else "new writes"


def _count_images(row: Row, before: Disk, after: Disk) -> None:
    """Say on the first long line how many images a read may cross."""
    old, new = len(before.strands[0].names), len(after.strands[0].names)
    if old == new:
        return
    label = f"reads cross {new} image{'s' if new > 1 else ''} instead of {old}"
    spots = {spot.key: spot for spot in row.spots}
    for at, link in enumerate(row.links):
        if link.kind == "backing" and spots[link.start].x - spots[link.end].right > PITCH:
            row.links[at] = _labelled(link, label)
            return


def _labelled(link: Link, label: str) -> Link:
    return replace(link, label=label)
