"""The graph of block nodes, and the questions one asks of it: chains, overlays, parents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from diskchain.model.node import Edge, Kind, Node

_OWN = frozenset({"file", "data-file", "image"})
"""Roles of children that belong to one parent: an image's own files, and what blkdebug passes data to."""


@dataclass(frozen=True)
class BlockGraph:
    """Nodes by name, and the edges between them, frozen. Edges whose ends are unknown do not occur."""

    nodes: Mapping[str, Node] = field(default_factory=dict)
    edges: tuple[Edge, ...] = ()

    @cached_property
    def _down(self) -> dict[str, list[Edge]]:
        down: dict[str, list[Edge]] = {}
        for edge in self.edges:
            down.setdefault(edge.parent, []).append(edge)
        return down

    @cached_property
    def _up(self) -> dict[str, list[Edge]]:
        up: dict[str, list[Edge]] = {}
        for edge in self.edges:
            up.setdefault(edge.child, []).append(edge)
        return up

    def children(self, name: str) -> tuple[Edge, ...]:
        """The edges from a node to its children."""
        return tuple(self._down.get(name, ()))

    def parents(self, name: str) -> tuple[Edge, ...]:
        """The edges from other nodes to this one (devices, jobs and exports are not nodes)."""
        return tuple(self._up.get(name, ()))

    def child(self, name: str, role: str) -> str | None:
        """The child in this role, filters included."""
        return next((edge.child for edge in self._down.get(name, ()) if edge.role == role), None)

    def through(self, name: str | None) -> str | None:
        """The node itself, or what lies under it and any more filters: the first node that is no filter."""
        seen: set[str] = set()
        while name is not None and name not in seen and name in self.nodes and self.nodes[name].kind is Kind.FILTER:
            seen.add(name)
            name = self.filtered(name)
        return name if name in self.nodes and name not in seen else None

    def filtered(self, name: str) -> str | None:
        """What a filter passes data to: its `backing` (mirror_top, commit_top), `file`, or `image` (blkdebug) child."""
        return self.child(name, "backing") or self.child(name, "file") or self.child(name, "image")

    def backing(self, name: str) -> str | None:
        """The node that this one is backed by, filters between them left out."""
        return self.through(self.child(name, "backing"))

    @cached_property
    def _chains(self) -> dict[str, tuple[str, ...]]:
        return {}

    def chain(self, top: str) -> tuple[str, ...]:
        """Node-names from `top` down to the base, filters left out; a loop ends where it closes."""
        known = self._chains.get(top)
        if known is None:
            found: dict[str, None] = {}
            name = self.through(top)
            while name is not None and name not in found:
                found[name] = None
                name = self.backing(name)
            known = self._chains[top] = tuple(found)
        return known

    def overlays(self, name: str) -> tuple[str, ...]:
        """Nodes backed by this one, filters between them left out; a loop of filters ends where it closes."""
        found: dict[str, None] = {}
        waiting, seen = [name], {name}
        while waiting:
            here = waiting.pop(0)
            for edge in self._up.get(here, ()):
                if self.nodes[edge.parent].kind is not Kind.FILTER:
                    if edge.role == "backing":
                        found.setdefault(edge.parent)
                elif edge.parent not in seen and self.filtered(edge.parent) == here:
                    seen.add(edge.parent)
                    waiting.append(edge.parent)
        return tuple(found)

    def filters_above(self, name: str) -> tuple[str, ...]:
        """Filters between this node and its next parents that are none, nearest first; a loop ends where it closes.

        Those that only copy to it, as to the target of a backup, are above another one.
        """
        found: dict[str, None] = {}
        waiting = [name]
        while waiting:
            here = waiting.pop(0)
            for edge in self._up.get(here, ()):
                passes = self.nodes[edge.parent].kind is Kind.FILTER and self.filtered(edge.parent) == here
                if passes and edge.parent not in found:
                    found.setdefault(edge.parent)
                    waiting.append(edge.parent)
        return tuple(found)

    def protocol(self, name: str) -> str | None:
        """The protocol node at the bottom of the `file` edges of a node; the node itself if it is one."""
        seen: set[str] = set()
        while name in self.nodes and name not in seen:
            seen.add(name)
            if self.nodes[name].kind is Kind.PROTOCOL:
                return name
            below = self.child(name, "file") or (self.filtered(name) if self.nodes[name].kind is Kind.FILTER else None)
            if below is None:
                return None
            name = below
        return None

    def stored(self, name: str) -> tuple[str, ...]:
        """The protocol nodes that hold an image's own bytes: `file`, `data-file`, and what filters between pass on to."""
        found: dict[str, None] = {}
        waiting, seen = [name], set[str]()
        while waiting:
            here = waiting.pop(0)
            if here in seen or here not in self.nodes:
                continue
            seen.add(here)
            if self.nodes[here].kind is Kind.PROTOCOL:
                found.setdefault(here)
            passes = self.nodes[here].kind is Kind.FILTER
            waiting += [edge.child for edge in self._down.get(here, ()) if passes or edge.role != "backing"]
        return tuple(found)

    def files(self, names: Iterable[str]) -> tuple[str, ...]:
        """The files, as QEMU tells them, that hold the bytes of these images, each once."""
        told = (self.nodes[below].file for name in names for below in self.stored(name))
        return tuple(dict.fromkeys(file for file in told if file))

    def subtree(self, name: str) -> frozenset[str]:
        """The node and everything that it reaches downwards."""
        found: set[str] = set()
        waiting = [name]
        while waiting:
            if (here := waiting.pop()) not in found and here in self.nodes:
                found.add(here)
                waiting += [edge.child for edge in self._down.get(here, ())]
        return frozenset(found)

    def is_leftover_child(self, name: str) -> bool:
        """Whether a protocol node is folded into the one format node above it."""
        parents = self._up.get(name, [])
        return self.nodes[name].kind is Kind.PROTOCOL and any(edge.role in _OWN for edge in parents)

    def rewired(self, parent: str, role: str, child: str | None) -> BlockGraph:
        """The graph with a node's child in one role exchanged, added (if it had none) or taken away (None)."""
        old = next((edge for edge in self._down.get(parent, ()) if edge.role == role), None)
        kept = tuple(edge for edge in self.edges if edge is not old)
        if child is None:
            return BlockGraph(self.nodes, kept)
        made = replace(old, child=child) if old else Edge(parent, child, role)
        return BlockGraph(self.nodes, (*kept, made))

    def with_nodes(self, nodes: Iterable[Node], edges: Iterable[Edge] = ()) -> BlockGraph:
        """The graph with nodes added or exchanged (by name) and edges added."""
        return BlockGraph({**self.nodes, **{node.name: node for node in nodes}}, (*self.edges, *edges))

    def without(self, names: Iterable[str]) -> BlockGraph:
        """The graph without these nodes, their edges, and their own protocol nodes; what a filter passed on stays."""
        gone = set(names)
        for name in tuple(gone):
            own = () if self.nodes[name].kind is Kind.FILTER else self._down.get(name, ())
            for edge in own:
                if edge.role in _OWN and {up.parent for up in self._up[edge.child]} <= gone:
                    gone.add(edge.child)
        nodes = {name: node for name, node in self.nodes.items() if name not in gone}
        edges = tuple(edge for edge in self.edges if edge.parent not in gone and edge.child not in gone)
        return BlockGraph(nodes, edges)
