"""Reads jobs: `query-jobs` joined with `query-block-jobs` and the nodes that the debug graph says they hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from diskchain.model.job import Job
from diskchain.qapi.replies import Json, mappings, number, text

_CALM = frozenset({"paused", "standby"})


def read_jobs(jobs: object, block_jobs: object, held: Mapping[str, Sequence[tuple[str, str]]]) -> tuple[Job, ...]:
    """All jobs, in the order in which QEMU lists them. Either reply may be missing."""
    figures: dict[str, Json] = {text(told.get("device")): told for told in mappings(block_jobs)}
    general: dict[str, Json] = {text(told.get("id")): told for told in mappings(jobs)}
    names = dict.fromkeys([*general, *figures])
    return tuple(_job(name, general.get(name, {}), figures.get(name, {}), held.get(name, ())) for name in names if name)


def _job(name: str, general: Json, figures: Json, held: Sequence[tuple[str, str]]) -> Job:
    block = bool(figures)
    status = text(figures.get("status")) or text(general.get("status"))
    synced = figures.get("actively-synced")
    return Job(
        id=name,
        type=text(figures.get("type")) or text(general.get("type")),
        status=status,
        offset=number(figures.get("offset") if block else general.get("current-progress")),
        length=number(figures.get("len") if block else general.get("total-progress")),
        speed=number(figures.get("speed")),
        paused=figures.get("paused") is True if block else status in _CALM,
        ready=figures.get("ready") is True or status in ("ready", "standby"),
        io_status=text(figures.get("io-status")),
        auto_finalize=figures.get("auto-finalize") is not False,
        auto_dismiss=figures.get("auto-dismiss") is not False,
        actively_synced=synced if isinstance(synced, bool) else None,
        nodes=tuple(sorted(held)),
        error=text(figures.get("error")) or text(general.get("error")),
    )


def deadly(block_jobs: object, jobs: object) -> str:
    """Why the nodes must not be asked now, in one sentence; empty where they may.

    Two jobs make `query-named-block-nodes` deadly for QEMU, and so for the user's machine: a listed stream that does not
    dismiss itself, once it has concluded (SIGSEGV in 7.2.22 and 10.0.2; one that does not tell how it is dismissed counts
    too); and a `blockdev-create` of a qcow2 image while it opens the new image (assertion in `qcow2_get_specific_info`, seen
    in 7.2.22 once in some fifty tries).
    """
    for told in mappings(block_jobs):
        if told.get("type") == "stream" and told.get("auto-dismiss") is not True:
            return (
                f"While the stream {text(told.get('device'))} waits to be dismissed, asking for the details of the nodes "
                "would end some versions of QEMU: figures are as last known."
            )
    known = {text(told.get("device")) for told in mappings(block_jobs)}
    for told in mappings(jobs):
        if told.get("type") == "stream" and text(told.get("id")) not in known:
            return (
                f"How the stream {text(told.get('id'))} will be dismissed is not known: asking for the details of the nodes "
                "could end QEMU, and figures are as last known."
            )
        if told.get("type") == "create" and told.get("status") not in ("concluded", "null"):
            return (
                f"While the job {text(told.get('id'))} makes an image, asking for the details of the nodes could end QEMU: "
                "figures are as last known."
            )
    return ""


def running(block_jobs: object) -> bool:
    """Whether a block job moves at this moment."""
    return any(told.get("status") in ("running", "created") for told in mappings(block_jobs))
