"""Which commits there can be at all, and what comes of one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from diskchain.model.graph import BlockGraph
from diskchain.model.state import State
from diskchain.operations.bitmaps import with_those_of
from diskchain.operations.chains import header_format, moved_roots


def impossible(graph: BlockGraph, top: str, base: str) -> Iterator[str]:
    """Why these two nodes make no commit at all, in one sentence; nothing where they do."""
    for name in (top, base):
        if name not in graph.nodes:
            yield f"There is no node {name} here."
            return
    if top == base:
        yield f"{top} cannot be committed into itself."
    elif base not in graph.chain(top)[1:]:
        other = top in graph.chain(base)[1:]
        yield (
            f"{base} lies above {top}: data can only be committed downwards."
            if other
            else f"{base} is not below {top} in its chain."
        )
    elif graph.chain(top)[0] != top:
        yield f"{top} is a filter: name the image below it."


def predicted(state: State, leaving: tuple[str, ...], base_name: str, headers: Mapping[str, str]) -> State:
    """The state afterwards.

    :param leaving: the images that leave the chain, from the top down. `headers`: overlay above the top -> what it says then.
    """
    graph, top, base = state.graph, state.graph.nodes[leaving[0]], state.graph.nodes[base_name]
    grown = min(
        (base.allocated or 0) + sum(graph.nodes[name].allocated or 0 for name in leaving), base.virtual_size or 1 << 62
    )
    larger = max(base.virtual_size or 0, top.virtual_size or 0) or None
    into = replace(base, allocated=grown, virtual_size=larger, read_only=bool(headers) and base.read_only)
    if not headers and state.devices_on(top.name):
        into = with_those_of(into, top)
    made = [into]
    for name, header in headers.items():
        graph = graph.rewired(name, "backing", base_name)
        made.append(replace(graph.nodes[name], header_backing=header, header_backing_format=header_format(base)))
    devices = state.devices if headers else moved_roots(state.devices, top.name, base_name)
    return replace(state, graph=graph.with_nodes(made).without(leaving), devices=devices)
