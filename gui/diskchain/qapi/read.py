"""Replies -> State: the only reader of what QEMU says about its block layer.

Fields may be missing or new in any reply; unknown drivers, job types and states are handed on as they are. What equals the
previous state is handed on as the same object, so that comparing and keeping histories is cheap.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from diskchain.model.graph import BlockGraph
from diskchain.model.node import Edge
from diskchain.model.root import Device, Export
from diskchain.model.state import Machine, State
from diskchain.qapi.devices import read_devices
from diskchain.qapi.jobs import read_jobs
from diskchain.qapi.nodes import guessed_nodes, read_nodes
from diskchain.qapi.replies import DebugGraph, Json, Replies, mapping, mappings, number, text, words


def read(replies: Replies, previous: State) -> State:
    """Read one state.

    :param previous: the state before, whose equal parts are kept; `State()` with the machine's target for the first look.
    :raises Torn: an edge names a node that the other reply does not have: the replies are of different moments, look again.
    """
    known = replies.parts
    same = known is not None and known[0] is replies.graph
    parts = known[2] if known is not None and same else _debug_graph(replies.graph)
    if known is not None and same and known[1] is replies.named is not None:
        graph = previous.graph
    else:
        graph = _graph(replies, previous.graph.edges if same else _edges(parts, previous.graph), parts, previous.graph)
        replies.parts = (replies.graph, replies.named, parts)
    devices = _devices(replies, parts, graph, previous)
    jobs = read_jobs(replies.jobs, replies.block_jobs, parts.held)
    exports = tuple(_export(told, replies.offered) for told in mappings(replies.exports))
    machine = _machine(replies, previous.machine)
    return State(
        machine if machine != previous.machine else previous.machine,
        graph,
        devices,
        jobs if jobs != previous.jobs else previous.jobs,
        exports if exports != previous.exports else previous.exports,
        replies.reduced,
    )


def _devices(replies: Replies, parts: DebugGraph, graph: BlockGraph, previous: State) -> tuple[Device, ...]:
    """The devices; where nothing was said anew, those from before."""
    said = (replies.block, replies.peripherals, parts)
    if replies.guests is not None:
        before, devices = replies.guests
        same = all(one is other for one, other in zip(said, before, strict=True))
        if same and devices is previous.devices and graph.nodes.keys() == previous.graph.nodes.keys():
            return devices
    devices = read_devices(replies.block, replies.peripherals, parts.roots, graph)
    devices = previous.devices if devices == previous.devices else devices
    replies.guests = (said, devices)
    return devices


def _graph(replies: Replies, edges: tuple[Edge, ...], parts: DebugGraph, previous: BlockGraph) -> BlockGraph:
    if replies.named is None and replies.graph is not None:
        return guessed_nodes(parts.blocks, edges, replies.block, previous)
    graph = read_nodes(replies.named, edges, replies.graph is not None, previous, replies.cwd)
    missing = {end for edge in graph.edges for end in (edge.parent, edge.child)} - graph.nodes.keys()
    if missing:
        raise Torn(missing)
    return graph


class Torn(Exception):
    """The replies of one look do not fit together; `args[0]` holds the names that are missing."""


def version(greeting: Json) -> str:
    """QEMU's version as `major.minor.micro`, from the greeting; empty where it does not tell."""
    told = mapping(mapping(mapping(greeting.get("QMP")).get("version")).get("qemu"))
    parts = [told.get(word) for word in ("major", "minor", "micro")]
    return ".".join(str(part) for part in parts) if all(isinstance(part, int) for part in parts) else ""


def _machine(replies: Replies, previous: Machine) -> Machine:
    commands = previous.commands
    if replies.commands is not None and not commands:  # a process never learns new ones
        commands = frozenset(text(told.get("name")) for told in mappings(replies.commands))
    return replace(
        previous,
        name=text(mapping(replies.name).get("name")) or previous.name,
        qemu=version(replies.greeting) or previous.qemu,
        status=text(mapping(replies.status).get("status")),
        commands=commands,
    )


def _debug_graph(told: object) -> DebugGraph:
    """Take `x-debug-query-block-graph` apart; anything malformed in it is passed over."""
    whole, found = mapping(told), DebugGraph()
    backends: dict[int, str] = {}
    jobs: dict[int, str] = {}
    for node in mappings(whole.get("nodes")):
        kind, key, name = node.get("type"), node.get("id"), node.get("name")
        if isinstance(key, int) and isinstance(name, str):
            (found.blocks if kind == "block-driver" else jobs if kind == "block-job" else backends)[key] = name
    for edge in mappings(whole.get("edges")):
        parent, child = edge.get("parent"), edge.get("child")
        if not isinstance(parent, int) or not isinstance(child, int) or child not in found.blocks:
            continue
        if parent in found.blocks:
            found.edges.append(edge)
        elif parent in jobs:
            found.held.setdefault(jobs[parent], []).append((text(edge.get("name")), found.blocks[child]))
        elif backends.get(parent):
            allowed, shared = (tuple(sorted(words(edge.get(key)))) for key in ("perm", "shared-perm"))
            found.roots[backends[parent]] = (found.blocks[child], allowed, shared)
    return found


def _edges(parts: DebugGraph, previous: BlockGraph) -> tuple[Edge, ...]:
    """The edges between block nodes, in a stable order; the very same tuple where nothing changed."""
    old = {(edge.parent, edge.child, edge.role): edge for edge in previous.edges}
    edges = []
    for raw in parts.edges:
        key = (parts.blocks[number(raw.get("parent"))], parts.blocks[number(raw.get("child"))], text(raw.get("name")))
        allowed, shared = tuple(sorted(words(raw.get("perm")))), tuple(sorted(words(raw.get("shared-perm"))))
        edge = old.get(key)
        if edge is None or edge.permissions != allowed or edge.shared != shared:
            edge = Edge(*key, allowed, shared)
        edges.append(edge)
    edges.sort(key=lambda edge: (edge.parent, edge.role, edge.child))
    found = tuple(edges)
    return previous.edges if found == previous.edges else found


def _export(told: Json, offered: Mapping[str, Export]) -> Export:
    """An export, with what only its maker knows where that was us."""
    name, kind, node = (text(told.get(key)) for key in ("id", "type", "node-name"))
    known = offered.get(name, Export(name, kind, node))
    return replace(known, type=kind, node=node, shutting_down=told.get("shutting-down") is True)


def jobs_only(replies: Replies, state: State) -> State:
    """The state with just its jobs renewed: what the quick look at running jobs needs.

    What they hold is as the last debug graph told: where jobs came or went, a whole look must follow.
    """
    jobs = read_jobs(replies.jobs, replies.block_jobs, replies.parts[2].held if replies.parts else {})
    return state if jobs == state.jobs else replace(state, jobs=jobs)
