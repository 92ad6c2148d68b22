"""Holds what came about against what was predicted."""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import TYPE_CHECKING

from diskchain.model.node import Kind, Node
from diskchain.model.state import State

if TYPE_CHECKING:
    from diskchain.operations.preview import Draft


def differences(draft: Draft, before: State, now: State, aside: Container[str] = ()) -> tuple[str, ...]:
    """Sentences on what is otherwise than predicted; none: it came as predicted.

    :param aside: nodes and devices that other operations of ours changed meanwhile; see `touched`.

    Compared are the nodes that are no protocol nodes and no filters, what each is backed by, where the devices are attached,
    which file each has open, the header of each image whose header was to change, and the size of one that was to be resized;
    likewise its bitmaps. Also the exports and disks that were to come or go. Figures that move by themselves
    (allocation, counters) are not. Nodes that left the chain may have vanished (`Draft.loose`), unless they were to be closed;
    so may the protocol nodes below them: QEMU does not tell which ones were opened apart from their image, and stay.
    """
    if draft.after is None:
        return ()
    return tuple(_differences(draft, before, now, draft.after, aside))


def left_open(draft: Draft, before: State, now: State) -> tuple[str, ...]:
    """Protocol nodes of images that were closed, which were opened apart from them: nothing uses them any more."""
    closed = (name for name in draft.closes if name in before.graph.nodes and name not in now.graph.nodes)
    own = dict.fromkeys(below for name in closed for below in before.graph.stored(name))
    return tuple(name for name in own if name in now.graph.nodes and not now.graph.parents(name))


def touched(draft: Draft, before: State) -> set[str]:
    """Names of the nodes and devices that an operation adds, takes out, or rewires."""
    after = draft.after or before
    nodes, then = before.graph.nodes, after.graph.nodes
    found = (nodes.keys() ^ then.keys()) | _leaving(draft, before)
    for name in nodes.keys() & then.keys():
        old, new = nodes[name], then[name]
        rewired = before.graph.backing(name) != after.graph.backing(name)
        if rewired or old.header_backing != new.header_backing or _bitmaps(old) != _bitmaps(new):
            found.add(name)
    roots = {device.name: before.active_of(device) for device in before.devices}
    rooted = {device.name: after.active_of(device) for device in after.devices}
    return found | {name for name in roots.keys() | rooted.keys() if roots.get(name) != rooted.get(name)}


def _differences(draft: Draft, before: State, now: State, wanted: State, aside: Container[str]) -> Iterator[str]:
    free = _leaving(draft, before) - set(draft.closes)
    expected, found = ({name for name in _names(state) if name not in aside} for state in (wanted, now))
    for name in sorted(expected - found - free):
        yield f"{name} should be there and is not."
    for name in sorted(found - expected - free - _followed(before, wanted, now)):
        yield f"{name} is there and was not expected."
    for name in sorted(expected & found - free):
        yield from _node(name, before, wanted, now)
    yield from _outside(before, wanted, now)
    roots = {device.name: now.active_of(device) for device in now.devices}
    for device in wanted.devices:
        root = wanted.active_of(device)
        if device.name in roots and roots[device.name] != root and device.name not in aside:
            yield f"The disk {device.name} is attached to {roots[device.name]}, not to {root}."


def _leaving(draft: Draft, before: State) -> set[str]:
    """The nodes that leave the chain, and the protocol nodes that hold their bytes."""
    graph = before.graph
    return {*draft.loose, *(below for name in draft.loose if name in graph.nodes for below in graph.stored(name))}


def _followed(before: State, wanted: State, now: State) -> set[str]:
    """Nameless nodes below a new one: QEMU opened them because a header names them, and called them as it likes."""
    new = (wanted.graph.nodes.keys() - before.graph.nodes.keys()) & now.graph.nodes.keys()
    below = {child for name in new for child in now.graph.subtree(name)}
    return {name for name in below if now.graph.nodes[name].nameless}


def _outside(before: State, wanted: State, now: State) -> Iterator[str]:
    """Of the exports and devices, only those that the operation makes or ends."""
    for word, names in (("export", _exports), ("disk", _devices)):
        old, should, found = names(before), names(wanted), names(now)
        yield from (f"The {word} {name} should be there and is not." for name in sorted(should - old - found))
        yield from (f"The {word} {name} should be gone and is still there." for name in sorted((old - should) & found))


def _exports(state: State) -> set[str]:
    return {export.id for export in state.exports if not export.shutting_down}


def _devices(state: State) -> set[str]:
    return {device.name for device in state.devices if device.name}


def _node(name: str, before: State, wanted: State, now: State) -> Iterator[str]:
    below, should = now.graph.backing(name), wanted.graph.backing(name)
    if below != should:
        yield f"{name} is backed by {below or 'nothing'}, not by {should or 'nothing'}."
    expected, found = wanted.graph.nodes[name], now.graph.nodes[name]
    if expected.file and found.file != expected.file:
        yield f"{name} has {found.file} open, not {expected.file}."
    old = before.graph.nodes.get(name)
    if old is not None and expected.virtual_size not in (old.virtual_size, found.virtual_size):
        yield f"{name} has {found.virtual_size} bytes, not {expected.virtual_size}."
    header = (expected.header_backing, expected.header_backing_format)
    if (old is None or header != (old.header_backing, old.header_backing_format)) and found.header_backing != header[0]:
        yield f"The header of {name} names {found.header_backing or 'nothing'}, not {header[0] or 'nothing'}."
    bitmaps = _bitmaps(expected)
    if (old is None or bitmaps != _bitmaps(old)) and _bitmaps(found) != bitmaps:
        yield f"The bitmaps of {name} are {_told(found)}, not {_told(expected)}."


def _bitmaps(node: Node) -> set[tuple[str, bool, bool]]:
    """The bitmaps without the figures that move by themselves."""
    return {(bitmap.name, bitmap.recording, bitmap.persistent) for bitmap in node.named_bitmaps}


def _told(node: Node) -> str:
    told = (f"{bitmap.name}{'' if bitmap.recording else ' (not recording)'}" for bitmap in node.named_bitmaps)
    return ", ".join(told) or "none"


def _names(state: State) -> set[str]:
    """The nodes to compare: jobs' filters come and go, and protocol nodes follow their format nodes."""
    graph = state.graph
    return {
        name
        for name, node in graph.nodes.items()
        if node.kind is Kind.FORMAT or not (node.implicit or _folded(state, name))
    }


def _folded(state: State, name: str) -> bool:
    return state.graph.nodes[name].kind is Kind.FILTER or state.graph.is_leftover_child(name)
