"""The gallery's other half: states that the sandbox does not come to, each shown by a machine of its own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from diskchain.app.tour import casts
from diskchain.app.tour.stage import Stage
from diskchain.app.tour.staging import Cast, Staged, staged
from diskchain.session.carriage import OVER
from diskchain.session.session import Session

_RATE = 3 << 20
"""Bytes per second of another client's job, so that it can be seen at work."""

_STILL = (
    (casts.MANAGED, "", "managed", "libvirt manages this machine: it is only looked at"),
    (casts.INCOMING, "", "inmigrate", "This machine waits for a migration to come in"),
    (casts.DAEMON, "", "storage-daemon", "A storage daemon: chains without a guest"),
    (casts.BROKEN, "web-monday.qcow2", "missing-base", "A base that is missing, and a loop of headers"),
    (casts.UNNAMED, "web-tuesday.qcow2", "no-name", "Nodes that nobody gave a name"),
    (casts.RAW, "photos.raw", "no-format", "A raw disk without a format node"),
    (casts.SHARED, "web-base.qcow2", "shared-base", "Two disks share a base"),
)
"""Machines that only need to be looked at: what they are made of, whose card is clicked, name and title of the picture."""


async def states(stage: Stage) -> None:
    """One machine after the other; each has gone before the next one comes."""
    for cast, file, name, title in _STILL:
        async with _on_stage(stage, cast) as (_, session):
            if file:
                await _click_image(stage, session, file)
            await stage.picture(name, title, settle=0.9)
    await _io_error(stage)
    await _moved_away(stage)
    await _others_job(stage)
    await _pending(stage)
    await _failed(stage)


@contextlib.asynccontextmanager
async def _on_stage(stage: Stage, cast: Cast) -> AsyncIterator[tuple[Staged, Session]]:
    """Start a machine and open it by the dialog; afterwards hang up, and end it."""
    async with staged(cast) as machine:
        session = await stage.open(machine.monitor)
        yield machine, session
        await stage.hang_up()


async def _click_image(stage: Stage, session: Session, file: str) -> None:
    """Click on the card of the image in this file."""
    nodes = session.state.graph.nodes.values() if session.state else ()
    held = [node.name for node in nodes if node.file and node.file.endswith(f"/{file}")]
    await stage.until(lambda: any(stage.shown(name) for name in held), f"the card of {file}")
    await asyncio.sleep(0.6)
    await stage.glide(stage.node(next(name for name in held if stage.shown(name))))
    await stage.click_here()


def _status(session: Session) -> str:
    return session.state.machine.status if session.state else ""


async def _io_error(stage: Stage) -> None:
    async with _on_stage(stage, casts.IO_ERROR) as (_, session):
        await stage.until(lambda: _status(session) == "io-error", "the guest stops on the error")
        await stage.picture("io-error", "The guest is stopped on an I/O error", settle=0.9)


async def _moved_away(stage: Stage) -> None:
    async with _on_stage(stage, casts.ORDINARY) as (machine, session):
        await machine.say("migrate", uri="exec:cat >/dev/null")
        await stage.until(lambda: _status(session) == "postmigrate", "the guest has moved away")
        await stage.picture("postmigrate", "The guest has moved to another machine", settle=0.9)


async def _others_job(stage: Stage) -> None:
    """A mirror that another client started over the second monitor."""
    async with _on_stage(stage, casts.COPYING) as (machine, session):
        top, copy = casts.WEB[-1].name, casts.COPY.name
        job = {"job-id": "nightly-copy", "device": top, "target": copy, "sync": "full", "speed": _RATE}
        await machine.say("blockdev-mirror", **job)
        await stage.until(lambda: session.state and session.state.jobs, "the job is seen")
        await stage.picture("others-job", "A job that another client started", settle=4)


async def _pending(stage: Stage) -> None:
    """A commit that another client started and wants to finish by hand."""
    async with _on_stage(stage, casts.ORDINARY) as (machine, session):
        base, middle, top = (layer.name for layer in casts.WEB)
        job = {"job-id": "nightly-merge", "device": top, "top-node": middle, "base-node": base, "auto-finalize": False}
        await machine.say("block-commit", **job)
        await stage.until(
            lambda: session.state and any(job.status == "pending" for job in session.state.jobs), "the job is pending"
        )
        await stage.picture("pending", "A job waits to be finished by the one who started it", settle=0.9)


async def _failed(stage: Stage) -> None:
    """A stream that comes to a part of its base that cannot be read."""
    async with _on_stage(stage, casts.BAD_BASE) as (_, session):
        base, top = casts.BAD_BASE.layers[0][0].name, casts.BAD_BASE.layers[1][0].name
        await stage.until(lambda: stage.shown(base), "the chain is drawn")
        await asyncio.sleep(0.6)
        await stage.drag(base, top)
        await stage.drop()
        await stage.click("previewRun")
        await stage.until(
            lambda: session.carriages and all(one.phase in OVER for one in session.carriages), "the job fails", 30
        )
        await stage.picture("job-failed", "A job failed: what is so now, and what to do", settle=0.9)
