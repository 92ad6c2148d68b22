"""Two of us on one machine at the same moment: who comes second changes nothing, spoils nothing of the other, and says so."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

from diskchain.monitors.monitor import Refused
from diskchain.qapi.command import Command
from diskchain.session.carriage import Phase, Result
from diskchain.session.journal import Journal
from diskchain.session.session import Session
from tests.support.live_session import carried_out
from tests.support.machine import Machine
from tests.support.meddling import Act, MeddlingMonitor
from tests.support.passing import PassingMonitor
from tests.support.tools import make_image

pytestmark = pytest.mark.live

_CHAIN = {"vda": "base <- one <- two <- three"}
_MIDDLE = {"top": "two", "base": "base"}


class _Refusing(PassingMonitor):
    """QEMU refuses a command, whatever it asks for."""

    def __init__(self, target: str, refused: str) -> None:
        super().__init__(target)
        self._refused = refused

    async def execute(self, command: Command, limit: float | None = None) -> object:
        if command.name == self._refused:
            raise Refused(command, "GenericError", "made to fail")
        return await super().execute(command, limit)


def _run(
    machine: Machine, name: str, keys: Mapping[str, str], monitor: PassingMonitor, blind: bool = False
) -> tuple[Result, set[str]]:
    """Carry an operation out over this line; the result, and which images are marked afterwards.

    :param blind: QEMU makes our files itself, as where we cannot make files for its user.
    """
    journal = Journal(machine.folder / "journal.qmp")

    async def run() -> Result:
        session = Session(str(machine.target), lambda _: monitor, journal, reconnect=False)
        return await carried_out(session, name, keys)

    with pytest.MonkeyPatch.context() as patch:
        if blind:
            patch.setattr("diskchain.session.surroundings._owner", lambda _: None)
        result = asyncio.run(run())
    return result, {Path(entry.path).stem for entry in journal.images()}


def _second(
    machine: Machine, name: str, keys: Mapping[str, str], before: Mapping[str, Act], blind: bool = False
) -> tuple[Result, set[str]]:
    """As `_run`, while the other does something right before one of our commands."""
    return _run(machine, name, keys, MeddlingMonitor(str(machine.target), before), blind)


def _job(machine: Machine) -> None:
    """The other one's commit, which has the very names that ours would have."""
    machine.qmp(
        "block-commit",
        job_id="diskchain-1",
        device="three",
        top_node="two",
        base_node="one",
        auto_dismiss=False,
        speed=1024,
    )


@pytest.mark.parametrize(
    ("name", "keys"), [("commit", _MIDDLE), ("stream", {"node": "three", "base": "base"})], ids=["commit", "stream"]
)
def test_the_job_of_who_came_first_goes_on(name: str, keys: dict[str, str]) -> None:
    with Machine(_CHAIN) as machine:
        seen = machine.contents("vda")
        result, marks = _second(machine, name, keys, {f"block-{name}": lambda: _job(machine)})
        assert result.outcome is Phase.REFUSED, result
        assert "Nothing was changed." in result.text
        (job,) = machine.qmp("query-jobs")
        assert (job["id"], job["status"]) == ("diskchain-1", "running")
        assert marks == ({"base", "one"} if name == "commit" else set()), "the other works on them"
        machine.qmp("block-job-set-speed", device="diskchain-1", speed=0)
        machine.until(lambda: machine.qmp("query-jobs")[0]["status"] == "concluded", "it does not end")
        machine.qmp("job-dismiss", id="diskchain-1")
        machine.settled(vda=seen)


def test_a_refused_commit_on_a_machine_at_rest_marks_nothing() -> None:
    with Machine(_CHAIN) as machine:
        result, marks = _run(machine, "commit", _MIDDLE, _Refusing(str(machine.target), "block-commit"))
        assert (result.outcome, marks) == (Phase.REFUSED, set()), result
        assert machine.sent() == []


def test_a_commit_refused_after_its_trial_says_that_a_header_was_written() -> None:
    with Machine(_CHAIN) as machine:
        seen = machine.contents("vda")
        monitor = _Refusing(str(machine.target), "block-commit")
        result, marks = _run(machine, "commit", {"top": "one", "base": "base"}, monitor)
        assert (result.outcome, marks) == (Phase.REFUSED, set()), result
        assert machine.sent() == ["change-backing-file"]
        assert "Nothing was changed, but QEMU has written the header of two anew" in result.text
        machine.settled(vda=seen)


