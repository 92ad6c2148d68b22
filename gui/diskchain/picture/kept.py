"""Kept branches whose images are closed: put back into the state, so that they are drawn where they hang."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import PurePath

from diskchain.model.ledger import KEPT, LedgerEntry
from diskchain.model.node import Edge, Kind, Node
from diskchain.model.state import State
from diskchain.picture.look import Badge

KEPT_MARK = Badge(KEPT.upper(), "other")
"""The word on an image of a branch that a disk has left."""

_SUFFIXES = {".qcow2": "qcow2", ".raw": "raw", ".img": "raw", ".vmdk": "vmdk", ".vdi": "vdi"}
"""Of an image that is no longer open only the name tells the format."""


def driver_of(path: str) -> str:
    """The format of an image, as its name tells it."""
    return _SUFFIXES.get(PurePath(path).suffix.lower(), "image")


def with_kept(state: State, entries: Iterable[LedgerEntry]) -> State:
    """The state with the images of kept branches that are closed, by the node-names that they had.

    Only those that hang from an image that is open, or from one another; and whose names nobody else has by now.
    """
    graph = state.graph
    names = {node.file: name for name, node in graph.nodes.items() if node.file and not graph.is_leftover_child(name)}
    waiting = [entry for entry in entries if entry.word == KEPT and entry.path not in names and entry.node]
    while ready := [entry for entry in waiting if entry.node not in graph.nodes and (entry.backing or "") in names]:
        entry = ready[0]
        waiting.remove(entry)
        node = Node(entry.node, driver_of(entry.path), Kind.FORMAT, entry.path)
        graph = graph.with_nodes([node], [Edge(entry.node, names[entry.backing or ""], "backing")])
        names[entry.path] = entry.node
    return state if graph is state.graph else replace(state, graph=graph)
