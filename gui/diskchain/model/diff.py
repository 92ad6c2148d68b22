"""What changed between two states of one machine."""

from __future__ import annotations

from dataclasses import dataclass, replace

from diskchain.model.node import Edge
from diskchain.model.root import Device
from diskchain.model.state import State


@dataclass(frozen=True, slots=True)
class Diff:
    """Names and edges that came, went, or are told differently.

    :ivar edges_changed: edges with the same ends and role whose permissions differ.
    :ivar others: which of `machine`, `devices`, `jobs`, `exports` differ. `hung_otherwise`: a device came, went, or hangs on
        another node; not only its tray, its I/O status or its permissions are told differently.
    """

    added: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    edges_added: tuple[Edge, ...] = ()
    edges_gone: tuple[Edge, ...] = ()
    edges_changed: tuple[Edge, ...] = ()
    others: frozenset[str] = frozenset()
    hung_otherwise: bool = False

    @property
    def structural(self) -> bool:
        """Whether the shape of the graph changed, roots included."""
        return bool(self.added or self.gone or self.edges_added or self.edges_gone or self.hung_otherwise)

    def __bool__(self) -> bool:
        return bool(self.structural or self.changed or self.edges_changed or self.others)


def diff(old: State, new: State) -> Diff:
    """Compare two states. Objects that `read` handed on unchanged are skipped by identity."""
    others = frozenset(
        word
        for word in ("machine", "devices", "jobs", "exports", "reduced")
        if getattr(old, word) != getattr(new, word)
    )
    hung_otherwise = "devices" in others and list(map(_hung, old.devices)) != list(map(_hung, new.devices))
    if old.graph is new.graph:
        return Diff(others=others, hung_otherwise=hung_otherwise)
    before, after = old.graph.nodes, new.graph.nodes
    old_edges = {(edge.parent, edge.child, edge.role): edge for edge in old.graph.edges}
    new_edges = {(edge.parent, edge.child, edge.role): edge for edge in new.graph.edges}
    return Diff(
        added=tuple(name for name in after if name not in before),
        gone=tuple(name for name in before if name not in after),
        changed=tuple(n for n, node in after.items() if n in before and before[n] is not node and before[n] != node),
        edges_added=tuple(edge for key, edge in new_edges.items() if key not in old_edges),
        edges_gone=tuple(edge for key, edge in old_edges.items() if key not in new_edges),
        edges_changed=tuple(edge for key, edge in new_edges.items() if key in old_edges and old_edges[key] != edge),
        others=others,
        hung_otherwise=hung_otherwise,
    )


def _hung(device: Device) -> Device:
    """A device with only what its place in the picture depends on."""
    return replace(device, tray_open=False, io_status="", permissions=(), shared=())
