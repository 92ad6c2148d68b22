"""A live disk shown as it was at one moment: what readers see, what the guest keeps, and that nothing of it is left."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from diskchain.model.nbd import nbd_place
from diskchain.monitors.extents import read_extents
from diskchain.operations.preview import Preview
from diskchain.operations.steps import Hold
from diskchain.qapi.command import Command
from diskchain.session.carriage import Carriage, Phase, Result
from diskchain.session.journal import Journal
from diskchain.session.session import Session
from tests.support.chains import Style
from tests.support.devices import DEVICES, disk_words
from tests.support.failing import FailingMonitor
from tests.support.live_session import carried_out, done, prepared, with_session
from tests.support.machine import Machine
from tests.support.passing import PassingMonitor
from tests.support.tools import KIB, MIB, QEMU_IMG, ToolError, same, tool

pytestmark = pytest.mark.live

_CHAIN = {"vda": "base <- one <- two"}
_KEYS = {"disk": "vda"}


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder for sockets is the test's own."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path


def _read(uri: str, folder: Path) -> bytes:
    tool(QEMU_IMG, "convert", "-f", "raw", "-O", "raw", uri, folder / "seen.raw")
    return (folder / "seen.raw").read_bytes()


async def _held(carriage: Carriage) -> Hold:
    async with asyncio.timeout(20):
        while carriage.held is None:
            assert carriage.result is None, carriage.result
            await asyncio.sleep(0.02)
    return carriage.held


def _examined(
    machine: Machine, meanwhile: Callable[[Session, Hold], Awaitable[object]], leave: bool = False
) -> tuple[Preview, Result]:
    """Hold a view, do something meanwhile, then end it."""

    async def run(session: Session) -> tuple[Preview, Result]:
        preview = await prepared(session, "examine", _KEYS)
        assert preview.allowed, preview.objections
        carriage = session.carry_out(preview, confirmed=True)
        await meanwhile(session, await _held(carriage))
        (carriage.leave if leave else carriage.cancel)()
        return preview, await carriage.wait()

    return with_session(machine, run)


@pytest.mark.parametrize("style", [Style.BLOCKDEV, Style.DRIVE])
def test_readers_see_the_moment_and_the_guest_goes_on(style: Style) -> None:
    with Machine(_CHAIN, style) as machine:
        shape, files, size = machine.shape(), machine.files(), machine.size
        seen: list[bytes] = []

        async def look(session: Session, held: Hold) -> None:
            await asyncio.sleep(0.5)
            seen.append(await asyncio.to_thread(_read, held.uri, machine.folder))
            state = await session.refresh()
            assert {export.id for export in state.exports} == {"vda-view", "vda-writes"}
            assert state.device("vda") is not None
            written = await read_extents(nbd_place(held.writes))
            assert written.size == size
            assert 0 < written.bytes <= written.size

        with machine.writing("vda") as writer:
            preview, result = _examined(machine, look)
        assert result.outcome is Phase.DONE, result
        assert result.as_predicted, result
        assert not result.files
        after = bytes(writer.model)
        assert len(seen[0]) == len(after)
        (machine.folder / "seen.raw").unlink()
        assert machine.shape() == shape
        assert machine.files() == files
        assert preview.draft.created[0] not in machine.files()
        machine.settled(vda=after)


@pytest.mark.parametrize("device", DEVICES.values(), ids=DEVICES.keys())
def test_every_kind_of_disk_is_shown(device: str, tmp_path: Path) -> None:
    with Machine({"vda": "base"}, extra=disk_words(tmp_path, device)) as machine:
        shape, seen = machine.shape(), b"\6" * (64 * KIB) + b"\5" * (MIB - 64 * KIB)

        async def run(session: Session) -> Result | None:
            assert session.state is not None
            disk = next(each.name for each in session.state.devices if each.name != "vda")
            preview = await prepared(session, "examine", {"disk": disk})
            if "iothread" in device and session.state.machine.version < (9, 0):
                assert "iothread" in preview.objections[0].text, "QEMU would end when the reader leaves"
                return None
            assert preview.allowed, preview.objections
            carriage = session.carry_out(preview, confirmed=True)
            held = await _held(carriage)
            same(await asyncio.to_thread(_read, held.uri, machine.folder), seen, "the view")
            carriage.cancel()
            return await carriage.wait()

        result = with_session(machine, run)
        assert result is None or (result.outcome, result.as_predicted) == (Phase.DONE, True), result
        assert machine.shape() == shape


def test_what_is_written_later_is_not_in_it_and_where_is_told() -> None:
    with Machine(_CHAIN) as machine:
        before = machine.contents("vda")

        async def look(_: Session, held: Hold) -> None:
            assert (await read_extents(nbd_place(held.writes))).filled == ()
            await asyncio.to_thread(machine.write, "vda", 0xEE, 128 * KIB, 64 * KIB)
            assert (await read_extents(nbd_place(held.writes))).filled == ((128 * KIB, 192 * KIB),)
            same(await asyncio.to_thread(_read, held.uri, machine.folder), before, "the view")

        assert _examined(machine, look)[1].outcome is Phase.DONE
        wanted = bytearray(before)
        wanted[128 * KIB : 192 * KIB] = b"\xee" * (64 * KIB)
        machine.settled(vda=wanted)


class _FullMonitor(PassingMonitor):
    """Has QEMU open the scratch file so that every write of data to it fails, as on a full file system."""

    async def execute(self, command: Command, limit: float | None = None) -> object:
        if command.arguments.get("node-name") == "vda-scratch" and command.name == "blockdev-add":
            fault = {"event": "write_aio", "errno": 28}
            file = {"driver": "blkdebug", "image": command.arguments["file"], "inject-error": [fault]}
            command = Command(command.name, {**command.arguments, "file": file})
        return await super().execute(command, limit)


def test_a_scratch_file_without_room_breaks_the_view_and_no_write() -> None:
    """What a backup job would do instead is why none is used: it fails the guest's write (tried on 7.2 and 10.0)."""
    with Machine(_CHAIN) as machine:
        before, files = machine.contents("vda"), machine.files()

        async def run() -> Result:
            session = Session(
                str(machine.target), _FullMonitor, Journal(machine.folder / "journal.qmp"), reconnect=False
            )
            await session.open()
            carriage = session.carry_out(await prepared(session, "examine", _KEYS), confirmed=True)
            held = await _held(carriage)
            await asyncio.to_thread(machine.write, "vda", 0xEE, 64 * KIB, 64 * KIB)
            with pytest.raises(ToolError):  # a view that broke is not read as if it were whole
                await asyncio.to_thread(_read, held.uri, machine.folder)
            carriage.cancel()
            result = await carriage.wait()
            await session.close()
            return result

        result = asyncio.run(run())
        assert result.outcome is Phase.DONE, result
        (machine.folder / "seen.raw").unlink(missing_ok=True)
        assert machine.files() - {"journal.qmp", str(machine.folder / "journal.qmp")} == files
        machine.settled(vda=before[: 64 * KIB] + b"\xee" * (64 * KIB) + before[128 * KIB :])


