"""Going back on a real QEMU: every byte of what is left and of what is gone back to, and a guest that never runs on a mixture."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from diskchain.monitors.monitor import Refused
from diskchain.qapi.command import Command
from diskchain.sandbox.machine import Sandbox
from diskchain.session.carriage import Phase, Result
from diskchain.session.journal import Journal
from diskchain.session.session import Session
from tests.support.chains import Style
from tests.support.devices import DEVICES, disk_words
from tests.support.live_session import carried_out, done, prepared, with_session
from tests.support.machine import Machine
from tests.support.meddling import MeddlingMonitor
from tests.support.passing import PassingMonitor
from tests.support.tools import MIB, restored, same

pytestmark = pytest.mark.live

_CHAINS = {"vda": "base <- one <- two", "vdb": "data:raw <- over"}
_BOTH = {"to": "one,data"}


def _back(machine: Machine, **keys: str) -> Result:
    return with_session(machine, lambda session: done(session, "revert", keys))[1]


def _refused(machine: Machine, name: str = "revert", **keys: str) -> str:
    """What a preview says against it."""

    async def run(session: Session) -> str:
        return " ".join(objection.text for objection in (await prepared(session, name, keys)).objections)

    return with_session(machine, run)


def _over(machine: Machine, monitor: PassingMonitor, keys: Mapping[str, str]) -> Result:
    """The same over a line on which something happens."""
    session = Session(str(machine.target), lambda _: monitor, Journal(machine.folder / "journal.qmp"), reconnect=False)
    return asyncio.run(carried_out(session, "revert", keys))


def _status(machine: Machine) -> str:
    return str(machine.qmp("query-status")["status"])


def _as_before(machine: Machine, act: Callable[[], Result]) -> Result:
    """Do something that must leave all as it was, the guest running."""
    seen, shape, files = {disk: machine.contents(disk) for disk in _CHAINS}, machine.shape(), machine.files()
    result = act()
    assert (machine.shape(), machine.files(), _status(machine)) == (shape, files, "running"), result
    assert "system_reset" not in machine.sent()
    machine.settled(**seen)
    return result


@pytest.mark.parametrize("relative", [False, True])
def test_two_disks_go_back_as_one_act_and_no_byte_is_lost(relative: bool) -> None:
    with Machine(_CHAINS, relative=relative) as machine:
        machine.write("vda", 0x77, 3 * MIB, MIB)
        left = {disk: machine.contents(disk) for disk in _CHAINS}
        to = {"vda": restored(machine.image("one")), "vdb": restored(machine.image("data"))}
        result = _back(machine, **_BOTH)
        assert result.as_predicted, result
        assert (machine.chain("vda")[1:], machine.chain("vdb")[1:]) == (["one", "base"], ["data"])
        assert _status(machine) == "running"
        assert not [name for name in machine.names() if name.startswith("diskchain")], "a node was left behind"
        sent = machine.sent()
        reset = sent.index("system_reset")
        assert sent.index("stop") < sent.index("qom-set") < reset < sent.index("cont")
        machine.write("vda", 0x78, 4 * MIB, MIB)
        now = to["vda"][: 4 * MIB] + b"\x78" * MIB + to["vda"][5 * MIB :]
        machine.settled(vda=now, vdb=to["vdb"])
        same(restored(machine.image("two")), left["vda"], "the branch that vda left")
        same(restored(machine.image("over")), left["vdb"], "the branch that vdb left")
        same(restored(machine.image("one")), to["vda"], "the image that vda went back to")


def test_what_the_guest_wrote_to_the_moment_it_stood_still_is_in_the_branch() -> None:
    with Machine({"vda": "base <- top"}) as machine:
        wanted = restored(machine.image("base"))
        stopped: list[bytes] = []
        monitor = MeddlingMonitor(
            str(machine.target), before={"qom-set": lambda: stopped.append(machine.contents("vda"))}
        )
        with machine.writing("vda") as guest:
            machine.until(lambda: guest.written > 2, "the guest does not write")
        assert _over(machine, monitor, {"to": "base"}).as_predicted
        same(stopped[0], guest.model, "what the guest wrote")
        machine.settled(vda=wanted)
        same(restored(machine.image("top")), guest.model, "the branch")


async def _written(session: Session, more_than: int = -1) -> int:
    """How often the guest has written, once that is more than so often; looked at as fast as QEMU answers."""
    while True:
        told = await session.execute(Command("query-blockstats"))
        assert isinstance(told, list)
        if (found := sum(int(entry["stats"]["wr_operations"]) for entry in told)) > more_than:
            return found


async def _sandboxed() -> tuple[Result, int, int]:
    """A real guest that checks what it reads: the result, and how often it read wrong bytes, or could not read or write."""
    sandbox = await Sandbox.start(200)
    session = Session(str(sandbox.monitor), journal=Journal(sandbox.folder / "journal.qmp"), reconnect=False)
    try:
        await session.open()
        async with asyncio.timeout(60):
            state = await session.refresh()
            to = [state.graph.chain(device.root or "")[1] for device in state.devices if device.name in ("vda", "vdb")]
            await _written(session, 100)
            _, result = await done(session, "revert", {"to": ",".join(to)})
            await _written(session, await _written(session) + 100)
        return result, sandbox.mismatches, sandbox.failures
    finally:
        await session.close()
        await sandbox.close()


def test_a_guest_boots_again_and_reads_nothing_but_what_it_writes() -> None:
    result, wrong, failed = asyncio.run(_sandboxed())
    assert result.as_predicted, result
    assert (wrong, failed) == (0, 0)


# Every kind of disk


@pytest.mark.parametrize("device", DEVICES.values(), ids=DEVICES.keys())
def test_every_kind_of_disk_goes_back(device: str, tmp_path: Path) -> None:
    with Machine({"vda": "base"}, extra=disk_words(tmp_path, device)) as machine:
        seen = restored(tmp_path / "bottom")
        result = _back(machine, to="bottom")
        assert result.as_predicted, result
        root = next(b["inserted"]["node-name"] for b in machine.qmp("query-block") if "vda" not in b.get("qdev", ""))
        assert machine.below(root)[1:] == ["bottom"]
        path = machine.file(root)
        machine.quit()
        same(restored(path), seen, "the disk from its files")
        same(restored(tmp_path / "bottom"), seen, "what it went back to")


def test_a_disk_that_would_have_another_size_goes_back_only_where_the_guest_learns_it(tmp_path: Path) -> None:
    with Machine(_CHAINS, extra=disk_words(tmp_path, DEVICES["ide-hd"])) as machine:
        machine.qmp("block_resize", node_name="two", size=16 * MIB)
        machine.qmp("block_resize", node_name="top", size=2 * MIB)
        assert "learns that only when QEMU starts anew" in _refused(machine, to="bottom")
        wanted = restored(machine.image("one"))
        assert _back(machine, to="one").as_predicted
        machine.settled(vda=wanted)


def test_a_throttle_above_the_disk_stays_there() -> None:
    with Machine(_CHAINS) as machine:
        machine.qmp("object-add", qom_type="throttle-group", id="group", limits={"iops-total": 1000})
        words = {"throttle_group": "group", "detect_zeroes": "on", "cache": {"no-flush": True}}
        machine.qmp("blockdev-add", driver="throttle", node_name="brake", file="two", **words)
        machine.qmp("qom-set", path="/machine/peripheral/vda", property="drive", value="brake")
        told = machine.named()["brake"]
        wanted = restored(machine.image("one"))
        result = _back(machine, to="one")
        assert result.as_predicted, result
        assert machine.root("vda") == "brake"
        assert machine.chain("vda")[1:] == ["one", "base"]
        now = machine.named()["brake"]
        assert [now[key] for key in ("detect_zeroes", "cache", "ro")] == [
            told[key] for key in ("detect_zeroes", "cache", "ro")
        ]
        machine.quit()
        same(restored(machine.image("one")), wanted, "what it went back to")


def test_a_filter_that_cannot_be_opened_anew_is_named() -> None:
    with Machine(_CHAINS) as machine:
        machine.qmp("blockdev-add", driver="copy-on-read", node_name="keeper", file="two")
        machine.qmp("qom-set", path="/machine/peripheral/vda", property="drive", value="keeper")
        assert "The filter keeper (copy-on-read) lies above two" in _refused(machine, to="one")


# What goes wrong on the way


class _Refusing(PassingMonitor):
    """Refuses some of the exchanges, counted from 0. `resets`: whether a reset was sent."""

    def __init__(self, target: str, exchanges: range) -> None:
        super().__init__(target)
        self._refuse, self._count, self.sent = exchanges, -1, list[str]()

    async def execute(self, command: Command, limit: float | None = None) -> object:
        self.sent.append(command.name)
        if command.name == "qom-set":
            self._count += 1
            if self._count in self._refuse:
                raise Refused(command, "GenericError", "made to fail")
        return await super().execute(command, limit)


@pytest.mark.parametrize("style", [Style.BLOCKDEV, Style.DRIVE])
def test_where_one_disk_cannot_be_exchanged_none_is(style: Style) -> None:
    """Also where QEMU opened the images by itself, and would have closed the first disk's as soon as it let go of it."""
    with Machine(_CHAINS, style) as machine:
        keys = {"to": f"{machine.node('one')},{machine.node('data')}"}
        result = _as_before(machine, lambda: _over(machine, _Refusing(str(machine.target), range(1, 2)), keys))
        assert result.outcome is Phase.REFUSED, result
        assert "vdb cannot be exchanged." in result.text
        assert "Nothing was changed." in result.text


