"""The branch that a revert leaves: remembered, protected from commits, returned to, or closed."""

from __future__ import annotations

from pathlib import Path

import pytest

from diskchain.model.ledger import KEPT
from diskchain.operations.preview import Preview
from diskchain.session.carriage import Result
from diskchain.session.journal import Journal
from diskchain.session.session import Session
from tests.support.chains import Style
from tests.support.live_session import done, prepared, with_session
from tests.support.machine import Machine
from tests.support.tools import restored, same

pytestmark = pytest.mark.live

_CHAINS = {"vda": "base <- one <- two", "vdb": "data:raw <- over"}


def _back(machine: Machine, **keys: str) -> Result:
    return with_session(machine, lambda session: done(session, "revert", keys))[1]


def _marks(machine: Machine) -> dict[str, str]:
    return {Path(entry.path).name: entry.word for entry in Journal(machine.folder / "journal.qmp").images()}


@pytest.mark.parametrize("style", [Style.BLOCKDEV, Style.DRIVE])
def test_a_kept_branch_is_remembered_and_no_commit_spoils_it(style: Style) -> None:
    """Open as with -blockdev, or closed by QEMU itself as with -drive; and it lies in a folder that nobody looks through."""
    with Machine({"vda": "base <- one <- two"}, style) as machine:
        far = machine.folder / "a" / "b" / "c" / "d"
        far.mkdir(parents=True)
        path = str(far / "far.qcow2")

        async def run(session: Session) -> tuple[str, Preview]:
            await done(session, "snapshot", {"file.vda": path})
            left = machine.contents("vda")
            await done(session, "revert", {"to": machine.node("two")})
            await done(session, "snapshot", {"file.vda": str(machine.folder / "next.qcow2")})
            overlay = machine.chain("vda")[1]
            preview = await prepared(session, "commit", {"top": overlay, "base": machine.node("two")})
            same(restored(Path(path)), left, "the branch")
            return path, preview

        path, preview = with_session(machine, run)
        assert _marks(machine) == {"far.qcow2": KEPT}
        assert any(objection.lifts == f"spoils={path}" for objection in preview.objections), preview.objections


def test_a_kept_branch_that_was_given_up_is_marked_as_invalid() -> None:
    with Machine({"vda": "base <- one"}, Style.DRIVE) as machine:

        async def run(session: Session) -> Result:
            await done(session, "revert", {"to": machine.node("base")})
            top, branch = machine.chain("vda")[0], str(machine.image("one"))
            keys = {"top": top, "base": machine.node("base"), "finish": "pivot", "spoils": branch}
            return (await done(session, "commit", keys))[1]

        result = with_session(machine, run)
        assert result.as_predicted, result
        assert _marks(machine)["one.qcow2"] == "invalid"


def test_a_branch_can_be_returned_to_and_is_no_longer_left_then() -> None:
    with Machine(_CHAINS) as machine:
        left = machine.contents("vda")
        assert _back(machine, to="base").as_predicted
        assert _marks(machine) == {"one.qcow2": KEPT, "two.qcow2": KEPT}
        other = machine.chain("vda")[0]
        file = machine.file(other)
        result = _back(machine, to="two")
        assert result.as_predicted, result
        assert machine.chain("vda")[1:] == ["two", "one", "base"]
        assert _marks(machine) == {file.name: KEPT}
        assert other in machine.named(), "the other branch stays open"
        machine.settled(vda=left)
        same(restored(machine.image("two")), left, "the tip that was returned to")


def test_a_branch_that_qemu_has_closed_can_be_opened_and_returned_to() -> None:
    with Machine({"vda": "base <- one <- two"}, Style.DRIVE) as machine:
        left = machine.contents("vda")
        assert _back(machine, to=machine.node("base")).as_predicted
        path = {"driver": "file", "filename": str(machine.image("two"))}
        machine.qmp("blockdev-add", driver="qcow2", node_name="again", file=path, read_only=True)
        result = _back(machine, to="again")
        assert result.as_predicted, result
        assert machine.chain("vda")[1] == "again"
        assert set(_marks(machine)) == {name for name in machine.files() if name.startswith("vda-")} - {
            machine.file(machine.root("vda")).name
        }
        machine.settled(vda=left)
        same(restored(machine.image("two")), left, "the tip that was returned to")


def test_a_branch_that_is_not_kept_is_closed_and_its_files_stay() -> None:
    with Machine(_CHAINS) as machine:
        left, files = machine.contents("vda"), machine.files()
        result = _back(machine, to="base", keep="no")
        assert result.as_predicted, result
        assert not {"one", "two"} & machine.names()
        assert files < machine.files()
        assert _marks(machine) == {}
        machine.quit()
        same(restored(machine.image("two")), left, "the branch")


def test_an_image_that_a_commit_changed_is_nothing_to_go_back_to() -> None:
    with Machine(_CHAINS) as machine:

        async def run(session: Session) -> Preview:
            preview = await prepared(session, "commit", {"top": "two", "base": "one"})
            carriage = session.carry_out(preview, confirmed=True)
            while carriage.choice is None:
                await session.look_at_jobs()
            carriage.choose("stop")
            await carriage.wait()
            return await prepared(session, "revert", {"to": "one"})

        preview = with_session(machine, run)
        assert any("one no longer holds what it held" in objection.text for objection in preview.objections)