def _session(machine: Machine, monitor: PassingMonitor) -> Session:
    return Session(str(machine.target), lambda _: monitor, Journal(machine.folder / "journal.qmp"), reconnect=False)


def test_each_step_that_fails_leaves_nothing() -> None:
    with Machine(_CHAIN) as machine:
        monitor = FailingMonitor(str(machine.target), None)
        session = _session(machine, monitor)

        async def whole() -> None:
            await session.open()
            preview = await prepared(session, "examine", _KEYS)
            carriage = session.carry_out(preview, confirmed=True)
            await _held(carriage)
            carriage.cancel()
            await carriage.wait()
            await session.close()

        asyncio.run(whole())
        steps = monitor.changing[: monitor.changing.index("block-export-del")]
        seen, shape, files = machine.contents("vda"), machine.shape(), machine.files()
        for step, name in enumerate(steps):
            if name == "blockdev-add" and step in (0, steps.index("nbd-server-start") - 1):
                continue  # a probe: its refusal is what is wanted
            failing = FailingMonitor(str(machine.target), step)
            again = _session(machine, failing)
            result = asyncio.run(carried_out(again, "examine", _KEYS))
            assert result.outcome is Phase.REFUSED, f"{step} {name}: {result}"
            assert machine.shape() == shape, f"{step} {name}"
            assert machine.files() == files, f"{step} {name}"
            assert not machine.qmp("query-block-exports"), f"{step} {name}"
        machine.settled(vda=seen)


