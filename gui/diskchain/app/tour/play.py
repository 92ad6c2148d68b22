"""The tour's script."""

from __future__ import annotations

import asyncio
from pathlib import Path

from diskchain.app.house import JOURNAL
from diskchain.app.keeper import Keeper
from diskchain.app.tour.acts import others
from diskchain.app.tour.gallery import gallery
from diskchain.app.tour.stage import Stage, Stuck
from diskchain.app.tour.xtest import NoServer
from diskchain.cli.console import say
from diskchain.cli.ending import Exit
from diskchain.sandbox.error import SandboxError
from diskchain.session.carriage import OVER, Phase
from diskchain.session.session import Session


async def play(keeper: Keeper, folder: Path) -> int:
    """Play everything, write pictures and `tour.json` to the folder, end the program; gives the exit code."""
    code: int = Exit.DONE
    try:
        stage = Stage(keeper, folder)
    except (NoServer, OSError) as error:
        say(f"The tour cannot be played. {error} It needs an X server: try it under xvfb-run.")
        code = Exit.UNREACHABLE
    else:
        try:
            await _script(stage)
            await gallery(stage)
        except (Stuck, OSError, SandboxError) as error:
            say(f"The tour stopped half way. {error} The pictures so far are in {folder}.")
            code = Exit.HALFWAY
        finally:
            stage.close()
    keeper.quit("leave")
    await keeper.ended()
    (folder / JOURNAL).unlink(missing_ok=True)
    return code


async def _script(stage: Stage) -> None:
    """Connect, snapshot, drag to commit, preview, run, ready, done, stream, mirror."""
    await stage.until(lambda: stage.there("welcomeSandbox"), "the window is there")
    await stage.picture("first-start", "First start: two ways in")
    await stage.click("welcomeSandbox")
    session = await _machine(stage)
    await stage.until(lambda: stage.shown("overlay3"), "the chain is drawn")
    await stage.glide(stage.node("overlay3"))
    await stage.click_here()
    await stage.picture("connected", "The sandbox is open: two disks on their chains", settle=2.5)
    await _snapshot(stage, session)
    await _commit(stage, session)
    await _commit_active(stage, session)
    stage.keeper.sandbox.pace *= 2  # what comes now moves more; nobody shall wait for it
    await _stream(stage, session)
    await _mirror(stage, session)
    await others(stage, session)


async def _machine(stage: Stage) -> Session:
    sessions = stage.keeper.sessions
    await stage.until(lambda: any(s.state is not None for s in sessions.sessions), "the machine is open", 30)
    return sessions.sessions[-1]


def _chain(session: Session, disk: str) -> tuple[str, ...]:
    """The disk's chain, active node first."""
    state = session.state
    device = state.device(disk) if state else None
    active = state.active_of(device) if state and device else None
    return state.graph.chain(active) if state and active else ()


async def _snapshot(stage: Stage, session: Session) -> None:
    before = len(_chain(session, "vda"))
    await stage.click("canvas")
    await stage.keys("Ctrl+s")
    await stage.until(lambda: stage.there("previewRun") or stage.there("offersMenu"), "the snapshot is offered")
    if stage.there("offersMenu"):
        await stage.keys("Return")
    await stage.until(lambda: stage.there("previewRun"), "the preview of the snapshot")
    await stage.picture("snapshot-preview", "Snapshot of all disks as one act: the preview")
    await stage.click("previewRun")
    await stage.until(lambda: len(_chain(session, "vda")) == before + 1, "the snapshot is there")
    await stage.picture("snapshot-done", "A new overlay on each disk", settle=1.2)


async def _run(stage: Stage, name: str, title: str) -> None:
    """Press the preview's button and take a picture of the running job."""
    await stage.until(lambda: stage.there("previewRun"), f"the preview: {title}")
    await stage.picture(f"{name}-preview", f"{title}: the preview, nothing has been sent yet")
    await stage.click("previewRun")


async def _over(stage: Stage, session: Session, what: str) -> None:
    await stage.until(lambda: all(carriage.phase in OVER for carriage in session.carriages), what, 90)


async def _commit(stage: Stage, session: Session) -> None:
    chain = _chain(session, "vda")
    await stage.drag(chain[2], chain[-1])
    await stage.picture("commit-drag", "An overlay dragged to its base: commit")
    await stage.drop()
    await _run(stage, "commit", "Commit")
    await stage.until(lambda: bool(session.state and session.state.jobs), "the commit runs")
    await stage.picture("commit-running", "The commit runs: data flow down to the base", settle=3)
    await _over(stage, session, "the commit is done")
    await stage.picture("commit-done", "Done: what became invalid stays in sight", settle=1.2)


async def _ready(stage: Stage, session: Session, what: str) -> None:
    await stage.until(lambda: any(each.phase is Phase.CHOOSING for each in session.carriages), f"{what} is ready", 90)


async def _commit_active(stage: Stage, session: Session) -> None:
    chain = _chain(session, "vda")
    await stage.drag(chain[0], chain[1])
    await stage.drop()
    await _run(stage, "active-commit", "Commit of the active overlay")
    await _ready(stage, session, "the commit")
    await stage.picture("ready", "Ready: the choice is yours", settle=1.2)
    await stage.click("messageAnswer1")
    await _over(stage, session, "the guest was switched over")
    await stage.picture("switched-over", "Switched over: the guest goes on in the image below", settle=1.2)


async def _stream(stage: Stage, session: Session) -> None:
    chain = _chain(session, "vda")
    await stage.drag(chain[-1], chain[0])
    await stage.picture("stream-drag", "A base dragged up to its overlay: stream")
    await stage.drop()
    await stage.until(lambda: stage.there("previewRun") or stage.there("offersMenu"), "the stream is offered")
    if stage.there("offersMenu"):
        await stage.keys("Return")
    await _run(stage, "stream", "Stream")
    await stage.until(lambda: bool(session.state and session.state.jobs), "the stream runs")
    await stage.picture("stream-running", "The stream runs: data flow up to the overlay", settle=2.5)
    await _over(stage, session, "the stream is done")
    await asyncio.sleep(0.3)
    await stage.picture("stream-done", "Done: the disk stands alone", settle=1.2)


async def _mirror(stage: Stage, session: Session) -> None:
    await stage.drag_to_well(_chain(session, "vdb")[0], "mirror")
    await stage.picture("mirror-drag", "A disk dragged into the well below it: copy and follow")
    await stage.drop()
    await _run(stage, "mirror", "Mirror")
    await stage.until(lambda: bool(session.state and session.state.jobs), "the mirror runs")
    await stage.picture("mirror-running", "The mirror runs: data flow to the copy", settle=2.2)
    await _ready(stage, session, "the mirror")
    await stage.picture("mirror-ready", "The copy follows each write: switch over, or keep it as it is", settle=1.2)
    await stage.click("messageAnswer1")
    await _over(stage, session, "the guest goes on in the copy")
    await stage.picture("mirror-done", "Switched over: the images so far stay beside it", settle=1.2)
