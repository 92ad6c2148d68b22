"""What a spot is, in sentences: for tool tips, and for screen readers."""

from __future__ import annotations

from diskchain.model import words
from diskchain.model.state import State
from diskchain.picture.look import CardLook, FoldLook, LineLook, PillLook, SlimLook, TitleLook
from diskchain.picture.plan import Link, Plan, Spot
from diskchain.picture.words import one_line


def short(spot: Spot) -> str:
    """One line for a screen reader: `overlay3, qcow2 node, active, 0.9 of 8 GiB`."""
    look = spot.look
    if isinstance(look, CardLook):
        called = [look.name, look.file] if look.nameless else [look.name]
        parts = [*called, f"{look.driver} node", *(badge.text.lower() for badge in look.badges), look.size, look.rate]
    elif isinstance(look, SlimLook):
        parts = [look.name, f"{look.word} filter"]
    elif isinstance(look, PillLook):
        parts = [look.title, look.note]
    elif isinstance(look, FoldLook):
        parts = [f"{look.text} folded", look.note, *(mark.text.lower() for mark in look.marks)]
    elif isinstance(look, LineLook):
        parts = [f"disk {look.title}", look.chain.replace(" ← ", ", then "), look.note]
        parts[2:2] = [mark.text.lower() for mark in look.marks]
    else:
        parts = [_title(look)]
    if spot.key.startswith("after:"):
        parts.append("afterwards")
    return ", ".join(part for part in parts if part)


def edge(link: Link, plan: Plan) -> str:
    """An edge for a screen reader: `overlay3 is backed by overlay2`."""
    start, end = plan.spots.get(link.start), plan.spots.get(link.end)
    if start is None or end is None:
        return ""
    verb = {
        "backing": "is backed by",
        "branch": "is backed by",
        "device": "is attached to",
        "plug": "is an export of",
        "under": _flow(link),
        "across": _flow(link),
    }.get(link.kind, f"has {link.label} in")
    return f"{_name(start)} {verb} {_name(end)}"


def long(spot: Spot, state: State) -> list[str]:
    """Lines for a tool tip: all that a card may have cut short, with exact sizes."""
    node = state.graph.nodes.get(spot.node)
    if node is None or isinstance(spot.look, LineLook):
        return [one_line(line, 600) for line in (spot.about or short(spot)).splitlines()]
    lines = [one_line(node.name), f"{one_line(node.driver)} {node.kind.value} node"]
    if node.file:
        lines.append(one_line(node.file, 600))
    if node.virtual_size is not None:
        lines.append(f"{words.size(node.virtual_size)} for the guest ({node.virtual_size} bytes)")
    if node.allocated is not None:
        lines.append(f"{words.size(node.allocated)} on disk ({node.allocated} bytes)")
    if isinstance(spot.look, CardLook) and spot.look.badges:
        lines.append(" · ".join(badge.text for badge in spot.look.badges))
    if node.nameless:
        lines.append("Nobody named this node: QEMU calls it so, and otherwise at its next start.")
    if node.header_backing and state.graph.child(node.name, "backing") is None:
        lines.append(f"Its header names {one_line(node.header_backing, 600)}, which is not open here.")
    return lines


def _flow(link: Link) -> str:
    return "moves data to" if link.moving else "has a flow of data, which does not move now, to"


def _name(spot: Spot) -> str:
    look = spot.look
    if isinstance(look, CardLook | SlimLook):
        return look.name
    return short(spot)


def _title(look: TitleLook) -> str:
    return f"{look.text}, {look.strong}" if look.strong else look.text
