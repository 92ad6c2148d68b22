"""A state as disks: chains from base to top, branches that hang on them, filters between, targets of their jobs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain

from diskchain.model.flows import Flow, flows
from diskchain.model.graph import BlockGraph
from diskchain.model.node import Kind
from diskchain.model.root import Device
from diskchain.model.state import State


@dataclass(frozen=True, slots=True)
class Strand:
    """A chain, or the part of one that no earlier strand holds.

    :ivar names: base first. `hangs`: the node of an earlier strand that its lowest node is backed by.
    :ivar devices: guest devices on its top.
    """

    names: tuple[str, ...]
    hangs: str | None = None
    devices: tuple[Device, ...] = ()

    @property
    def top(self) -> str:
        """The upper end."""
        return self.names[-1]


@dataclass(slots=True)
class Disk:
    """Strands that share images, the trunk first; with the copies that jobs of theirs make.

    :ivar targets: (flow, strand) of one-image targets, drawn to the right of their source.
    """

    strands: list[Strand]
    targets: list[tuple[Flow, Strand]] = field(default_factory=list)

    @property
    def key(self) -> str:
        """Stays the same while the trunk's device does, whatever is on top of it."""
        trunk = self.strands[0]
        return f"disk:{trunk.devices[0].name}" if trunk.devices else f"node:{trunk.top}"

    @property
    def devices(self) -> tuple[Device, ...]:
        """All guest devices on any of its strands."""
        return tuple(device for strand in self.strands for device in strand.devices)

    @property
    def names(self) -> Iterator[str]:
        """All node-names, filters left out."""
        for strand in (*self.strands, *(strand for _, strand in self.targets)):
            yield from strand.names

    @property
    def loose(self) -> bool:
        """Whether it is one node that nothing is attached to."""
        return not self.devices and not self.targets and len(self.strands) == 1 and len(self.strands[0].names) == 1


def disks_of(state: State) -> list[Disk]:
    """All disks in a stable order: those with devices first, then chains without one."""
    found: list[Disk] = []
    home: dict[str, Disk] = {}
    tops = sorted(state.tops(), key=lambda top: _by_device(state, top))
    for top in chain(tops, (name for name in _above_themselves(state) if name not in home)):
        own = [name for name in state.graph.chain(top) if name not in home]
        if not own:
            continue
        below = state.graph.backing(own[-1])
        hangs = below if below in home else None
        strand = Strand(tuple(reversed(own)), hangs, state.devices_on(top))
        if hangs is None:
            disk = Disk([strand])
            found.append(disk)
        else:
            disk = home[hangs]
            disk.strands.append(strand)
        home.update((name, disk) for name in own)
    for disk in found:
        disk.strands = _in_drawing_order(disk.strands)
    return _with_targets(state, found, home)


def _by_device(state: State, top: str) -> tuple[bool, list[tuple[bool, int, str]]]:
    """Tops with devices first, by the devices' names as people count: `vdb` before `vdaa`, `disk2` before `disk10`."""
    devices = state.devices_on(top)
    if not devices:
        return True, []
    name = min((device.name for device in devices), key=lambda each: (len(each), each))
    parts = [part for part in re.split(r"(\d+)", name) if part]
    return False, [(part.isdigit(), int(part) if part.isdigit() else len(part), part) for part in parts]


def _in_drawing_order(strands: list[Strand]) -> list[Strand]:
    """The trunk, then branches from the right to the left, each followed by its own: so no line crosses a card."""
    ordered: list[Strand] = []
    waiting = [strands[0]]
    while waiting:
        here = waiting.pop()
        ordered.append(here)
        hanging = [strand for strand in strands if strand.hangs in here.names]
        waiting += sorted(hanging, key=lambda strand: here.names.index(strand.hangs or ""))
    return ordered


def _above_themselves(state: State) -> Iterator[str]:
    """Nodes below no top must be in a loop. QEMU refuses loops; a recording made by hand may hold one."""
    for name, node in state.graph.nodes.items():
        if node.kind is not Kind.FILTER and not state.graph.is_leftover_child(name):
            yield name


def _with_targets(state: State, found: list[Disk], home: dict[str, Disk]) -> list[Disk]:
    """Move a one-image target of a copy to its source's disk."""
    for flow in flows(state):
        source, target = home.get(flow.source), home.get(flow.target)
        if source is None or target is None or source is target or not target.loose:
            continue
        tops = {strand.top for strand in source.strands}
        if flow.source in tops and all(kept.source != flow.source for kept, _ in source.targets):
            source.targets.append((flow, target.strands[0]))
            found.remove(target)
            home[flow.target] = source
    return found


def filters_between(graph: BlockGraph, parent: str, child: str) -> tuple[str, ...]:
    """Filters on the backing edge from a node to the node that it is backed by, from the child's side upwards."""
    return _filters_from(graph, graph.child(parent, "backing"), child)


def filters_above(graph: BlockGraph, devices: tuple[Device, ...], top: str) -> tuple[str, ...]:
    """Filters between a top and its devices, from the node upwards; of a top without device, all above it."""
    if not devices:
        return graph.filters_above(top)
    return tuple(dict.fromkeys(name for device in devices for name in _filters_from(graph, device.root, top)))


def _filters_from(graph: BlockGraph, start: str | None, stop: str) -> tuple[str, ...]:
    passed: list[str] = []
    here = start
    while here is not None and here != stop and here in graph.nodes and here not in passed:
        if graph.nodes[here].kind is not Kind.FILTER:
            break
        passed.append(here)
        here = graph.filtered(here)
    return tuple(reversed(passed))
