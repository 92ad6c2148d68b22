"""Backups on a real QEMU: each is the state at its start, and what cannot be proved is refused."""

from __future__ import annotations

import json
import stat
from collections.abc import Mapping
from pathlib import Path

import pytest

from diskchain.operations.catalog import parse
from diskchain.session.carriage import Phase, Result
from diskchain.session.session import Session
from tests.support.backing_up import backed_up, bitmaps_of, keys_of, refused
from tests.support.chains import Style
from tests.support.live_session import done, with_session
from tests.support.machine import Machine
from tests.support.tools import KIB, MIB, header, make_image, restored, same

pytestmark = pytest.mark.live

_CHAIN = {"vda": "base <- one <- two"}


@pytest.mark.parametrize(("kind", "compress"), [("raw", "no"), ("qcow2", "no"), ("qcow2", "yes")])
def test_a_backup_is_the_disk_as_it_was_at_the_start(kind: str, compress: str) -> None:
    with Machine(_CHAIN) as machine:
        shape, seen, target = machine.shape(), machine.contents("vda"), machine.folder / f"b.{kind}"

        async def run(session: Session) -> Result:
            told = keys_of(machine, target=str(target), format=kind, compress=compress, speed="1M")
            preview = await session.prepare(parse("backup", told, "/"))
            carriage = session.carry_out(preview, confirmed=True)
            while not any(job.status == "running" for job in (await session.look_at_jobs()).jobs):
                assert carriage.result is None, carriage.result
            machine.write("vda", 0x99, 0, 8 * MIB)  # later than its start
            machine.qmp("block-job-set-speed", device=carriage.job, speed=0)
            return await carriage.wait()

        result = with_session(machine, run)
        assert result.outcome is Phase.DONE, result
        same(restored(target), seen, "the backup")
        assert machine.shape() == shape
        assert not machine.qmp("query-jobs")


def test_its_record_is_private_and_says_what_it_is() -> None:
    with Machine(_CHAIN) as machine:
        result = backed_up(machine, target="FOLDER/b.qcow2", bitmap="daily")
        record = machine.folder / "b.qcow2.diskchain.json"
        assert set(result.files) == {str(machine.folder / "b.qcow2"), str(record)}
        assert stat.S_IMODE(record.stat().st_mode) == 0o600
        told = json.loads(record.read_text())
        assert (told["diskchain-backup"], told["bytes"]) == (1, (machine.folder / "b.qcow2").stat().st_size)
        assert told["backup"]["bitmap"] == "daily"
        assert told["backup"]["node"] == "two"
        assert told["backup"]["size"] == machine.size
        assert len(told["sha256"]) == 64


def test_a_backup_of_the_top_is_backed_as_the_disk_is() -> None:
    with Machine(_CHAIN, relative=True) as machine:
        seen, target = machine.contents("vda"), machine.folder / "b.qcow2"
        backed_up(machine, target=str(target), sync="top")
        same(restored(target), seen, "the backup through its chain")
        assert header(target)["backing-filename"] == "one.qcow2"
        machine.settled(vda=seen)


@pytest.mark.parametrize("style", [Style.BLOCKDEV, Style.DRIVE])
def test_each_incremental_holds_what_was_written_and_all_restore(style: Style) -> None:
    with Machine(_CHAIN, style) as machine:
        shape = machine.shape()
        points = {"full": machine.contents("vda")}
        backed_up(machine, target="FOLDER/full.qcow2", bitmap="daily")
        for number in range(3):
            machine.write("vda", 0x33 + number, number * MIB, 300 * KIB)
            points[f"i{number}"] = machine.contents("vda")
            backed_up(machine, target=f"FOLDER/i{number}.qcow2", sync="incremental", bitmap="daily")
            assert bitmaps_of(machine, machine.root("vda")) == {"daily": 0}
            told = header(machine.folder / f"i{number}.qcow2")
            assert told["backing-filename"] == (f"i{number - 1}.qcow2" if number else "full.qcow2")
            assert told["backing-filename-format"] == "qcow2"
        assert machine.shape() == shape
        for name, wanted in points.items():
            same(restored(machine.folder / f"{name}.qcow2"), wanted, name)


def test_what_became_zero_is_zero_in_the_incremental() -> None:
    """With `backing: null` an unallocated cluster reads as zero in QEMU, but as the older data through the header."""
    with Machine(_CHAIN) as machine:
        backed_up(machine, target="FOLDER/full.qcow2", bitmap="daily")
        command = 'qemu-io -d /machine/peripheral/vda/virtio-backend "write -z 0 2M"'
        assert not machine.qmp("human-monitor-command", command_line=command).strip()
        machine.write("vda", 0, 3 * MIB, 128 * KIB)
        seen = machine.contents("vda")
        backed_up(machine, target="FOLDER/next.qcow2", sync="incremental", bitmap="daily")
        same(restored(machine.folder / "next.qcow2"), seen, "the incremental")


