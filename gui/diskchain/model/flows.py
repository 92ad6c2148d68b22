"""Where a job moves data from and to, read from the nodes that it holds."""

from __future__ import annotations

from dataclasses import dataclass

from diskchain.model.job import Job
from diskchain.model.state import State


@dataclass(frozen=True, slots=True)
class Flow:
    """Data moves between two nodes that are no filters. `job`: its id."""

    job: str
    source: str
    target: str


def flow_of(state: State, job: Job) -> Flow | None:
    """The flow of one job; None where its nodes do not tell (a job without nodes, an unknown type with one node).

    The roles are those of `block_job_add_bdrv` in QEMU's block/{mirror,commit,stream,backup}.c.
    """
    roles: dict[str, list[str]] = {}
    for role, name in job.nodes:
        if (real := state.graph.through(name)) is not None:
            roles.setdefault(role, []).append(real)
    held = [name for names in roles.values() for name in names]
    if not held:
        return None
    if job.type == "commit":
        ends = _commit(state, roles, held)
    elif job.type == "stream":
        ends = _stream(state, roles, held)
    else:
        ends = _copy(roles, held)
    return Flow(job.id, *ends) if ends is not None and ends[0] != ends[1] else None


def flows(state: State) -> tuple[Flow, ...]:
    """The flows of all jobs that still work, in the jobs' order."""
    live = (job for job in state.jobs if job.status not in ("concluded", "null", "aborting"))
    return tuple(flow for job in live if (flow := flow_of(state, job)) is not None)


def _deepest(state: State, names: list[str]) -> str:
    return min(names, key=lambda name: (len(state.graph.chain(name)), name))


def _topmost(state: State, names: list[str]) -> str:
    return max(names, key=lambda name: (len(state.graph.chain(name)), name))


def _commit(state: State, roles: dict[str, list[str]], held: list[str]) -> tuple[str, str] | None:
    below = roles.get("base") or roles.get("target") or [_deepest(state, held)]
    base = _deepest(state, below)
    between = [name for name in (*roles.get("source", ()), *roles.get("intermediate node", ())) if name != base]
    if between:
        return _topmost(state, between), base
    return _topmost(state, held), base


def _stream(state: State, roles: dict[str, list[str]], held: list[str]) -> tuple[str, str] | None:
    top = _topmost(state, roles.get("active node") or roles.get("main node") or held)
    between = [name for name in roles.get("intermediate node", ()) if name != top]
    if between:
        return _deepest(state, between), top
    below = state.graph.backing(top)
    return (below, top) if below is not None else None


def _copy(roles: dict[str, list[str]], held: list[str]) -> tuple[str, str] | None:
    targets = roles.get("target")
    if not targets:
        return None
    sources = [*roles.get("source", ()), *roles.get("main node", ()), *held]
    source = next((name for name in sources if name != targets[0]), None)
    return (source, targets[0]) if source is not None else None