def test_a_guest_whose_disks_could_not_all_be_put_back_does_not_run_on() -> None:
    with Machine(_CHAINS) as machine:
        seen = restored(machine.image("one"))
        result = _over(machine, _Refusing(str(machine.target), range(1, 9)), _BOTH)
        assert result.outcome is Phase.FAILED, result
        assert "The guest stays stopped" in result.text
        assert _status(machine) == "paused"
        assert machine.chain("vda")[1:] == ["one", "base"]
        assert machine.root("vdb") == "over"
        same(machine.contents("vda"), seen, "what the disk stands on")


def test_a_guest_that_another_client_lets_go_on_keeps_its_disks() -> None:
    with Machine(_CHAINS) as machine:
        monitor = MeddlingMonitor(str(machine.target), after={"stop": lambda: machine.qmp("cont")})
        result = _as_before(machine, lambda: _over(machine, monitor, _BOTH))
        assert result.outcome is Phase.REFUSED, result
        assert "another client has let it go on" in result.text


def _snapshot(machine: Machine) -> None:
    file = str(machine.folder / "theirs.qcow2")
    machine.qmp("blockdev-snapshot-sync", node_name="two", snapshot_file=file, snapshot_node_name="theirs")
    machine.write("vda", 0x55, MIB, MIB)


