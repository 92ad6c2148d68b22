"""What an incremental backup continues must be proved; where anything is in doubt it is refused."""

from __future__ import annotations

import os

import pytest

from diskchain.operations.catalog import parse
from diskchain.session.carriage import Phase, Result
from diskchain.session.session import Session
from tests.support.backing_up import backed_up, bitmaps_of, change_bitmap, keys_of, refused
from tests.support.chains import Style
from tests.support.live_session import done, with_session
from tests.support.machine import Machine
from tests.support.tools import KIB, MIB, header, restored, same, tool

pytestmark = pytest.mark.live

_CHAIN = {"vda": "base <- one <- two"}


def _began(machine: Machine) -> None:
    backed_up(machine, target="FOLDER/full.qcow2", bitmap="daily")
    machine.write("vda", 0x55, 0, 64 * KIB)


def _incremental(machine: Machine, **keys: str) -> str:
    return refused(machine, **{"target": "FOLDER/next.qcow2", "sync": "incremental", "bitmap": "daily", **keys})


def test_nothing_is_continued_where_there_is_nothing() -> None:
    with Machine(_CHAIN) as machine:
        assert "no bitmap daily on two" in _incremental(machine)
        change_bitmap(machine, "add")
        assert "lies no backup of vda with daily" in _incremental(machine)
        assert machine.sent() == ["block-dirty-bitmap-add"]


def test_an_image_without_a_record_proves_nothing() -> None:
    with Machine(_CHAIN) as machine:
        _began(machine)
        assert not _incremental(machine)
        assert "is not proved" in _incremental(machine, parent="FOLDER/base.qcow2")
        (machine.folder / "full.qcow2.diskchain.json").unlink()
        assert "lies no backup of vda with daily" in _incremental(machine)


@pytest.mark.parametrize("do", ["clear", "disable", "remove"])
def test_a_bitmap_that_was_changed_counts_from_no_backup(do: str) -> None:
    with Machine(_CHAIN) as machine:
        _began(machine)

        async def run(session: Session) -> tuple[str, ...]:
            preview, _ = await done(session, "bitmap", {"do": do, "node": "two", "name": "daily"})
            return preview.draft.confirm

        assert "full.qcow2" in " ".join(with_session(machine, run)), "it wants one more yes"
        if do != "clear":
            change_bitmap(machine, "enable" if do == "disable" else "add")
        assert "was changed since" in _incremental(machine)


def test_a_backup_is_continued_once_only() -> None:
    with Machine(_CHAIN) as machine:
        _began(machine)
        backed_up(machine, target="FOLDER/one.qcow2-1", sync="incremental", bitmap="daily")
        assert "counts from" in _incremental(machine, parent="FOLDER/full.qcow2")
        assert "continues" in _incremental(machine, parent="FOLDER/full.qcow2")
        assert not _incremental(machine), "the newest is found by itself"


def test_the_newest_may_lie_elsewhere() -> None:
    with Machine(_CHAIN) as machine:
        _began(machine)
        elsewhere = machine.folder / "elsewhere"
        elsewhere.mkdir()
        backed_up(
            machine, target=f"{elsewhere}/one.qcow2", sync="incremental", bitmap="daily", parent="FOLDER/full.qcow2"
        )
        assert f"say parent={elsewhere}/one.qcow2" in _incremental(machine)
        machine.write("vda", 0x56, 0, 64 * KIB)
        seen = machine.contents("vda")
        backed_up(
            machine, target="FOLDER/two-1.qcow2", sync="incremental", bitmap="daily", parent=f"{elsewhere}/one.qcow2"
        )
        same(restored(machine.folder / "two-1.qcow2"), seen, "over two folders")


@pytest.mark.parametrize("what", ["written to", "same length", "gone"])
def test_a_backup_that_was_changed_is_not_continued(what: str) -> None:
    with Machine(_CHAIN) as machine:
        _began(machine)
        full = machine.folder / "full.qcow2"
        if what == "gone":
            full.unlink()
        else:
            with full.open("r+b") as file:
                file.seek(0, os.SEEK_END if what == "written to" else os.SEEK_SET)
                file.write(b"\0")
        said = _incremental(machine)
        assert {"gone": "cannot be read", "written to": "another length", "same length": "other contents"}[what] in said


def test_a_backup_that_was_only_moved_with_its_record_is_continued() -> None:
    with Machine(_CHAIN) as machine:
        _began(machine)
        full = machine.folder / "full.qcow2"
        content = full.read_bytes()
        full.unlink()
        full.write_bytes(content)  # another inode, another time, the same bytes
        assert not _incremental(machine)


def test_a_chain_with_a_gap_below_is_not_continued() -> None:
    with Machine(_CHAIN) as machine:
        _began(machine)
        backed_up(machine, target="FOLDER/i1.qcow2", sync="incremental", bitmap="daily")
        (machine.folder / "full.qcow2").unlink()
        assert "full.qcow2 cannot be read" in _incremental(machine)