def test_who_leaves_it_can_take_it_down_later() -> None:
    with Machine(_CHAIN) as machine:
        shape, files, seen = machine.shape(), machine.files(), machine.contents("vda")

        async def nothing(*_: object) -> None:
            return

        result = _examined(machine, nothing, leave=True)[1]
        assert result.outcome is Phase.LEFT, result
        assert machine.files() != files
        again = with_session(machine, lambda session: done(session, "undo", {}))[1]
        assert again.outcome is Phase.DONE, again
        assert machine.shape() == shape
        assert machine.files() == files
        assert not machine.qmp("query-block-exports")
        assert machine.qmp("query-status")["status"] == "running"
        machine.settled(vda=seen)


def test_a_daemon_and_an_unknown_disk_are_refused() -> None:
    with Machine(_CHAIN, Style.DAEMON) as machine:

        async def run(session: Session) -> list[str]:
            return [objection.text for objection in (await prepared(session, "examine", {"disk": "vdx"})).objections]

        assert with_session(machine, run) == ["There is no disk vdx here."]


@pytest.mark.parametrize("leave", [False, True], ids=["ended", "left and taken down later"])
def test_a_snapshot_meanwhile_stays_what_the_guest_writes_to(leave: bool) -> None:
    """Taken down, the guest goes on with what lies below the filter then, never with the image it wrote to before."""
    with Machine(_CHAIN) as machine:
        before = machine.contents("vda")

        async def snapshot(session: Session, _: Hold) -> None:
            assert (await done(session, "snapshot", {"disks": "vda"}))[1].outcome is Phase.DONE
            await asyncio.to_thread(machine.write, "vda", 0xEE, 0, 64 * KIB)

        result = _examined(machine, snapshot, leave=leave)[1]
        assert result.outcome is (Phase.LEFT if leave else Phase.DONE), result
        if leave:
            again = with_session(machine, lambda session: done(session, "undo", {}))[1]
            assert again.outcome is Phase.DONE, again
        assert "vda-before" not in machine.names()
        assert "vda-scratch" not in machine.names()
        machine.write("vda", 0xDD, 64 * KIB, 64 * KIB)
        wanted = b"\xee" * (64 * KIB) + b"\xdd" * (64 * KIB) + before[128 * KIB :]
        same(machine.contents("vda"), wanted, "the guest's disk")
        state = with_session(machine, lambda session: session.refresh())
        device = state.device("vda")
        assert device is not None
        assert len(state.graph.chain(device.root or "")) == len(_CHAIN["vda"].split("<-")) + 1
        same(machine.quit("vda")["vda"], wanted, "what lies on disk")


def test_where_qemu_ends_meanwhile_the_scratch_file_goes() -> None:
    with Machine(_CHAIN) as machine:
        files = machine.files()

        async def kill(session: Session, _: Hold) -> None:
            machine.kill()
            await asyncio.sleep(0)

        result = _examined(machine, kill)[1]
        assert result.outcome is Phase.LOST, result
        assert machine.files() == files
