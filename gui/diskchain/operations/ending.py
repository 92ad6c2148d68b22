"""What the end of a job that runs already does to the graph: where the guest goes on, and which images it leaves behind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import takewhile

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
    :ivar unused: those of them, from the top down, that nothing else keeps open: no other image, no disk, no bitmap.
    """

    after: State
    flow: tuple[str, str]
    leaves: tuple[str, ...]
    spoilt: bool
    unused: tuple[str, ...]


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
    unused = _unused(old, leaves, old.graph.overlays(way.source), (way.source,))
    return Ending(replace(old, graph=graph, devices=devices), (way.source, way.target), leaves, spoilt, unused)


def finalized(state: State, job: Job) -> Ending | None:
    """What finalizing a job does that has copied all and waits for that; None where it is not known.

    A mirror may wait as well after it was cancelled, and then nothing is switched over: that cannot be seen.
    """
    if job.type == "stream":
        return _pulled(state, job)
    # Only a commit below the active image holds a node in this role (`commit_start` in QEMU's block/commit.c).
    return completed(state, job) if job.type == "commit" and "base" in dict(job.nodes) else None


def _pulled(state: State, job: Job) -> Ending | None:
    """What the end of a stream does: the node is backed by what lies below the last image that was pulled."""
    way, old = flow_of(state, job), released(state, job)
    if way is None or way.source not in (chain := old.graph.chain(way.target))[1:]:
        return None
    leaves = chain[1 : chain.index(way.source) + 1]
    graph = old.graph.rewired(way.target, "backing", old.graph.backing(way.source))
    unused = _unused(old, leaves, (way.target,), ())
    after = replace(old, graph=graph.without(unused))
    return Ending(after, (way.source, way.target), leaves, False, unused)


def _unused(state: State, leaves: tuple[str, ...], parting: Iterable[str], left: Iterable[str]) -> tuple[str, ...]:
    """The upper part of what leaves a chain that nothing keeps open. `parting`, `left`: images and disks that let go of it."""
    graph, mine = state.graph, {*leaves, *parting}

    def free(name: str) -> bool:
        kept = graph.nodes[name].named_bitmaps or not mine.issuperset(graph.overlays(name))
        return not kept and (name in left or not state.devices_on(name))

    return tuple(takewhile(free, leaves))


def freed(state: State, job: Job) -> tuple[str, ...]:
    """Nodes that may vanish once a job that has ended is dismissed: those that it holds and neither disk, export nor job."""
    graph = state.graph
    roots = {device.root for device in state.devices} | {export.node for export in state.exports}
    roots |= {name for other in state.jobs if other.id != job.id for name in other.node_names}
    used = {name for root in roots if root for name in graph.subtree(root)}
    return tuple(sorted({below for name in job.node_names for below in graph.subtree(name)} - used))


def was_committed(state: State, job: Job) -> tuple[str, ...]:
    """The nodes whose data a commit that has ended well, but is not dismissed, moved into its base: from the top down.

    It is sure where the image above is backed by that base by now; nothing where it is not.
    """
    roles = {role: state.graph.through(name) for role, name in job.nodes}
    above, base, way = roles.get("main node"), roles.get("base"), flow_of(state, job)
    if job.type != "commit" or job.status != "concluded" or job.error or way is None:
        return ()
    if not above or not base or state.graph.backing(above) != base:
        return ()
    chain = state.graph.chain(way.source)
    return chain[: chain.index(base)] if base in chain[1:] else ()


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
