"""A state as the public JSON (`diskchain graph -f json`)."""

from __future__ import annotations

from diskchain.model.graph import BlockGraph
from diskchain.model.node import Edge, Kind, Node
from diskchain.model.state import State


def folded(state: State) -> State:
    """The state without protocol nodes that a format node covers and without implicit nodes; edges lead past them.

    Protocol nodes with no format node above stay: the disk would be invisible without them.
    """
    graph = state.graph
    kept = {name: node for name, node in graph.nodes.items() if not graph.is_leftover_child(name) and not node.implicit}
    edges: list[Edge] = []
    for edge in graph.edges:
        if edge.parent not in kept:
            continue
        child: str | None = edge.child
        while child is not None and child not in kept:
            child = graph.filtered(child) if graph.nodes[child].kind is Kind.FILTER else None
        if child is not None:
            edges.append(
                edge if child == edge.child else Edge(edge.parent, child, edge.role, edge.permissions, edge.shared)
            )
    return State(state.machine, BlockGraph(kept, tuple(edges)), state.devices, state.jobs, state.exports, state.reduced)


def _node(node: Node, active: bool) -> dict[str, object]:
    return {
        "name": node.name,
        "driver": node.driver,
        "kind": node.kind.value,
        "file": node.file,
        "virtual_size": node.virtual_size,
        "allocated": node.allocated,
        "read_only": node.read_only,
        "active": active,
        "implicit": node.implicit,
        "bitmaps": [
            {
                "name": bitmap.name,
                "count": bitmap.count,
                "granularity": bitmap.granularity,
                "recording": bitmap.recording,
                "busy": bitmap.busy,
                "persistent": bitmap.persistent,
                "inconsistent": bitmap.inconsistent,
            }
            for bitmap in node.named_bitmaps  # those without a name are QEMU's own, for its jobs
        ],
    }


def state_as_json(state: State, full: bool = False) -> dict[str, object]:
    """The object of the contract; without `full`, protocol and implicit nodes are folded away. The order is stable."""
    shown = state if full else folded(state)
    return {
        "machine": {
            "name": state.machine.name,
            "qemu": state.machine.qemu,
            "status": state.machine.status,
            "target": state.machine.target,
        },
        "nodes": [_node(node, name in state.active) for name, node in sorted(shown.graph.nodes.items())],
        "edges": [
            {
                "parent": edge.parent,
                "child": edge.child,
                "role": edge.role,
                "permissions": list(edge.permissions),
                "shared": list(edge.shared),
            }
            for edge in sorted(shown.graph.edges, key=lambda edge: (edge.parent, edge.role, edge.child))
        ],
        "devices": [
            {"name": device.name, "qdev": device.qdev, "model": device.model, "root": device.root}
            for device in sorted(state.devices, key=lambda device: device.name)
        ],
        "jobs": [
            {
                "id": job.id,
                "type": job.type,
                "status": job.status,
                "offset": job.offset,
                "len": job.length,
                "speed": job.speed,
                "nodes": list(job.node_names),
            }
            for job in sorted(state.jobs, key=lambda job: job.id)
        ],
        "exports": [
            {
                "id": export.id,
                "type": export.type,
                "node": export.node,
                "name": export.name,
                "uri": export.uri,
                "writable": export.writable,
            }
            for export in sorted(state.exports, key=lambda export: export.id)
        ],
    }