def test_a_disk_that_another_client_snapshots_meanwhile_is_not_exchanged() -> None:
    """What the guest has in the overlay of the other one would be closed and lost."""
    with Machine(_CHAINS) as machine:
        wanted = bytearray(machine.contents("vda"))
        wanted[MIB : 2 * MIB] = b"\x55" * MIB
        result = _over(machine, MeddlingMonitor(str(machine.target), after={"stop": lambda: _snapshot(machine)}), _BOTH)
        assert result.outcome is Phase.REFUSED, result
        assert "vda no longer writes to two" in result.text
        assert (machine.root("vda"), _status(machine)) == ("theirs", "running")
        machine.settled(vda=wanted)


def test_a_disk_that_another_client_begins_to_commit_is_not_exchanged() -> None:
    """The commit would change what the new overlay stands on."""
    with Machine(_CHAINS) as machine:
        seen, status = machine.contents("vda"), _status(machine)

        def commit() -> None:
            words = {"top_node": "one", "base_node": "base", "speed": 1, "auto_finalize": False}
            machine.qmp("block-commit", job_id="theirs", device="two", **words)

        monitor = MeddlingMonitor(str(machine.target), before={"blockdev-add": commit})
        result = _over(machine, monitor, {"to": "base"})
        assert (result.outcome, _status(machine)) == (Phase.REFUSED, status), result
        machine.qmp("job-cancel", id="theirs")
        machine.until(lambda: not machine.qmp("query-jobs"), "their job stays")
        machine.settled(vda=seen)


def test_a_guest_that_ran_between_exchange_and_reset_is_told() -> None:
    with Machine(_CHAINS) as machine:
        monitor = MeddlingMonitor(str(machine.target), before={"system_reset": lambda: machine.qmp("cont")})
        result = _over(machine, monitor, {"to": "one"})
        assert (result.outcome, result.as_predicted) == (Phase.DONE, False), result
        assert "Go back once more." in result.text
        assert _status(machine) == "running"


def test_a_qemu_that_ends_at_a_reset_is_not_reset() -> None:
    with Machine(_CHAINS, extra=("-no-reboot",)) as machine:
        assert "ends where its guest is reset" in _refused(machine, to="one")


def test_a_qemu_that_was_told_later_to_end_at_a_reset_loses_no_byte() -> None:
    with Machine(_CHAINS) as machine:
        left, wanted = machine.contents("vda"), restored(machine.image("one"))
        machine.qmp("set-action", reboot="shutdown")
        result = _over(machine, PassingMonitor(str(machine.target)), {"to": "one"})
        assert result.outcome is Phase.LOST, result
        machine.process.wait(20)
        same(restored(machine.image("two")), left, "the branch")
        new = next(machine.folder / name for name in machine.files() if name.startswith("vda-"))
        same(restored(new), wanted, "the new overlay")


# A guest that does not run


@pytest.mark.parametrize("words", [(), ("-S",)], ids=["stopped", "never started"])
def test_a_guest_that_stands_still_is_reset_and_stays_so(words: tuple[str, ...]) -> None:
    with Machine(_CHAINS, extra=words) as machine:
        machine.qmp("stop")
        wanted = restored(machine.image("one"))
        assert _back(machine, to="one").as_predicted
        assert _status(machine) == "prelaunch"
        assert not {"stop", "cont"} & set(machine.sent())
        machine.settled(vda=wanted)


def test_a_guest_that_shall_not_start_again_stays_reset() -> None:
    with Machine(_CHAINS) as machine:
        assert _back(machine, to="one", restart="no").as_predicted
        assert _status(machine) == "prelaunch"
