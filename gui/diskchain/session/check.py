"""Holds what came about against what was predicted."""

from __future__ import annotations

from collections.abc import Iterator

from diskchain.model.node import Kind
from diskchain.model.state import State
from diskchain.operations.preview import Draft


def differences(draft: Draft, before: State, now: State) -> tuple[str, ...]:
    """Sentences on what is otherwise than predicted; none: it came as predicted.

    Compared are the nodes that are no protocol nodes and no filters, what each is backed by, where the devices are attached,
    which file each has open, and the header of each image whose header was to change. Figures that move by themselves
    (allocation, counters) are not. Nodes that left the chain may have vanished (`Draft.loose`), unless they were to be closed.
    """
    if draft.after is None:
        return ()
    return tuple(_differences(draft, before, draft.after, now))


def _differences(draft: Draft, before: State, wanted: State, now: State) -> Iterator[str]:
    free = set(draft.loose) - set(draft.closes)
    expected, found = _names(wanted), _names(now)
    for name in sorted(expected - found - free):
        yield f"{name} should be there and is not."
    for name in sorted(found - expected - free):
        yield f"{name} is there and was not expected."
    for name in sorted(expected & found - free):
        yield from _node(name, before, wanted, now)
    roots = {device.name: now.active_of(device) for device in now.devices}
    for device in wanted.devices:
        root = wanted.active_of(device)
        if device.name in roots and roots[device.name] != root:
            yield f"The disk {device.name} is attached to {roots[device.name]}, not to {root}."


def _node(name: str, before: State, wanted: State, now: State) -> Iterator[str]:
    below, should = now.graph.backing(name), wanted.graph.backing(name)
    if below != should:
        yield f"{name} is backed by {below or 'nothing'}, not by {should or 'nothing'}."
    expected, found = wanted.graph.nodes[name], now.graph.nodes[name]
    if expected.file and found.file != expected.file:
        yield f"{name} has {found.file} open, not {expected.file}."
    old = before.graph.nodes.get(name)
    header = (expected.header_backing, expected.header_backing_format)
    if (old is None or header != (old.header_backing, old.header_backing_format)) and found.header_backing != header[0]:
        yield f"The header of {name} names {found.header_backing or 'nothing'}, not {header[0] or 'nothing'}."


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
