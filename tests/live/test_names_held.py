"""The name of a new overlay is held from before QEMU makes it: nobody's file can get there and be overwritten."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest

from diskchain.session.carriage import Phase, Result
from diskchain.session.journal import Journal
from diskchain.session.session import Session
from tests.support.live_session import prepared
from tests.support.machine import Machine
from tests.support.meddling import MeddlingMonitor

pytestmark = pytest.mark.live


class _Stranger:
    """Saves a file under a name, if the name is free. `saved`: whether it was."""

    def __init__(self, path: Path) -> None:
        self._path, self.saved = path, False

    def __call__(self) -> None:
        with contextlib.suppress(FileExistsError), self._path.open("x") as file:
            file.write("the only copy")
            self.saved = True


def _snapshot(machine: Machine, path: Path, before: str, stranger: _Stranger) -> Result:
    async def run() -> Result:
        journal = Journal(machine.folder / "journal.qmp")
        monitor = MeddlingMonitor(str(machine.target), {before: stranger})
        session = Session(str(machine.target), lambda _: monitor, journal, reconnect=False)
        await session.open()
        try:
            preview = await prepared(session, "snapshot", {"file.vda": str(path)})
            return await session.carry_out(preview, confirmed=True).wait()
        finally:
            await session.close()

    return asyncio.run(run())


@pytest.mark.parametrize("relative", [False, True])
def test_nobody_can_take_the_name_before_qemu_makes_the_file(relative: bool) -> None:
    with Machine({"vda": "base <- top"}, relative=relative) as machine:
        seen, path = machine.contents("vda"), machine.folder / "new.qcow2"
        stranger = _Stranger(path)
        result = _snapshot(machine, path, "transaction", stranger)
        assert (result.outcome, result.as_predicted, stranger.saved) == (Phase.DONE, True, False), result
        assert machine.file(machine.root("vda")) == path
        machine.settled(vda=seen)


@pytest.mark.parametrize("relative", [False, True])
def test_a_file_that_came_after_the_preview_stays(relative: bool) -> None:
    with Machine({"vda": "base <- top"}, relative=relative) as machine:
        shape, path = machine.shape(), machine.folder / "new.qcow2"
        stranger = _Stranger(path)
        result = _snapshot(machine, path, "blockdev-add", stranger)
        assert (result.outcome, stranger.saved) == (Phase.REFUSED, True), result
        assert path.read_text() == "the only copy"
        assert machine.shape() == shape
        assert "diskchain" not in " ".join(machine.names())


def test_who_comes_second_changes_nothing_and_says_so() -> None:
    """Another client takes the same snapshot right before ours: QEMU refuses ours, and our file goes again."""
    with Machine({"vda": "base <- top"}) as machine:
        seen, theirs = machine.contents("vda"), machine.folder / "theirs.qcow2"

        def first() -> None:
            machine.qmp(
                "blockdev-snapshot-sync",
                node_name="top",
                snapshot_file=str(theirs),
                snapshot_node_name="vda-night",
                format="qcow2",
            )

        async def run() -> Result:
            monitor = MeddlingMonitor(str(machine.target), {"transaction": first})
            journal = Journal(machine.folder / "journal.qmp")
            session = Session(str(machine.target), lambda _: monitor, journal, reconnect=False)
            await session.open()
            try:
                preview = await prepared(session, "snapshot", {"name": "night"})
                return await session.carry_out(preview, confirmed=True).wait()
            finally:
                await session.close()

        result = asyncio.run(run())
        assert result.outcome is Phase.REFUSED, result
        assert "Nothing was changed. Another client has changed the machine meanwhile" in result.text
        assert machine.files() == {"base.qcow2", "top.qcow2", "theirs.qcow2"}
        assert machine.chain("vda") == ["vda-night", "top", "base"]
        machine.settled(vda=seen)