def test_a_differential_leaves_the_bitmap_as_it_is() -> None:
    with Machine(_CHAIN) as machine:
        backed_up(machine, target="FOLDER/full.qcow2", bitmap="daily")
        for name, offset in (("d1", 0), ("d2", MIB)):
            machine.write("vda", 0x44, offset, 64 * KIB)
            seen = machine.contents("vda")
            backed_up(machine, target=f"FOLDER/{name}.qcow2", sync="bitmap", bitmap="daily")
            assert header(machine.folder / f"{name}.qcow2")["backing-filename"] == "full.qcow2"
            same(restored(machine.folder / f"{name}.qcow2"), seen, name)
        assert bitmaps_of(machine) == {"daily": 128 * KIB}
        backed_up(machine, target="FOLDER/i.qcow2", sync="incremental", bitmap="daily")
        same(restored(machine.folder / "i.qcow2"), seen, "the incremental")


def test_several_disks_are_copied_at_one_moment() -> None:
    with Machine(_CHAIN | {"vdb": "data:raw"}) as machine:
        seen = {disk: machine.contents(disk) for disk in ("vda", "vdb")}
        folder = machine.folder / "all"
        folder.mkdir()
        result = backed_up(machine, disks="vda,vdb", target=str(folder), bitmap="daily")
        images = [Path(path) for path in result.files if path.endswith(".qcow2")]
        assert {path.parent for path in images} == {folder}
        for disk, wanted in seen.items():
            same(restored(next(path for path in images if path.name.startswith(disk))), wanted, disk)
        machine.write("vdb", 0x71, 0, 512)
        later = {disk: machine.contents(disk) for disk in seen}
        result = backed_up(machine, disks="vda,vdb", target=str(folder), sync="incremental", bitmap="daily")
        for path in (Path(path) for path in result.files if path.endswith(".qcow2")):
            same(restored(path), later[path.name[:3]], str(path))
        assert machine.sent().count("transaction") == 2


def test_an_nbd_export_takes_a_backup() -> None:
    with Machine(_CHAIN) as machine, Machine({"vdx": "far"}, Style.DAEMON) as other:
        path = machine.folder / "offer.nbd"
        other.qmp("nbd-server-start", addr={"type": "unix", "data": {"path": str(path)}})
        other.qmp("block-export-add", type="nbd", id="offer", node_name="far", name="far", writable=True)
        seen = machine.contents("vda")
        assert backed_up(machine, target=f"nbd+unix:///far?socket={path}").files == ()
        assert "over NBD" in refused(machine, target=f"nbd+unix:///far?socket={path}", bitmap="daily")
        other.quit()
        same(restored(other.image("far")), seen, "the other side")


def test_what_is_overwritten_is_kept_until_it_is_stopped() -> None:
    with Machine(_CHAIN) as machine:
        target, old = machine.folder / "old.qcow2", machine.contents("vda")

        async def run(session: Session) -> Result:
            told = keys_of(machine, target=str(target), sync="none")
            carriage = session.carry_out(await session.prepare(parse("backup", told, "/")), confirmed=True)
            while not any(job.status == "running" for job in (await session.look_at_jobs()).jobs):
                assert carriage.result is None, carriage.result
            machine.write("vda", 0x31, 64 * KIB, 64 * KIB)
            carriage.cancel()
            return await carriage.wait()

        result = with_session(machine, run)
        assert result.outcome is Phase.DONE, result
        wanted = bytearray(machine.size)
        wanted[64 * KIB : 128 * KIB] = old[64 * KIB : 128 * KIB]
        same(restored(target), wanted, "what was overwritten")
        assert not machine.qmp("query-jobs")


def _failing(machine: Machine, how: str, keys: Mapping[str, str]) -> Result:
    """Carry a backup out, and let it fail or stop it half way."""

    async def run(session: Session) -> Result:
        preview = await session.prepare(parse("backup", keys_of(machine, **keys), "/"))
        assert preview.allowed, preview.objections
        carriage = session.carry_out(preview, confirmed=True)
        while not any(job.status == "running" for job in (await session.look_at_jobs()).jobs):
            assert carriage.result is None, carriage.result
        machine.write("vda", 0x62, 4 * MIB, 64 * KIB)
        if how == "stopped":
            carriage.cancel()
        else:
            machine.qmp("job-cancel", id=f"diskchain-{preview.serial}" + ("-1" if "disks" in keys else ""))
        return await carriage.wait()

    return with_session(machine, run)


