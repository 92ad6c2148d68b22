"""Images that QEMU no longer shows: kept branches are put back into the state and drawn where they hang, others lie apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import PurePath

from diskchain.model.ledger import KEPT, LedgerEntry
from diskchain.model.node import Edge, Kind, Node
from diskchain.model.paths import base_name
from diskchain.model.state import State
from diskchain.picture.look import Badge, CardLook
from diskchain.picture.words import one_line

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


def left_behind(entry: LedgerEntry) -> CardLook:
    """The card of an image that QEMU no longer shows."""
    kept, tone = entry.word == KEPT, "red" if entry.word == "invalid" else "amber"
    return CardLook(
        name=one_line(entry.node or base_name(entry.path)),
        file=one_line(base_name(entry.path)),
        driver=driver_of(entry.path),
        tone="grey",
        used=None,
        size="",
        badges=(KEPT_MARK if kept else Badge(entry.word.upper(), tone),),
        hatched=not kept,
        marks=0 if kept else 1,
    )