def test_another_disk_bitmap_or_size_is_not_continued() -> None:
    with Machine(_CHAIN | {"vdb": "data"}) as machine:
        _began(machine)
        machine.qmp("block-dirty-bitmap-add", node="data", name="daily")
        full = {"parent": "FOLDER/full.qcow2"}
        assert "a backup of vda, not of vdb" in _incremental(machine, **full, disk="vdb")
        change_bitmap(machine, "add", "weekly")
        assert "counts with daily" in _incremental(machine, **full, bitmap="weekly")
        machine.qmp("block_resize", node_name="two", size=machine.size + MIB)
        assert "bytes now and had" in _incremental(machine)


def test_a_bitmap_of_an_earlier_qemu_is_another_one() -> None:
    """One that is not kept in the image ends with QEMU; another of its name marks nothing of what was written between."""
    with Machine(_CHAIN) as machine:
        _began(machine)
        machine.start_anew()
        assert "no bitmap daily on two" in _incremental(machine)
        machine.qmp(
            "block-dirty-bitmap-add", node="two", name="daily"
        )  # by another program, so our journal knows nothing
        assert "QEMU was started anew" in _incremental(machine)


def test_a_bitmap_that_is_kept_in_the_image_outlives_qemu() -> None:
    with Machine(_CHAIN) as machine:
        change_bitmap(machine, "add", persistent="yes")
        _began(machine)
        machine.start_anew()
        machine.write("vda", 0x57, 2 * MIB, 64 * KIB)
        seen = machine.contents("vda")
        backed_up(machine, target="FOLDER/next.qcow2", sync="incremental", bitmap="daily")
        same(restored(machine.folder / "next.qcow2"), seen, "what was written before and after the new start")


@pytest.mark.parametrize("restarted", [False, True])
def test_a_base_that_was_written_while_no_qemu_ran_is_not_continued(restarted: bool) -> None:
    """The bitmap is in the image above: it knows nothing of what another program wrote below it."""
    with Machine(_CHAIN) as machine:
        change_bitmap(machine, "add", persistent="yes")
        backed_up(machine, target="FOLDER/full.qcow2", bitmap="daily")
        if restarted:
            machine.quit()
            tool("qemu-io", "-f", "qcow2", "-c", "write -P 0x77 0 64k", machine.folder / "base.qcow2")
            machine.start_anew()
            assert "base.qcow2" in _incremental(machine)
            assert "started anew" in _incremental(machine)
        else:
            os.utime(machine.folder / "base.qcow2")
            assert not _incremental(machine), "QEMU has it open all the time"


def test_a_record_that_cannot_be_written_is_told_and_nothing_is_continued() -> None:
    with Machine(_CHAIN) as machine:
        _began(machine)
        machine.write("vda", 0x55, 0, 4 * MIB)
        seen, held = machine.contents("vda"), machine.folder / "next.qcow2.diskchain.json"

        async def run(session: Session) -> Result:
            told = keys_of(machine, target="FOLDER/next.qcow2", sync="incremental", bitmap="daily", speed="64k")
            preview = await session.prepare(parse("backup", told, "/"))
            carriage = session.carry_out(preview, confirmed=True)
            while not (await session.look_at_jobs()).jobs:
                assert carriage.result is None, carriage.result
            held.write_text("precious")
            machine.qmp("block-job-set-speed", device=f"diskchain-{preview.serial}", speed=0)
            return await carriage.wait()

        result = with_session(machine, run)
        assert result.outcome is Phase.FAILED, result
        assert "its record could not be written" in result.text
        assert held.read_text() == "precious"
        same(
            restored(machine.folder / "next.qcow2"),
            seen,
            "the backup, which stays: the bitmap no longer marks what it holds",
        )
        assert "was not seen to its end" in _incremental(machine, target="FOLDER/more.qcow2")
        assert not machine.qmp("query-jobs")


async def _snapshot(session: Session) -> Result:
    return (await done(session, "snapshot", {"disks": "vda"}))[1]


def test_incrementals_go_on_over_a_snapshot() -> None:
    with Machine(_CHAIN) as machine:
        _began(machine)
        assert with_session(machine, _snapshot).outcome is Phase.DONE
        machine.write("vda", 0x58, 3 * MIB, 64 * KIB)
        seen = machine.contents("vda")
        backed_up(machine, target="FOLDER/next.qcow2", sync="incremental", bitmap="daily")
        same(restored(machine.folder / "next.qcow2"), seen, "what was written before and after the snapshot")
        assert (machine.folder / "next.qcow2").stat().st_size < MIB


async def _commit(session: Session) -> Result:
    state = await session.refresh()
    active = state.active_of(state.devices[0]) or ""
    keys = {"top": active, "base": state.graph.backing(active) or "", "finish": "pivot"}
    result = (await done(session, "commit", keys))[1]
    assert result.as_predicted, result
    return result


