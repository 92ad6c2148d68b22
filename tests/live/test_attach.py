"""Attach and detach on a real QEMU: what is opened and plugged in, what is refused and by whom, and that nothing is left open."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from diskchain.model.bus import Bus
from diskchain.operations.catalog import parse
from diskchain.operations.preview import Preview
from diskchain.session.carriage import Phase, Result
from diskchain.session.hotplug import hot_buses
from diskchain.session.journal import Journal
from diskchain.session.session import Session
from tests.support.chains import Style
from tests.support.failing import FailingMonitor
from tests.support.live_session import done, prepared, with_session
from tests.support.machine import Machine
from tests.support.tools import KIB, MIB, fill, make_image, restored, same

pytestmark = pytest.mark.live

_CHAIN = {"vda": "base <- one <- two"}
_SCSI = ("-device", "virtio-scsi-pci,id=scsi0")


def _done(machine: Machine, name: str, keys: Mapping[str, str]) -> Result:
    async def run(session: Session) -> tuple[Preview, Result]:
        return await done(session, name, _told(machine, keys))

    return with_session(machine, run)[1]


def _preview(machine: Machine, name: str, keys: Mapping[str, str]) -> Preview:
    return with_session(machine, lambda session: prepared(session, name, _told(machine, keys)))


def _refused(machine: Machine, name: str, keys: Mapping[str, str]) -> str:
    """What a preview says against it."""
    return " ".join(objection.text for objection in _preview(machine, name, keys).objections)


def _told(machine: Machine, keys: Mapping[str, str]) -> dict[str, str]:
    return {key: value.replace("FOLDER", str(machine.folder)) for key, value in keys.items()}


def _extra(machine: Machine, below: str = "") -> Path:
    """A closed image that begins with a MiB of 0x33; backed by another where one is named."""
    path = machine.folder / "extra.qcow2"
    make_image(path, "qcow2", 4 * MIB, below, "raw" if below else "")
    fill(path, "qcow2", 0x33, 0, MIB)
    return path


def test_a_node_comes_and_goes() -> None:
    with Machine(_CHAIN) as machine:
        seen, shape, names = machine.contents("vda"), machine.shape(), machine.names()
        path = _extra(machine)
        result = _done(machine, "attach", {"file": str(path)})
        assert result.outcome is Phase.DONE, result
        assert result.as_predicted, result
        assert result.nodes == ("extra",)
        assert machine.named()["extra"]["drv"] == "qcow2"
        assert _done(machine, "detach", {"node": "extra"}).as_predicted
        assert (machine.shape(), machine.names()) == (shape, names)
        assert len(restored(path)) == 4 * MIB
        machine.settled(vda=seen)


def test_what_is_below_gets_names_and_goes_with_it() -> None:
    with Machine(_CHAIN) as machine:
        names = machine.names()
        make_image(machine.folder / "under.raw", "raw", 4 * MIB)
        _extra(machine, "under.raw")
        result = _done(machine, "attach", {"file": "FOLDER/extra.qcow2", "read-only": "yes"})
        assert result.as_predicted, result
        assert result.nodes == ("extra", "under")
        assert ("extra", "under", "backing") in machine.edges()
        assert machine.named()["extra"]["ro"]
        assert machine.named()["under"]["ro"]
        assert _done(machine, "detach", {"node": "extra"}).as_predicted
        assert machine.names() == names


@pytest.mark.parametrize(("model", "bus"), [("virtio-blk", "port0"), ("scsi", "scsi0.0")])
def test_a_disk_is_plugged_in_and_read(model: str, bus: str) -> None:
    with Machine(_CHAIN, extra=_SCSI) as machine:
        _extra(machine)
        preview = _preview(machine, "attach", {"file": "FOLDER/extra.qcow2", "as": model})
        assert preview.draft.guest == "keeps running; it finds a new disk"
        assert preview.commands[-1].arguments["bus"] == bus
        result = _done(machine, "attach", {"file": "FOLDER/extra.qcow2", "as": model})
        assert result.outcome is Phase.DONE, result
        assert result.as_predicted, result
        assert [each["qdev"] for each in machine.qmp("query-block") if "extra-disk" in each["qdev"]]


def test_a_scsi_disk_is_taken_out_with_its_images() -> None:
    with Machine(_CHAIN, extra=_SCSI) as machine:
        shape, names = machine.shape(), machine.names()
        make_image(machine.folder / "under.raw", "raw", 4 * MIB)
        _extra(machine, "under.raw")
        assert _done(machine, "attach", {"file": "FOLDER/extra.qcow2", "as": "scsi"}).as_predicted
        assert "take that out first" in _refused(machine, "detach", {"node": "extra"})
        assert "by extra, as its backing" in _refused(machine, "detach", {"node": "under"})
        preview = _preview(machine, "detach", {"disk": "extra-disk"})
        assert preview.draft.closes[:2] == ("extra", "under")
        result = _done(machine, "detach", {"disk": "extra-disk"})
        assert result.outcome is Phase.DONE, result
        assert result.as_predicted, result
        assert (machine.shape(), machine.names()) == (shape, names)


def test_a_disk_is_waited_for_until_the_guest_lets_go() -> None:
    with Machine(_CHAIN) as machine:
        seen, shape, names = machine.contents("vda"), machine.shape(), machine.names()
        _extra(machine)
        assert _done(machine, "attach", {"file": "FOLDER/extra.qcow2", "as": "virtio-blk"}).as_predicted

        async def run(session: Session) -> Result:
            carriage = session.carry_out(
                await session.prepare(parse("detach", {"disk": "extra-disk"}, "/")), confirmed=True
            )
            while "has not done so yet" not in carriage.text:
                await session.look_at_jobs()
            machine.qmp("system_reset")  # a guest without an operating system lets go of nothing before
            return await carriage.wait()

        result = with_session(machine, run)
        assert result.outcome is Phase.DONE, result
        assert result.as_predicted, result
        assert (machine.shape(), machine.names()) == (shape, names)
        machine.settled(vda=seen)


def test_the_waiting_can_be_given_up() -> None:
    with Machine(_CHAIN) as machine:
        _extra(machine)
        assert _done(machine, "attach", {"file": "FOLDER/extra.qcow2", "as": "virtio-blk"}).as_predicted

        async def run(session: Session) -> Result:
            carriage = session.carry_out(
                await session.prepare(parse("detach", {"disk": "extra-disk"}, "/")), confirmed=True
            )
            while "has not done so yet" not in carriage.text:
                await session.look_at_jobs()
            carriage.cancel()
            return await carriage.wait()

        result = with_session(machine, run)
        assert result.outcome is Phase.CANCELLED, result
        assert "its image stays open then" in result.text
        assert "extra" in machine.names()


def test_a_disk_that_is_there_from_the_start_stays() -> None:
    """`Bus 'pcie.0' does not support hotplugging`."""
    with Machine(_CHAIN) as machine:
        shape = machine.shape()
        result = _done(machine, "detach", {"disk": "vda"})
        assert result.outcome is Phase.REFUSED, result
        assert "cannot be taken out while the guest runs" in result.text
        assert machine.shape() == shape


def test_who_has_the_file_is_said() -> None:
    with Machine(_CHAIN) as machine:
        path = _extra(machine)
        assert "is open in this machine already, as two" in _refused(machine, "attach", {"file": "FOLDER/two.qcow2"})
        assert "as one" in _refused(machine, "attach", {"file": "FOLDER/one.qcow2"})
        shape = machine.shape()
        with _held(path) as pid:
            for keys in ({}, {"read-only": "yes"}):
                assert f"in use by qemu-io (pid {pid})" in _refused(machine, "attach", {"file": str(path)} | keys)
        assert machine.shape() == shape


def test_a_base_that_others_only_read_is_shared() -> None:
    with Machine(_CHAIN) as machine, Machine({"vda": "base:raw <- top"}) as other:
        _extra(machine, str(other.image("base")))
        base = {"file": str(other.image("base")), "format": "raw"}
        assert f"(pid {other.process.pid})" in _refused(machine, "attach", base)
        assert _done(machine, "attach", {"file": "FOLDER/extra.qcow2"}).as_predicted
        assert f"(pid {other.process.pid})" in _refused(machine, "attach", {"file": str(other.image("top"))})


@contextmanager
def _held(path: Path) -> Iterator[int]:
    """Another program has the image open for writing."""
    words = ["qemu-io", "-f", "qcow2", str(path)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(b"length\n")
        process.stdin.flush()
        process.stdout.readline()
        yield process.pid
        process.stdin.close()


def test_an_image_that_others_are_backed_by_is_opened_to_be_read_only() -> None:
    with Machine(_CHAIN) as machine:
        path = _extra(machine)
        make_image(machine.folder / "over.qcow2", "qcow2", 4 * MIB, str(path), "qcow2")
        assert "over.qcow2 needs" in _refused(machine, "attach", {"file": str(path)})
        assert _done(machine, "attach", {"file": str(path), "read-only": "yes"}).as_predicted


def test_a_raw_file_is_never_guessed() -> None:
    with Machine(_CHAIN) as machine:
        raw, path = machine.folder / "extra.raw", _extra(machine)
        make_image(raw, "raw", MIB)
        assert "say format=raw" in _refused(machine, "attach", {"file": str(raw)})
        assert "begins like a qcow2 image" in _refused(machine, "attach", {"file": str(path), "format": "raw"})
        assert _done(machine, "attach", {"file": str(raw), "format": "raw"}).as_predicted
        assert machine.named()["extra"]["drv"] == "raw"


@pytest.mark.parametrize(
    ("name", "keys", "says"),
    [
        ("attach", {"file": "FOLDER/none.qcow2"}, "No such file"),
        ("attach", {"file": "FOLDER/lost.qcow2"}, "is backed by, cannot be read"),
        ("attach", {"file": "FOLDER/extra.qcow2", "node": "two"}, "already: say another node="),
        ("attach", {"file": "FOLDER/extra.qcow2", "node": "1st"}, "no node-name that QEMU takes"),
        ("attach", {"file": "FOLDER/extra.qcow2", "as": "scsi"}, "no SCSI controller"),
        ("attach", {"file": "FOLDER/extra.qcow2", "format": "vmdk"}, "begins like a qcow2 image"),
        ("detach", {"node": "nobody"}, "no node nobody"),
        ("detach", {"disk": "nobody"}, "no disk nobody"),
        ("detach", {"node": "two"}, "in use by the disk vda"),
        ("detach", {"node": "one"}, "in use by two, as its backing"),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(name: str, keys: dict[str, str], says: str) -> None:
    with Machine(_CHAIN) as machine:
        _extra(machine)
        make_image(machine.folder / "gone.qcow2", "qcow2", MIB)
        make_image(machine.folder / "lost.qcow2", "qcow2", MIB, "gone.qcow2", "qcow2")
        (machine.folder / "gone.qcow2").unlink()
        shape = machine.shape()
        assert says in _refused(machine, name, keys)
        assert machine.shape() == shape


def test_a_child_that_qemu_opened_goes_with_its_parent_only() -> None:
    """`Node f0 is not owned by the monitor`."""
    with Machine(_CHAIN, Style.DRIVE) as machine:
        below = machine.node("one")
        assert "as its backing" in _refused(machine, "detach", {"node": below})


def test_ports_are_told_apart_by_who_sits_there() -> None:
    with Machine(_CHAIN, extra=_SCSI) as machine:
        _extra(machine)
        assert _done(machine, "attach", {"file": "FOLDER/extra.qcow2", "as": "virtio-blk"}).as_predicted
        found = with_session(machine, lambda session: hot_buses(session.execute))
        ports = [Bus(f"port{number}", "pci", bool(number)) for number in range(4)]
        assert found == (*ports, Bus("scsi0.0", "scsi"))


def test_a_storage_daemon_has_nodes_but_no_disks() -> None:
    with Machine({"vdx": "base"}, Style.DAEMON) as machine:
        _extra(machine)
        assert "no guest" in _refused(machine, "attach", {"file": "FOLDER/extra.qcow2", "as": "scsi"})
        assert _done(machine, "attach", {"file": "FOLDER/extra.qcow2"}).as_predicted


def test_what_the_guest_writes_there_is_in_the_file() -> None:
    with Machine(_CHAIN) as machine:
        path = _extra(machine)
        assert _done(machine, "attach", {"file": str(path), "as": "virtio-blk"}).as_predicted
        machine.write("extra-disk", 0x44, 2 * MIB, 64 * KIB)
        machine.quit()
        wanted = bytearray(4 * MIB)
        wanted[:MIB], wanted[2 * MIB : 2 * MIB + 64 * KIB] = b"\x33" * MIB, b"\x44" * (64 * KIB)
        same(restored(path), wanted, "the attached image")


@pytest.mark.parametrize("step", [0, 1])
def test_a_step_of_taking_out_that_fails(step: int) -> None:
    with Machine(_CHAIN, extra=_SCSI) as machine:
        _extra(machine)
        assert _done(machine, "attach", {"file": "FOLDER/extra.qcow2", "as": "scsi"}).as_predicted
        shape, names = machine.shape(), machine.names()

        async def run() -> Result:
            monitor = FailingMonitor(str(machine.target), step)
            session = Session(str(machine.target), lambda _: monitor, Journal(machine.folder / "journal.qmp"), False)
            await session.open()
            try:
                return await session.carry_out(await prepared(session, "detach", {"disk": "extra-disk"}), True).wait()
            finally:
                await session.close()

        result = asyncio.run(run())
        assert (machine.shape(), machine.names()) == (shape, names)
        assert result.outcome is (Phase.DONE if step else Phase.REFUSED), result
        assert not step or "extra is there and was not expected." in result.differences
