"""A file takes the name of an image while a job runs. QEMU would go on with it when the job ends, whichever way: it must wait."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from diskchain.model.state import State
from diskchain.monitors.monitor import Refused
from diskchain.operations.operation import Concerns
from diskchain.operations.preview import Preview
from diskchain.operations.surroundings import Surroundings
from diskchain.qapi.command import Command
from diskchain.session import operating
from diskchain.session.carriage import Phase, Result
from diskchain.session.journal import Journal
from diskchain.session.session import Session
from diskchain.session.surroundings import Around, gather
from tests.support.chains import Style
from tests.support.holding import held, holder
from tests.support.live_session import carried_out, done, prepared, with_session
from tests.support.machine import Machine
from tests.support.meddling import MeddlingMonitor
from tests.support.terminal import ran
from tests.support.tools import MIB, QEMU_IMG, fill, header, make_image, same, tool

pytestmark = pytest.mark.live
_CHAIN = {"vda": "base <- one <- two <- three"}


def _exchange(path: Path) -> None:
    """Put another file in the place of this one, which gets another name."""
    path.rename(path.with_suffix(".moved"))
    path.write_bytes(b"something else entirely" * 4096)


def _put_back(path: Path) -> None:
    path.with_suffix(".moved").replace(path)


def _while_exchanged(machine: Machine, name: str, keys: Mapping[str, str], path: Path, at_once: bool) -> Result:
    """Carry out what `path` is exchanged under; it must neither end nor let itself be cancelled before that is put right."""

    async def run(session: Session) -> Result:
        preview = await prepared(session, name, keys)
        assert preview.allowed, preview.objections
        carriage = session.carry_out(preview, confirmed=True)
        await asyncio.to_thread(machine.until, lambda: machine.qmp("query-jobs"), "no job")
        await asyncio.to_thread(_exchange, path)
        said = f"{path} is not the file that QEMU has open"
        if not at_once:
            machine.qmp("block-job-set-speed", device=machine.qmp("query-jobs")[0]["id"], speed=0)
            await asyncio.to_thread(machine.until, lambda: said in carriage.waits, "it was not noticed")
        carriage.cancel()
        await asyncio.to_thread(machine.until, lambda: "not cancelled" in carriage.waits or not at_once, "no word")
        await asyncio.sleep(1)
        assert machine.qmp("query-jobs"), "it has ended"
        await asyncio.to_thread(_put_back, path)
        if at_once:
            carriage.cancel()
        return await carriage.wait()

    return with_session(machine, run)


@pytest.mark.parametrize("at_once", [False, True], ids=["at the end", "cancelled before"])
@pytest.mark.parametrize("image", ["base", "two"])
@pytest.mark.parametrize("operation", ["commit", "stream"])
def test_a_job_waits_until_the_right_file_is_back(operation: str, image: str, at_once: bool) -> None:
    with Machine(_CHAIN, Style.DRIVE) as machine:
        seen, nodes = machine.contents("vda"), {name: machine.node(name) for name in ("base", "one", "two")}
        keys = {"commit": {"top": "one", "base": "base"}, "stream": {"node": "two", "base": "base"}}[operation]
        keys = {key: nodes[name] for key, name in keys.items()} | {"speed": "512k"}
        result = _while_exchanged(machine, operation, keys, machine.image(image), at_once)
        assert result.outcome is (Phase.CANCELLED if at_once else Phase.DONE), result
        machine.settled(vda=seen)


def test_nor_is_it_cancelled_after_a_failure() -> None:
    with Machine(_CHAIN) as machine:
        seen, path = machine.contents("vda"), machine.image("base")

        def refuse() -> None:
            _exchange(path)
            raise Refused(Command("job-finalize"), "GenericError", "made to fail")

        async def run() -> Result:
            monitor = MeddlingMonitor(str(machine.target), {"job-finalize": refuse})
            journal = Journal(machine.folder / "journal.qmp")
            session = Session(str(machine.target), lambda _: monitor, journal, reconnect=False)

            async def mend() -> None:
                await asyncio.to_thread(machine.until, lambda: _kept(session), "it was not noticed")
                await asyncio.sleep(1)
                assert machine.qmp("query-jobs"), "it has ended"
                await asyncio.to_thread(_put_back, path)

            work = carried_out(session, "commit", {"top": "two", "base": "base"})
            return (await asyncio.gather(work, mend()))[0]

        result = asyncio.run(run())
        assert result.outcome is Phase.FAILED, result
        assert not machine.qmp("query-jobs")
        machine.settled(vda=seen)


def _kept(session: Session) -> bool:
    return any("not cancelled" in carriage.waits for carriage in session.carriages)


def _chain(folder: Path, data_file: str = "") -> tuple[str, ...]:
    """The words for a second disk, vdb, with four images; `data_file`: the one that keeps its data in a file of its own."""
    for name, below in (("base", ""), ("one", "base"), ("two", "one"), ("three", "two")):
        more = ["-o", f"data_file={folder}/{name}.data"] if name == data_file else []
        more += ["-b", str(folder / f"{below}.qcow2"), "-F", "qcow2"] if below else []
        tool(QEMU_IMG, "create", "-q", "-f", "qcow2", *more, folder / f"{name}.qcow2", 8 * MIB)
        fill(folder / f"{name}.qcow2", "qcow2", 7, MIB * len(name), 2 * MIB)
    file = {"driver": "file", "filename": str(folder / "three.qcow2")}
    node = json.dumps({"driver": "qcow2", "node-name": "three", "file": file})
    return ("-blockdev", node, "-device", "virtio-blk-pci,drive=three,id=vdb")


def test_the_file_with_the_overlays_data_counts_as_well(tmp_path: Path) -> None:
    extra = _chain(tmp_path, "two")
    with Machine({"vda": "alone"}, extra=extra) as machine:
        seen, chain = machine.contents("vdb"), machine.below("three")
        keys = {"top": chain[2], "base": chain[3], "speed": "512k"}
        result = _while_exchanged(machine, "commit", keys, tmp_path / "two.data", False)
        assert (result.outcome, result.as_predicted) == (Phase.DONE, True), result
        same(machine.quit("vdb")["vdb"], seen, "vdb read from its files alone")


@pytest.mark.parametrize("finish", ["pivot", "ask"])
def test_the_file_with_the_data_of_an_image_becomes_invalid_with_it(finish: str, tmp_path: Path) -> None:
    """Also where a session that came back ends the commit."""
    extra, wanted = _chain(tmp_path, "two"), {f"{tmp_path}/{name}" for name in ("two.data", "two.qcow2", "three.qcow2")}
    with Machine({"vda": "alone"}, extra=extra) as machine:
        seen, chain = machine.contents("vdb"), machine.below("three")

        async def run(session: Session) -> tuple[Preview, set[str]]:
            keys = {"top": chain[0], "base": chain[2], "finish": finish}
            preview = await prepared(session, "commit", keys)
            assert set(preview.draft.invalid) == wanted
            carriage = session.carry_out(preview, confirmed=True)
            if finish == "ask":
                asked = asyncio.Event()
                carriage.changed.connect(lambda: asked.set() if carriage.phase is Phase.CHOOSING else None)
                await asked.wait()
                carriage.leave()
                await carriage.wait()
                job = str(preview.commands[0].arguments["job-id"])
                preview, result = await done(session, "job", {"do": "complete", "id": job})
            else:
                result = await carriage.wait()
            assert (result.outcome, result.as_predicted) == (Phase.DONE, True), result
            return preview, {entry.path for entry in session.ledger.entries if entry.word == "invalid"}

        preview, marked = with_session(machine, run)
        assert set(preview.draft.invalid) == wanted
        assert marked == wanted
        same(machine.quit("vdb")["vdb"], seen, "vdb read from its files alone")


def _objections(machine: Machine, do: str) -> str:
    keys = {"do": do, "id": "theirs", "foreign": "yes"}
    preview = with_session(machine, lambda session: prepared(session, "job", keys))
    return " ".join(objection.text for objection in preview.objections)


def test_somebodys_job_is_neither_finished_nor_cancelled_meanwhile() -> None:
    with Machine(_CHAIN, Style.DRIVE) as machine:
        seen, chain = machine.contents("vda"), machine.chain("vda")
        machine.qmp(
            "block-commit", job_id="theirs", device=chain[0], top_node=chain[2], base_node=chain[3], auto_finalize=False
        )
        machine.until(lambda: machine.qmp("query-jobs")[0]["status"] == "pending", "the job does not wait")
        _exchange(machine.image("base"))
        for do in ("finalize", "cancel"):
            assert "is not the file that QEMU has open" in _objections(machine, do), do
        _put_back(machine.image("base"))
        keys = {"do": "finalize", "id": "theirs", "foreign": "yes"}
        assert with_session(machine, lambda session: done(session, "job", keys))[1].outcome is Phase.DONE
        machine.settled(vda=seen)


def test_a_format_that_the_trial_wrote_is_told(tmp_path: Path) -> None:
    """An old header says no format. Where the commit is refused after the trial, something was changed all the same."""
    chain = _chain(tmp_path)
    two = tmp_path / "two.qcow2"
    # The extension of the header that holds the format (docs/interop/qcow2.txt) becomes an unknown one.
    two.write_bytes(two.read_bytes().replace(b"\xe2\x79\x2a\xca", b"\x12\x34\x56\x78", 1))
    assert "backing-filename-format" not in header(two)
    with Machine({"vda": "alone"}, extra=chain) as machine:
        seen, nodes = machine.contents("vdb"), machine.below("three")

        async def run(session: Session) -> Result:
            preview = await prepared(session, "commit", {"top": nodes[2], "base": nodes[3]})
            assert preview.allowed, preview.objections
            reader = await asyncio.to_thread(holder, tmp_path / "base.qcow2")
            try:
                await asyncio.to_thread(machine.until, lambda: held(tmp_path / "base.qcow2"), "nobody holds it")
                return await session.carry_out(preview, confirmed=True).wait()
            finally:
                reader.kill()
                await asyncio.to_thread(reader.wait)

        result = with_session(machine, run)
        assert result.outcome is Phase.FAILED, result
        assert "The header of two.qcow2 now says that its backing image is qcow2" in result.text, nodes
        assert "Nothing was changed" not in result.text
        same(machine.quit("vdb")["vdb"], seen, "vdb read from its files alone")


def test_an_old_image_is_not_asked_to_grow(tmp_path: Path) -> None:
    make_image(tmp_path / "a.qcow2", "qcow2", 8 * MIB)
    for name, below, size in (("b", "a", 4 * MIB), ("c", "b", 12 * MIB)):
        old = ("-o", "compat=0.10") if name == "b" else ()
        words = ("-b", tmp_path / f"{below}.qcow2", "-F", "qcow2", tmp_path / f"{name}.qcow2", size)
        tool(QEMU_IMG, "create", "-q", "-f", "qcow2", *old, *words)
    node = json.dumps(
        {"driver": "qcow2", "node-name": "c", "file": {"driver": "file", "filename": f"{tmp_path}/c.qcow2"}}
    )
    extra = ("-blockdev", node, "-device", "virtio-blk-pci,drive=c,id=vdb")
    with Machine({"vda": "alone"}, extra=extra) as machine:
        keys = {"top": "c", "base": machine.below("c")[1], "finish": "pivot"}
        preview = with_session(machine, lambda session: prepared(session, "commit", keys))
        assert any("compat=0.10" in each.text for each in preview.objections), preview.objections


def _meddling(monkeypatch: pytest.MonkeyPatch, act: Callable[[int], object]) -> list[int]:
    """Have another client do something between each look at the graph and that at the files; counts the looks."""
    looks: list[int] = []

    def after(concerns: Concerns, state: State, around: Around, stamp: str, serial: int) -> Surroundings:
        looks.append(len(looks))
        act(looks[-1])
        return gather(concerns, state, around, stamp, serial)

    monkeypatch.setattr(operating, "gather", after)
    return looks


def test_a_node_that_was_closed_between_two_looks_is_no_exchanged_file(monkeypatch: pytest.MonkeyPatch) -> None:
    with Machine(_CHAIN) as machine:

        def close(look: int) -> None:
            if look == 0:
                machine.qmp(
                    "block-commit", device="three", top_node="two", base_node="one", job_id="x", auto_dismiss=False
                )
                machine.until(lambda: machine.qmp("query-jobs")[0]["status"] == "concluded", "it does not end")
                machine.qmp("job-dismiss", id="x")
                machine.qmp("blockdev-del", node_name="two")

        looks = _meddling(monkeypatch, close)
        preview = with_session(machine, lambda session: prepared(session, "commit", {"top": "two", "base": "base"}))
        assert [objection.text for objection in preview.objections] == ["There is no node two here."]
        assert looks == [0, 1]


def test_a_machine_that_changes_all_the_time_is_told_as_that(monkeypatch: pytest.MonkeyPatch) -> None:
    with Machine(_CHAIN) as machine:
        _exchange(machine.folder / "base.qcow2")
        looks = _meddling(
            monkeypatch,
            lambda look: machine.qmp("blockdev-add", driver="null-co", node_name=f"new{look}", size=512),
        )
        preview = with_session(machine, lambda session: prepared(session, "commit", {"top": "two", "base": "base"}))
        (said,) = (objection.text for objection in preview.objections)
        assert said.startswith("The machine has changed each time while it was looked at")
        assert looks == [0, 1, 2]
        _put_back(machine.folder / "base.qcow2")


def test_an_exchanged_file_is_told_once(tmp_path: Path) -> None:
    with Machine(_CHAIN) as machine:
        path = machine.folder / "two.qcow2"
        _exchange(path)
        told = ran(tmp_path, "run", machine.target, "commit", "top=one", "base=base", "--dry-run").stderr
        _put_back(path)
        assert told.count("is not the file that QEMU has open") == 1, told
