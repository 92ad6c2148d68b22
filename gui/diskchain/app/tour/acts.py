"""The second half of the tour's script: the other operations, each with its preview, its run and its end."""

from __future__ import annotations

from diskchain.app.tour.stage import Stage
from diskchain.session.carriage import OVER
from diskchain.session.session import Session


async def others(stage: Stage, session: Session) -> None:
    """Back up, examine, export and take that back, add a bitmap, create and attach an image, resize it, go back."""
    await _backup(stage, session)
    await _examine(stage, session)
    await _export(stage, session)
    await _bitmap(stage, session)
    await _create(stage, session)
    await _revert(stage, session)


def _active(session: Session, disk: str) -> str:
    """The image that a disk writes to now."""
    state = session.state
    device = state.device(disk) if state else None
    return (state.active_of(device) if state and device else None) or ""


def _over(session: Session) -> bool:
    return all(carriage.phase in OVER for carriage in session.carriages)


async def _select(stage: Stage, node: str) -> None:
    await stage.until(lambda: stage.shown(node), f"{node} is drawn")
    await stage.glide(stage.node(node))
    await stage.click_here()


async def _menu(stage: Stage, node: str, title: str) -> None:
    """Choose from the menu of a node, or of the machine where none is named."""
    if node:
        await _select(stage, node)
    else:
        await stage.click("canvas")
        await stage.keys("Escape")
    await stage.keys("Ctrl+m")
    await stage.choose(title)
    await stage.until(lambda: stage.there("previewCancel"), f"the preview: {title}")


async def _agreed(stage: Stage, session: Session, name: str, title: str) -> None:
    """Take a picture of the preview, tick what it asks for, press its button."""
    await stage.picture(f"{name}-preview", f"{title}: the preview")
    await stage.tick()
    await stage.click("previewRun")
    await stage.until(lambda: session.carriages and not stage.there("previewRun"), f"{title} begins")


async def _backup(stage: Stage, session: Session) -> None:
    await stage.drag_to_well(_active(session, "vdb"), "backup")
    await stage.picture("backup-drag", "A disk dragged into the other well: copy as of now")
    await stage.drop()
    await stage.until(lambda: stage.there("previewRun"), "the preview of the backup")
    await _agreed(stage, session, "backup", "Backup")
    await stage.until(lambda: bool(session.state and session.state.jobs), "the backup runs")
    await stage.picture("backup-running", "The backup runs: what the guest overwrites is copied first", settle=2.5)
    await stage.until(lambda: _over(session), "the backup is done", 90)
    await stage.picture("backup-done", "Done: a file beside the disk, and a record of what it is", settle=1.2)


async def _examine(stage: Stage, session: Session) -> None:
    await _menu(stage, _active(session, "vda"), "Open vda read-only")
    await _agreed(stage, session, "examine", "Examine a disk as it is now")
    await stage.until(lambda: session.carriages[-1].held is not None, "the view is there")
    await stage.picture("examine-held", "Other programs read the disk as it was; the guest goes on", settle=2)
    await stage.click("messageAnswer1")
    await stage.until(lambda: _over(session), "the view has ended")
    await stage.picture("examine-done", "Ended: nothing of it is left", settle=1.2)


async def _export(stage: Stage, session: Session) -> None:
    node = _active(session, "vda")
    await _menu(stage, node, "Export")
    await _agreed(stage, session, "export", "Export over NBD")
    await stage.until(lambda: bool(session.state and session.state.exports), "it is exported")
    await stage.picture("export-done", "Exported: its address, and the act that takes it back", settle=1.2)
    await stage.click("messageAnswer1")
    await stage.until(lambda: stage.there("previewRun"), "the preview of the reverse act")
    await stage.picture("reverse-preview", "Taken back by one button: what that does is shown before")
    await stage.click("previewRun")
    await stage.until(lambda: not (session.state and session.state.exports), "the export has ended")


async def _bitmap(stage: Stage, session: Session) -> None:
    node = _active(session, "vda")
    await _menu(stage, node, "Add the bitmap")
    await _agreed(stage, session, "bitmap", "A bitmap for incremental backups")
    await stage.until(lambda: bool(session.state and session.state.graph.nodes[node].named_bitmaps), "it is there")
    await stage.picture("bitmap-done", "The bitmap counts what is written from now on", settle=2.5)


async def _create(stage: Stage, session: Session) -> None:
    folder = stage.keeper.sandbox.folder
    file = f"{folder}/images/spare.qcow2"
    await _menu(stage, "", "Create an image")
    await stage.fill("option-file", file)
    await stage.fill("option-size", "64M")
    await stage.until(lambda: stage.there("previewRun"), "the image can be created")
    await _agreed(stage, session, "create", "Create an image")
    await stage.until(lambda: _over(session), "the image is there")
    await _menu(stage, "", "Attach an image")
    await stage.fill("option-file", file)
    await stage.until(lambda: stage.there("previewRun"), "the image can be attached")
    await _agreed(stage, session, "attach", "Attach an image")
    await stage.until(lambda: stage.shown("spare"), "the image is open")
    await stage.picture("attach-done", "The new image is open beside the disks", settle=1.2)
    await _menu(stage, "spare", "Resize")
    await stage.fill("option-size", "96M")
    await stage.until(lambda: stage.there("previewRun"), "it can be resized")
    await _agreed(stage, session, "resize", "Resize it")
    await stage.until(lambda: _over(session), "it has its new size")
    await stage.picture("resize-done", "The image has its new size", settle=1.2)


async def _revert(stage: Stage, session: Session) -> None:
    node = _active(session, "vda")
    await _menu(stage, node, "Snapshot vda")
    await stage.click("previewRun")
    await stage.until(lambda: _active(session, "vda") != node and _over(session), "the snapshot is there")
    await _menu(stage, node, "Go back to")
    await _agreed(stage, session, "revert", "Go back to an earlier image")
    await stage.until(lambda: _over(session), "the disk has gone back", 30)
    await stage.picture("revert-done", "Gone back: the branch that was left is kept", settle=2)