def test_what_is_truly_left_of_ours_is_a_failure() -> None:
    with Machine({"vda": "base <- top"}, relative=True) as machine:
        monitor = _Refusing(str(machine.target), "blockdev-del")
        result, _ = _run(machine, "snapshot", {"name": "night"}, monitor, blind=True)
        assert result.outcome is Phase.FAILED, result
        assert "The node diskchain-1-0 stays open." in result.text
        assert "diskchain-1-0" in machine.names()


@pytest.mark.parametrize("locking", ["on", "off"])
def test_the_overlay_of_who_came_first_stays(locking: str) -> None:
    """The other took the very name, node and file, and no lock shows it: its file is open in QEMU, and so it is not ours."""
    with Machine(_CHAIN) as machine:
        seen, path = machine.contents("vda"), machine.folder / "vda-night.qcow2"

        def first() -> None:
            make_image(path, "qcow2", machine.size)
            file = {"driver": "file", "filename": str(path), "locking": locking}
            machine.qmp("blockdev-add", driver="qcow2", node_name="vda-night", file=file, backing=None)
            machine.qmp("blockdev-snapshot", node="three", overlay="vda-night")

        result, _ = _second(machine, "snapshot", {"name": "night"}, {"transaction": first}, blind=True)
        assert result.outcome is Phase.REFUSED, result
        assert "Nothing was changed. Another client has changed the machine meanwhile" in result.text
        assert path.exists()
        assert machine.chain("vda") == ["vda-night", "three", "two", "one", "base"]
        assert machine.contents("vda") == seen


@pytest.mark.parametrize("what", ["node", "job"])
def test_names_that_we_gave_back_are_not_ours_any_more(what: str) -> None:
    """With names of our choice another of us begins what we have just ended: we take down only our own."""
    with Machine({"vda": "base <- top"}, relative=True) as machine:
        seen, theirs = machine.contents("vda"), machine.folder / "theirs"
        theirs.write_bytes(bytes(512))

        def node() -> None:
            machine.qmp("blockdev-add", driver="file", node_name="diskchain-1-0", filename=str(theirs))

        def job() -> None:
            options = {"driver": "file", "filename": str(machine.folder / "other"), "size": 512}
            machine.qmp("blockdev-create", job_id="diskchain-1-0-file", options=options)

        def taken() -> None:
            (node if what == "node" else job)()
            file = str(machine.folder / "taken.qcow2")
            machine.qmp("blockdev-snapshot-sync", node_name="top", snapshot_file=file, snapshot_node_name="vda-night")

        result, _ = _second(machine, "snapshot", {"name": "night"}, {"transaction": taken}, blind=True)
        assert result.outcome is Phase.REFUSED, result
        assert not (machine.folder / "vda-night.qcow2").exists()
        if what == "node":
            assert "diskchain-1-0" in machine.names()
        else:
            assert [told["id"] for told in machine.qmp("query-jobs")] == ["diskchain-1-0-file"]
        assert machine.contents("vda") == seen


def test_what_another_instance_marks_shows_in_one_that_is_open(tmp_path: Path) -> None:
    """It has another monitor of the same QEMU, as one serves one client; and it takes a mark away again."""
    second = tmp_path / "second.qmp"
    with Machine(_CHAIN, extra=("-qmp", f"unix:{second},server=on,wait=off")) as machine:
        place = tmp_path / "journal"

        async def run() -> None:
            watching = Session(str(second), journal=Journal(place), reconnect=False)
            told: asyncio.Queue[set[str]] = asyncio.Queue()
            watching.ledger_changed.connect(lambda: told.put_nowait({each.node for each in watching.ledger.entries}))

            async def shows(nodes: set[str]) -> None:
                async with asyncio.timeout(10):
                    while await told.get() != nodes:
                        pass

            await watching.open()
            try:
                acting = Session(str(machine.target), journal=Journal(place), reconnect=False)
                assert (await carried_out(acting, "commit", _MIDDLE)).outcome is Phase.DONE
                await shows({"one", "two"})
                assert {each.word for each in watching.ledger.entries} == {"invalid"}
                Journal(place).dismiss(str(machine.image("two")))
                await shows({"one"})
            finally:
                await watching.close()

        asyncio.run(run())
        assert machine.chain("vda") == ["three", "base"]
