"""Which open nodes the ledger has a word on: of images that are not what they were, and of branches that are kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from diskchain.model.flows import flow_of
from diskchain.model.ledger import KEPT, LedgerEntry
from diskchain.model.state import State


def spoilt_nodes(state: State, entries: Iterable[LedgerEntry], lost: bool = False) -> Mapping[str, LedgerEntry]:
    """Node-name -> the entry of its image, where that is invalid or changed.

    It calls images changed as soon as a commit begins; while that is at work, its own picture tells so.

    :param lost: whether nobody knows if it still is at work.
    """
    known = {entry.path: entry for entry in entries if entry.word != KEPT}
    if not known:
        return {}
    at_work = frozenset[str]() if lost else _being_committed(state)
    found = {
        name: known[node.file]
        for name, node in state.graph.nodes.items()
        if node.file in known and not state.graph.is_leftover_child(name)
    }
    return {name: entry for name, entry in found.items() if not (entry.word == "changed" and name in at_work)}


def kept_nodes(state: State, entries: Iterable[LedgerEntry]) -> Mapping[str, LedgerEntry]:
    """Node-name -> the entry of its image, where that is of a kept branch; not those that a disk stands on again."""
    known = {entry.path: entry for entry in entries if entry.word == KEPT}
    if not known:
        return {}
    in_use = {name for top in state.active for name in state.graph.chain(top)}
    return {
        name: known[node.file]
        for name, node in state.graph.nodes.items()
        if node.file in known and name not in in_use and not state.graph.is_leftover_child(name)
    }


def _being_committed(state: State) -> frozenset[str]:
    """The images between the ends of commits that are there now, ends included."""
    found: set[str] = set()
    for way in (flow_of(state, job) for job in state.jobs if job.type == "commit"):
        if way is not None:
            names = state.graph.chain(way.source)
            found.update(names[: names.index(way.target) + 1] if way.target in names else ())
    return frozenset(found)
