"""What changed between two looks, as JSON objects and as lines for people."""

from __future__ import annotations

import time
from collections.abc import Iterator

from diskchain.cli.describe import chains, shown
from diskchain.model import words
from diskchain.model.diff import Diff
from diskchain.model.job import Job
from diskchain.model.node import Edge, Kind, Node
from diskchain.model.public import state_as_json
from diskchain.model.state import State

_PROGRESS_SECONDS = 1.0
"""A job's progress is told to people at most this often."""


def json_lines(before: State, now: State, found: Diff) -> Iterator[dict[str, object]]:
    """The objects of the contract: `graph`, then one `job` for each that changed; beyond it `machine`, `devices`, `exports`."""
    if found.added or found.gone or found.changed or found.edges_added or found.edges_gone or found.edges_changed:
        yield {
            "graph": {
                "added": list(found.added),
                "gone": list(found.gone),
                "changed": list(found.changed),
                "edges_added": [_edge(edge) for edge in found.edges_added],
                "edges_gone": [_edge(edge) for edge in found.edges_gone],
                "edges_changed": [_edge(edge) for edge in found.edges_changed],
            }
        }
    told = state_as_json(State(now.machine, devices=now.devices, jobs=now.jobs, exports=now.exports))
    for part in ("machine", "devices", "exports"):
        if part in found.others:
            yield {part: told[part]}
    if "reduced" in found.others:
        yield {"note": now.reduced}
    changed = {job.id for job in _changed_jobs(before, now)}
    jobs = told["jobs"]
    for job in jobs if isinstance(jobs, list) else ():
        if job["id"] in changed:
            yield {"job": job}
    for job in _gone_jobs(before, now):
        yield {"job": {"id": job.id, "type": job.type, "status": "null"}}


def _edge(edge: Edge) -> dict[str, str]:
    return {"parent": edge.parent, "child": edge.child, "role": edge.role}


def _changed_jobs(before: State, now: State) -> list[Job]:
    return [job for job in now.jobs if before.job(job.id) != job]


def _gone_jobs(before: State, now: State) -> list[Job]:
    return [job for job in before.jobs if now.job(job.id) is None]


def text_lines(before: State, now: State, found: Diff, told: dict[str, float]) -> Iterator[str]:
    """Lines for people. Growing images and permissions are left to the JSON.

    :param told: job id -> monotonic time at which its progress was last told; kept up to date here.
    """
    first = before == State()
    if not first:
        for name in found.added:
            yield f"+ {_node(now.graph.nodes[name])}"
        for name in found.gone:
            yield f"- {_node(before.graph.nodes[name])}"
        for name in found.changed:
            yield from _node_changes(before.graph.nodes[name], now.graph.nodes[name])
    known = set(chains(before))
    yield from (f"chain {line}" for line in chains(now) if line not in known)
    if now.machine.status != before.machine.status:
        yield f"the machine is {shown(now.machine.status)}"
    for export in now.exports:
        if export not in before.exports:
            yield f"export {shown(export.id)}: {shown(export.type)} of {shown(export.node)}"
    yield from (f"export {shown(e.id)} is gone" for e in before.exports if e.id not in {n.id for n in now.exports})
    if now.reduced and now.reduced != before.reduced:
        yield now.reduced
    yield from _job_lines(before, now, told)


def happened(word: str, job: str, text: str) -> str:
    """A line for something that no two looks tell: a job that began or ended between them, a guest that stopped."""
    said = f": {shown(text)}" if text else ""
    return f"job {shown(job)}: {word}{said}" if job else f"{word}{said}"


def _node(node: Node) -> str:
    file = f", {shown(node.file)}" if node.file else ""
    return f"{shown(node.name)} ({shown(node.driver) or 'driver not known'}{file})"


def _node_changes(old: Node, new: Node) -> Iterator[str]:
    """What a person wants to know of a node that changed."""
    name = shown(new.name)
    if old.read_only != new.read_only:
        yield f"{name} is {'read-only' if new.read_only else 'writable'}"
    if new.kind is Kind.FORMAT and old.virtual_size != new.virtual_size and new.virtual_size is not None:
        yield f"{name} is {words.size(new.virtual_size)} large"
    if old.file != new.file and new.file is not None:
        yield f"{name} has the file {shown(new.file)}"
    bitmaps = [{bitmap.name for bitmap in node.named_bitmaps} for node in (old, new)]
    yield from (f"{name}: bitmap {shown(bitmap)} was added" for bitmap in sorted(bitmaps[1] - bitmaps[0]))
    yield from (f"{name}: bitmap {shown(bitmap)} is gone" for bitmap in sorted(bitmaps[0] - bitmaps[1]))


def _job_lines(before: State, now: State, told: dict[str, float]) -> Iterator[str]:
    moment = time.monotonic()
    for job in _changed_jobs(before, now):
        old = before.job(job.id)
        moved_only = old is not None and (old.status, old.paused, old.speed) == (job.status, job.paused, job.speed)
        if moved_only and moment - told.get(job.id, 0.0) < _PROGRESS_SECONDS:
            continue
        told[job.id] = moment
        yield _job(job)
    for job in _gone_jobs(before, now):
        told.pop(job.id, None)
        yield f"job {shown(job.id)}: {shown(job.type)} is gone"


def _job(job: Job) -> str:
    parts = [f"job {shown(job.id)}: {shown(job.type)} {'paused' if job.paused else shown(job.status)}"]
    if job.length > 0:
        parts.append(f"{words.percent(job.offset, job.length)} of {words.size(job.length)}")
    if job.speed:
        parts.append(f"at most {words.rate(job.speed)}")
    if job.error:
        parts.append(shown(job.error))
    return ", ".join(parts)
