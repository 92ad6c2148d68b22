"""An event -> what must be asked anew."""

from __future__ import annotations

from enum import Flag, auto

from diskchain.qapi.event import Event


class Ask(Flag):
    """Groups of queries, from cheap to dear."""

    JOBS = auto()
    """`query-block-jobs`, `query-jobs`."""
    SHAPE = auto()
    """`x-debug-query-block-graph`."""
    STATUS = auto()
    """`query-block-exports`, `query-status`."""
    NODES = auto()
    """`query-named-block-nodes` (flat)."""
    DEVICES = auto()
    """`query-block`, and `qom-list` where that or the shape is new."""
    COUNTERS = auto()
    """`query-blockstats`."""
    WHOLE = JOBS | SHAPE | STATUS | NODES | DEVICES


_KNOWN = {
    "BLOCK_EXPORT_DELETED": Ask.SHAPE | Ask.STATUS | Ask.JOBS,
    "BLOCK_WRITE_THRESHOLD": Ask.NODES,
    "STOP": Ask.STATUS,
    "RESUME": Ask.STATUS,
    "RESET": Ask.SHAPE | Ask.STATUS,
    "SHUTDOWN": Ask(0),
    "MIGRATION": Ask.SHAPE | Ask.STATUS,
    "GUEST_PANICKED": Ask.STATUS,
}


def stale(event: Event) -> Ask:
    """What an event makes stale. Job events move edges; an unknown event about blocks or devices is worth a whole look."""
    if event.name in _KNOWN:
        return _KNOWN[event.name]
    if event.name == "JOB_STATUS_CHANGE":
        passing = event.data.get("status") in ("paused", "running", "standby", "waiting")
        return Ask.JOBS if passing else Ask.WHOLE
    if event.name == "BLOCK_JOB_ERROR":
        return Ask.JOBS
    if event.name.startswith(("BLOCK_", "DEVICE_", "QUORUM_", "DISKCHAIN_")):
        return Ask.WHOLE
    return Ask(0)