@pytest.mark.parametrize("style", [Style.BLOCKDEV, Style.DRIVE])
@pytest.mark.parametrize("between", [False, True])
def test_incrementals_go_on_after_a_commit_down_again(between: bool, style: Style) -> None:
    with Machine(_CHAIN, style) as machine:
        _began(machine)
        assert with_session(machine, _snapshot).outcome is Phase.DONE
        machine.write("vda", 0x58, 3 * MIB, 64 * KIB)
        if between:
            backed_up(machine, target="FOLDER/between.qcow2", sync="incremental", bitmap="daily")
            machine.write("vda", 0x60, 4 * MIB, 64 * KIB)
        assert with_session(machine, _commit).outcome is Phase.DONE
        machine.write("vda", 0x59, 5 * MIB, 64 * KIB)
        seen = machine.contents("vda")
        backed_up(machine, target="FOLDER/next.qcow2", sync="incremental", bitmap="daily")
        parent = "between.qcow2" if between else "full.qcow2"
        assert header(machine.folder / "next.qcow2")["backing-filename"] == parent
        same(restored(machine.folder / "next.qcow2"), seen, "all of it")


def test_a_bitmap_that_was_begun_on_the_overlay_goes_down_with_it() -> None:
    with Machine(_CHAIN) as machine:
        _began(machine)
        assert with_session(machine, _commit).outcome is Phase.DONE
        machine.write("vda", 0x59, 5 * MIB, 64 * KIB)
        seen = machine.contents("vda")
        backed_up(machine, target="FOLDER/next.qcow2", sync="incremental", bitmap="daily")
        same(restored(machine.folder / "next.qcow2"), seen, "all of it")


def test_a_bitmap_kept_in_the_image_is_kept_in_the_one_below_then() -> None:
    with Machine(_CHAIN) as machine:
        change_bitmap(machine, "add", persistent="yes")
        _began(machine)
        assert with_session(machine, _commit).outcome is Phase.DONE
        assert bitmaps_of(machine, "one").keys() == {"daily"}
        assert "two" not in machine.named(), "its bitmap has gone down, so nothing keeps it open"
        one = machine.image("one")
        machine.quit()
        told = header(one)["format-specific"]
        assert isinstance(told, dict)
        assert [bitmap["name"] for bitmap in told["data"]["bitmaps"]] == ["daily"]


def test_a_commit_that_is_stopped_leaves_the_bitmaps_as_they_were() -> None:
    with Machine(_CHAIN) as machine:
        _began(machine)

        async def stopped(session: Session) -> Result:
            preview = await session.prepare(parse("commit", {"top": "two", "base": "one"}, "/"))
            carriage = session.carry_out(preview, confirmed=True)
            while carriage.choice is None:
                assert carriage.result is None, carriage.result
                await session.look_at_jobs()
            carriage.choose("stop")
            return await carriage.wait()

        assert with_session(machine, stopped).outcome is Phase.CANCELLED
        assert not bitmaps_of(machine, "one")
        machine.write("vda", 0x59, 5 * MIB, 64 * KIB)
        seen = machine.contents("vda")
        backed_up(machine, target="FOLDER/next.qcow2", sync="incremental", bitmap="daily")
        same(restored(machine.folder / "next.qcow2"), seen, "all of it")


def test_a_snapshot_by_another_program_leaves_the_bitmap_behind() -> None:
    with Machine(_CHAIN) as machine:
        _began(machine)
        path = str(machine.folder / "theirs.qcow2")
        machine.qmp("blockdev-snapshot-sync", node_name="two", snapshot_file=path, snapshot_node_name="theirs")
        assert "It stayed on two" in _incremental(machine)


def test_a_backup_whose_end_was_not_seen_is_not_continued() -> None:
    with Machine(_CHAIN) as machine:
        _began(machine)

        async def run(session: Session) -> Result:
            machine.write("vda", 0x55, 0, 4 * MIB)
            told = keys_of(machine, target="FOLDER/left.qcow2", sync="incremental", bitmap="daily", speed="64k")
            carriage = session.carry_out(await session.prepare(parse("backup", told, "/")), confirmed=True)
            while not (await session.look_at_jobs()).jobs:
                assert carriage.result is None, carriage.result
            carriage.leave()
            return await carriage.wait()

        result = with_session(machine, run)
        assert result.outcome is Phase.LEFT, result
        job = machine.qmp("query-jobs")[0]["id"]
        machine.qmp("block-job-set-speed", device=job, speed=0)
        machine.until(lambda: machine.qmp("query-jobs")[0]["status"] == "pending", "the job does not wait")

        async def end(session: Session) -> Result:
            return (await done(session, "job", {"do": "finalize", "id": job}))[1]

        finalized = with_session(machine, end)
        assert finalized.outcome is Phase.DONE, finalized
        assert not machine.qmp("query-jobs")
        machine.qmp("blockdev-del", node_name="vda-backup")
        assert "was not seen to its end" in _incremental(machine)
