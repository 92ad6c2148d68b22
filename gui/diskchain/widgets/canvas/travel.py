"""Where the arrow keys lead from a node, what a search finds, and where to look first. Pure, on a placed plan."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QRectF

from diskchain.model.graph import BlockGraph
from diskchain.model.paths import base_name
from diskchain.model.state import State
from diskchain.picture.brush import box_of
from diskchain.picture.look import CardLook, LineLook, SlimLook
from diskchain.picture.plan import Plan, Spot

_LINES = ("backing", "branch", "role")


def step(plan: Plan, node: str, way: str) -> str | None:
    """The node one step `left` (towards the base), `right` (towards the overlay), `up` or `down`; None: nothing is there."""
    here = plan.spots.get(plan.shows.get(node, ""))
    if here is None:
        return first(plan)
    if way in ("left", "right"):
        return _along(plan, here, towards_base=way == "left")
    return _across(plan, here, down=way == "down")


def end(plan: Plan, node: str, way: str) -> str | None:
    """The last node to the `left` (the base) or `right` (the active one) of a chain."""
    seen = [node]
    while (further := step(plan, seen[-1], way)) is not None and further not in seen:
        seen.append(further)
        if len(seen) > len(plan.shows):
            break
    return seen[-1] if len(seen) > 1 else None


def first(plan: Plan) -> str | None:
    """Where travel begins: the active node of the uppermost row, else the uppermost node."""
    spots = [spot for spot in plan.spots.values() if spot.node and not _ghost(spot)]
    spots.sort(key=lambda spot: (not (isinstance(spot.look, CardLook) and spot.look.active), spot.y, spot.x))
    return spots[0].node if spots else None


def matches(state: State, wanted: str, plan: Plan | None) -> list[str]:
    """Names of nodes whose name, driver or file holds the text, in the graph's order; no text finds nothing.

    :param plan: what is drawn, where that is not all: of what is folded into a card the node of that card is found.
    """
    wanted = wanted.casefold().strip()
    if not wanted:
        return []
    found = [
        name
        for name, node in state.graph.nodes.items()
        if wanted in name.casefold() or wanted in base_name(node.file).casefold() or wanted == node.driver
    ]
    return found if plan is None else _drawn(state.graph, plan, found)


def _drawn(graph: BlockGraph, plan: Plan, names: Iterable[str]) -> list[str]:
    found: dict[str, None] = {}
    for name in names:
        above, seen = [name], {name}
        while above and (here := above.pop()) not in plan.shows:
            further = {edge.parent for edge in graph.parents(here)} - seen
            seen |= further
            above += further
        if here in plan.shows:
            found.setdefault(here)
    return list(found)


def focus(state: State, plan: Plan, selected: str) -> QRectF:
    """Where to look first: what the plan names, the selected node, or the active image of the first disk, with its devices."""
    actives = (state.active_of(device) for device in state.devices)
    name = selected or next((active for active in actives if active is not None), "")
    keys = [plan.shows.get(name, ""), *(f"device:{device.name}" for device in state.devices_on(name))]
    area = QRectF()
    for key in plan.focus or keys:
        if (spot := plan.spots.get(key)) is not None:
            area = area.united(box_of(spot))
    return area


def _along(plan: Plan, here: Spot, towards_base: bool) -> str | None:
    near, far = ("start", "end") if towards_base else ("end", "start")
    found = [link for link in plan.links.values() if link.kind in _LINES and getattr(link, near) == here.key]
    found.sort(key=lambda link: (not link.label.startswith("backing"), link.key))
    for link in found:
        other = plan.spots.get(getattr(link, far))
        if other is not None and (name := _name(plan, other, last=towards_base)):
            return name
    return None


def _name(plan: Plan, spot: Spot, last: bool) -> str | None:
    """The node of a spot; of a fold its upper or lower end, which then shows by itself."""
    if spot.node:
        return spot.node
    names = [name for name, key in plan.shows.items() if key == spot.key]
    return names[-1 if last else 0] if names else None


def _across(plan: Plan, here: Spot, down: bool) -> str | None:
    """The nearest node in the rows above or below."""
    middle = here.x + here.w / 2
    best: tuple[float, float, str] | None = None
    for spot in plan.spots.values():
        if not spot.node or _ghost(spot) or spot.key == here.key:
            continue
        away = spot.y - here.bottom if down else here.y - spot.bottom
        if away < -1:
            continue
        aside = 0.0 if isinstance(spot.look, LineLook) else abs(spot.x + spot.w / 2 - middle)
        if best is None or (away, aside) < best[:2]:
            best = (away, aside, spot.node)
    return best[2] if best else None


def _ghost(spot: Spot) -> bool:
    return isinstance(spot.look, CardLook | SlimLook) and spot.look.ghost