@pytest.mark.parametrize("how", ["stopped", "cancelled by another"])
@pytest.mark.parametrize(
    "keys",
    [
        {"sync": "full", "bitmap": "daily", "target": "FOLDER/n.qcow2"},
        {"sync": "full", "bitmap": "new", "target": "FOLDER/n.qcow2"},
        {"sync": "incremental", "bitmap": "daily", "target": "FOLDER/n.qcow2"},
        {"sync": "full", "bitmap": "daily", "target": "FOLDER", "disks": "vda,vdb"},
        {"sync": "incremental", "bitmap": "daily", "target": "FOLDER", "disks": "vda,vdb"},
    ],
    ids=["full", "full, added", "incremental", "full of two", "incremental of two"],
)
def test_bitmaps_are_as_before_where_it_does_not_come_to_its_end(how: str, keys: dict[str, str]) -> None:
    with Machine({"vda": "one <- two", "vdb": "data"}) as machine:
        backed_up(machine, disks="vda,vdb", target="FOLDER", bitmap="daily")
        machine.write("vda", 0x55, 0, 4 * MIB)
        before, shape, files = bitmaps_of(machine), machine.shape(), machine.files()
        assert before == {"daily": 4 * MIB}
        result = _failing(machine, how, keys | {"speed": "64k"})
        assert result.outcome is Phase.CANCELLED, result
        assert (machine.shape(), machine.files()) == (shape, files)
        assert not machine.qmp("query-jobs")
        assert bitmaps_of(machine) == {"daily": 4 * MIB + 64 * KIB}, "what was written meanwhile is marked too"
        seen = machine.contents("vda")
        result = backed_up(machine, target="FOLDER/i.qcow2", sync="incremental", bitmap="daily")
        same(restored(machine.folder / "i.qcow2"), seen, "the incremental that goes on from the same full one")


@pytest.mark.parametrize("keys", [{}, {"bitmap": "daily"}], ids=["grouped by QEMU", "held together by us"])
def test_of_a_group_the_job_that_failed_is_blamed(keys: dict[str, str]) -> None:
    with Machine({"vda": "one <- two"}) as machine:
        machine.qmp("block-dirty-bitmap-add", node="two", name="daily")
        machine.write("vda", 0x55, 0, MIB)
        _add_unreadable(machine, "vdc")
        shape, files = machine.shape(), machine.files()

        async def run(session: Session) -> Result:
            told = keys_of(machine, disks="vda,vdc", target="FOLDER", speed="64k", **keys)
            return (await done(session, "backup", told))[1]

        result = with_session(machine, run)
        assert result.outcome is Phase.REFUSED, result
        assert "-1 failed: " in result.text, result
        assert (machine.shape(), machine.files()) == (shape, files)
        assert (bitmaps_of(machine), bitmaps_of(machine, "bad")) == ({"daily": MIB}, {})
        assert not machine.qmp("query-jobs")


def _add_unreadable(machine: Machine, disk: str) -> None:
    """Plug a disk in of which every read fails."""
    path = machine.folder / "bad.raw"
    make_image(path, "raw", machine.size)
    rule = {"event": "none", "iotype": "read", "errno": 5}
    broken = {"driver": "blkdebug", "image": {"driver": "file", "filename": str(path)}, "inject-error": [rule]}
    machine.qmp("blockdev-add", driver="raw", node_name="bad", file=broken)
    machine.qmp("device_add", driver="virtio-blk-pci", id=disk, drive="bad", bus="port0")


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"target": "FOLDER/two.qcow2"}, "exists already"),
        ({"target": "FOLDER/none/b.qcow2"}, "does not exist"),
        ({"target": "/dev/b"}, "among the devices"),
        ({"target": "FOLDER/b.raw", "format": "raw", "sync": "top"}, "cannot be backed"),
        ({"target": "FOLDER/b.raw", "format": "raw", "compress": "yes"}, "can be compressed"),
        ({"target": "FOLDER/b.qcow2", "sync": "top", "bitmap": "daily"}, "No bitmap goes with sync=top"),
        ({"target": "FOLDER/held.qcow2"}, "is the record of another backup"),
        ({"target": "FOLDER", "disks": "vda,vda"}, "is named twice"),
        ({"target": "FOLDER", "disks": "vda,nobody"}, "no disk nobody"),
        ({"target": "FOLDER/b.qcow2", "bitmap": "still"}, "does not record"),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(keys: dict[str, str], says: str) -> None:
    with Machine(_CHAIN) as machine:
        machine.qmp("block-dirty-bitmap-add", node="two", name="still", disabled=True)
        (machine.folder / "held.qcow2.diskchain.json").write_text("{}")
        shape, files = machine.shape(), machine.files()
        assert says in refused(machine, **keys)
        assert (machine.shape(), machine.files()) == (shape, files)
        assert machine.sent() == []
