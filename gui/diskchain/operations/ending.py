"""What the end of a job that runs already does to the graph: where the guest goes on, and which images it leaves behind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from diskchain.model.flows import flow_of
from diskchain.model.job import Job
from diskchain.model.node import Kind
from diskchain.model.state import State
from diskchain.operations.chains import moved_roots

_PUT_IN = frozenset({"mirror_top", "commit_top", "copy-before-write", "copy-on-read"})
"""Drivers of the filters that jobs put in, and take out when they end (QEMU's block/{mirror,commit,backup,stream}.c)."""


@dataclass(frozen=True, slots=True)
class Ending:
    """What a job leaves.

    :ivar after: the state then. `flow`: (from node, to node).
    :ivar leaves: nodes that leave the chain, from the top down. `spoilt`: whether their images must not be used again.
    """

    after: State
    flow: tuple[str, str]
    leaves: tuple[str, ...]
    spoilt: bool


def released(state: State, job: Job) -> State:
    """The state once a job has ended and changed nothing: it and its filters are gone."""
    graph, devices = state.graph, state.devices
    for name in job.node_names:
        node, below = graph.nodes.get(name), graph.filtered(name) if name in graph.nodes else None
        if node is None or below is None or node.kind is not Kind.FILTER or node.driver not in _PUT_IN:
            continue
        for edge in graph.parents(name):
            graph = graph.rewired(edge.parent, edge.role, below)
        graph = graph.without((name,))
        devices = moved_roots(devices, name, below)
    jobs = tuple(other for other in state.jobs if other.id != job.id)
    return replace(state, graph=graph, devices=devices, jobs=jobs)


def completed(state: State, job: Job) -> Ending | None:
    """What completing a job that is ready does; None where that is not known (a type of job that is not known).

    A commit of the active image, or a mirror: all that used the source uses the target then (`mirror_exit_common` in
    QEMU's block/mirror.c).
    """
    way = flow_of(state, job)
    if way is None or job.type not in ("commit", "mirror"):
        return None
    old = released(state, job)
    graph, spoilt = old.graph, job.type == "commit"
    chain = graph.chain(way.source)
    if spoilt and way.target not in chain:
        return None
    rest = set(graph.chain(way.target))
    leaves = tuple(name for name in chain if name not in rest)
    for name in graph.overlays(way.source):
        graph = graph.rewired(name, "backing", way.target)
    devices = moved_roots(old.devices, way.source, way.target)
    if spoilt:
        graph = graph.without(leaves)
    return Ending(replace(old, graph=graph, devices=devices), (way.source, way.target), leaves, spoilt)


def left_by_cancel(state: State, job: Job) -> Iterator[str]:
    """What remains of a job that is cancelled, in one sentence; nothing where that is not known."""
    way = flow_of(state, job)
    if way is None:
        return
    if job.type == "commit":
        yield f"The disk stays right. What was copied into {way.target} stays there, so {way.target} alone is not what it was."
    elif job.type == "stream":
        yield f"Nothing is lost: what was pulled stays in {way.target}."
    elif job.type == "mirror" and job.ready:
        yield f"{way.target} stays as a copy of the disk as it is at that moment."
    elif job.type in ("mirror", "backup"):
        yield f"{way.target} is not a whole copy then."
