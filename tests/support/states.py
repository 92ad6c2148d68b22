"""States as QEMU would tell them, written in QEMU's arrow notation, for what needs no QEMU."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from diskchain.model.bitmap import Bitmap
from diskchain.model.graph import BlockGraph
from diskchain.model.job import Job
from diskchain.model.node import Edge, Kind, Node, kind_of
from diskchain.model.root import Device, Export
from diskchain.model.state import Machine, State
from diskchain.operations.surroundings import Folder, Surroundings

MIB = 1 << 20
_COMMANDS = ("query-status", "qom-set", "system_reset", "blockdev-reopen")
FOLDER = "/images"
NOTHING_ELSE = Surroundings(
    here=True,
    owner=(0, 0),
    folders={FOLDER: Folder(frozenset(), 1 << 40)},
    stamp="20261123-193000",
    serial=7,
)
"""Surroundings in which nothing speaks against anything."""


def path(image: str, kind: str = "qcow2") -> str:
    """The file of an image."""
    return f"{FOLDER}/{image}.{kind}"


def machine(chains: Mapping[str, str], relative: bool = False) -> State:
    """Read `{"vda": "base:raw <- top"}`: a named format node and its protocol node for each image, a device for each disk.

    An image that occurs in two chains is the same node.
    """
    nodes: dict[str, Node] = {}
    edges: dict[tuple[str, str, str], Edge] = {}
    devices = []
    kinds = {
        name: kind or "qcow2"
        for line in chains.values()
        for name, _, kind in (word.strip().partition(":") for word in line.split("<-"))
    }
    for disk, line in chains.items():
        names = [word.strip().partition(":")[0] for word in line.split("<-")]
        for at, name in enumerate(names):
            below = names[at - 1] if at else None
            nodes[name] = _format(name, kinds, below, at < len(names) - 1, relative)
            nodes[f"{name}-file"] = Node(f"{name}-file", "file", Kind.PROTOCOL, path(name, kinds[name]), 8 * MIB, MIB)
            edges[name, f"{name}-file", "file"] = Edge(name, f"{name}-file", "file")
            if below is not None:
                edges[name, below, "backing"] = Edge(name, below, "backing")
        devices.append(Device(disk, f"/machine/peripheral/{disk}/virtio-backend", "virtio-blk", names[-1]))
    graph = BlockGraph(nodes, tuple(edges.values()))
    return State(Machine("test", "7.2.22", "running", "test", frozenset(_COMMANDS)), graph, tuple(devices))


def _format(name: str, kinds: Mapping[str, str], below: str | None, read_only: bool, relative: bool) -> Node:
    own = path(name, kinds[name])
    header = None if below is None else f"{below}.{kinds[below]}" if relative else path(below, kinds[below])
    return Node(
        name,
        kinds[name],
        Kind.FORMAT,
        own,
        8 * MIB,
        MIB,
        read_only,
        header_backing=header,
        header_backing_format=kinds[below] if below is not None else None,
        facts={"node-name": name, "file": own if not relative or below is None else "json:{}"},
    )


def with_bitmap(state: State, node: str, name: str = "daily") -> State:
    """The state with a recording bitmap on a node."""
    bitmap = Bitmap(name, 0, 65536, recording=True, busy=False, persistent=False, inconsistent=False)
    return replace(state, graph=state.graph.with_nodes([replace(state.graph.nodes[node], bitmaps=(bitmap,))]))


def with_internal_snapshot(state: State, node: str, name: str = "before") -> State:
    """The state with an internal snapshot in the image of a node."""
    return replace(state, graph=state.graph.with_nodes([replace(state.graph.nodes[node], snapshots=(name,))]))


def with_job(state: State, *nodes: str, kind: str = "backup") -> State:
    """The state with a job of another client on these nodes."""
    job = Job("theirs", kind, "running", nodes=tuple(("source", node) for node in nodes))
    return replace(state, jobs=(*state.jobs, job))


def with_export(state: State, node: str) -> State:
    """The state with an NBD export of a node."""
    return replace(state, exports=(*state.exports, Export("shown", "nbd", node)))


def with_filter(state: State, node: str, driver: str = "throttle") -> State:
    """The state with a filter on all edges and devices that led to a node."""
    name = f"{driver}-over-{node}"
    edges = tuple(replace(edge, child=name) if edge.child == node else edge for edge in state.graph.edges)
    above = Node(name, driver, kind_of(driver), state.graph.nodes[node].file, 8 * MIB)
    graph = BlockGraph(state.graph.nodes, edges).with_nodes([above], [Edge(name, node, "file")])
    devices = tuple(replace(device, root=name) if device.root == node else device for device in state.devices)
    return replace(state, graph=graph, devices=devices)


def with_reader(path_read: str, *readers: str) -> Surroundings:
    """Surroundings in which closed images elsewhere are backed by a file."""
    return replace(NOTHING_ELSE, readers={path_read: readers})


def chain_of(state: State, disk: str) -> list[str]:
    """Node-names of a disk's chain, base first."""
    device = state.device(disk)
    assert device is not None, f"there is no disk {disk}"
    return list(reversed(state.graph.chain(device.root or "")))
