"""The header of an overlay, rewritten at the end of a job: it names the right file, or nothing is begun. QEMU lives on."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from diskchain.operations.preview import Preview
from diskchain.session.carriage import Carriage, Phase, Result
from diskchain.session.session import Session
from tests.support.chains import Chains
from tests.support.holding import held, holder
from tests.support.live_session import done, prepared, with_session
from tests.support.machine import Machine
from tests.support.tools import MIB, QEMU_IMG, fill, header, make_image, same, tool

pytestmark = pytest.mark.live

_FOUR = "base <- one <- two <- three"
_COMMIT = {"top": "one", "base": "base"}


def _refused(machine: Machine, name: str, keys: Mapping[str, str]) -> str:
    """The objections to an operation, which must be some."""
    preview = with_session(machine, lambda session: prepared(session, name, keys))
    assert not preview.allowed
    return " ".join(objection.text for objection in preview.objections)


def _run(machine: Machine, name: str, keys: Mapping[str, str]) -> Result:
    async def run(session: Session) -> tuple[Preview, Result]:
        return await done(session, name, keys)

    return with_session(machine, run)[1]


def _unspoilt(machine: Machine, seen: bytes) -> None:
    """Check what the guest sees, and the files alone; for formats whose headers do not tell the format of what is below."""
    same(machine.contents("vda"), seen, "vda as the guest sees it")
    raw = machine.folder / "read.raw"
    machine.quit()
    tool(QEMU_IMG, "convert", "-O", "raw", machine.image("three"), raw)
    same(raw.read_bytes(), seen, "vda read from its files alone")


@pytest.mark.parametrize("kind", ["vmdk", "qcow"])
@pytest.mark.parametrize(("name", "keys"), [("commit", _COMMIT), ("stream", {"node": "two"})])
def test_a_format_whose_header_cannot_be_changed_is_left_alone(kind: str, name: str, keys: Mapping[str, str]) -> None:
    chain = " <- ".join(f"{image}:{kind}" for image in ("base", "one", "two", "three"))
    with Machine({"vda": chain}, size=8 * MIB) as machine:
        seen = machine.contents("vda")
        assert f"two is {kind}: QEMU cannot change which image" in _refused(machine, name, keys)
        assert machine.sent() == []
        _unspoilt(machine, seen)


@pytest.mark.parametrize(("name", "keys"), [("commit", _COMMIT), ("stream", {"node": "two", "base": "base"})])
def test_qed_takes_a_new_header(name: str, keys: Mapping[str, str]) -> None:
    chain = " <- ".join(f"{image}:qed" for image in ("base", "one", "two", "three"))
    with Machine({"vda": chain}, size=8 * MIB) as machine:
        seen = machine.contents("vda")
        result = _run(machine, name, keys)
        assert (result.outcome, result.as_predicted) == (Phase.DONE, True), result
        assert header(machine.image("two"))["backing-filename"] == str(machine.image("base"))
        _unspoilt(machine, seen)


def _foreign_chain(folder: Path, options: Mapping[str, Mapping[str, object]]) -> tuple[str, ...]:
    """The words for a second disk, vdb, with changed options for the files of some images."""
    chains = Chains.read({"vdb": _FOUR}, folder, 8 * MIB, False, {})
    chains.make()
    words: list[str] = []
    for line in chains.nodes():
        node = json.loads(line)
        node["file"] |= options.get(node["node-name"], {})
        words += ["-blockdev", json.dumps(node)]
    return (*words, "-device", "virtio-blk-pci,drive=three,id=vdb")


def test_an_overlay_whose_file_is_only_open_to_be_read_is_noticed_before_anything_is_copied(tmp_path: Path) -> None:
    extra = _foreign_chain(tmp_path, {"two": {"read-only": True}})
    before = (tmp_path / "base.qcow2").read_bytes()
    with Machine({"vda": "alone"}, extra=extra) as machine:
        seen = machine.contents("vdb")

        async def run(session: Session) -> Result:
            preview = await prepared(session, "commit", _COMMIT)
            return await session.carry_out(preview, confirmed=True).wait()

        result = with_session(machine, run)
        assert result.outcome is Phase.REFUSED, result
        assert "QEMU cannot rewrite the header of two, which it must at the end." in result.text
        assert machine.sent() == ["change-backing-file"]
        machine.settled(vdb=seen)
    assert (tmp_path / "base.qcow2").read_bytes() == before


def test_an_overlay_that_somebody_holds_is_noticed_before_anything_is_sent() -> None:
    with Machine({"vda": _FOUR}) as machine:
        seen = machine.contents("vda")
        other = holder(machine.image("two"))
        try:
            machine.until(lambda: held(machine.image("two")), "the other program did not start")
            said = _refused(machine, "commit", _COMMIT)
        finally:
            other.kill()
            other.wait()
        assert f"Another program holds a lock on {machine.image('two')}." in said
        assert machine.sent() == []
        machine.settled(vda=seen)


@pytest.mark.parametrize("stop", [False, True])
def test_an_overlay_that_somebody_takes_meanwhile_is_waited_for(stop: bool) -> None:
    holders: list[subprocess.Popen[bytes]] = []
    with Machine({"vda": _FOUR}) as machine:

        async def run(session: Session) -> Result:
            preview = await prepared(session, "commit", _COMMIT | {"speed": "2097152"})
            assert preview.allowed, preview.objections
            carriage = session.carry_out(preview, confirmed=True)
            await asyncio.to_thread(machine.until, lambda: machine.qmp("query-jobs"), "no job")
            holders.append(holder(machine.image("two")))
            await asyncio.to_thread(machine.until, lambda: held(machine.image("two")), "nobody holds it")
            await asyncio.to_thread(machine.until, lambda: "holds a lock" in carriage.text, "the lock was not noticed")
            assert machine.qmp("query-jobs")[0]["status"] == "pending"
            return await _ended(carriage)

        async def _ended(carriage: Carriage) -> Result:
            if stop:
                carriage.cancel()
                return await carriage.wait()
            holders[0].send_signal(signal.SIGTERM)
            return await carriage.wait()

        try:
            with machine.writing("vda") as writer:
                result = with_session(machine, run)
        finally:
            for each in holders:
                each.kill()
                each.wait()
        assert result.outcome is (Phase.CANCELLED if stop else Phase.DONE), result
        below = "one" if stop else "base"
        assert header(machine.image("two"))["backing-filename"] == str(machine.image(below))
        machine.settled(vda=writer.model)


def test_somebody_elses_commit_is_not_let_end_while_the_overlay_is_held() -> None:
    with Machine({"vda": _FOUR}) as machine:
        seen = machine.contents("vda")
        machine.qmp(
            "block-commit", job_id="theirs", device="three", top_node="one", base_node="base", auto_finalize=False
        )
        machine.until(lambda: machine.qmp("query-jobs")[0]["status"] == "pending", "the job does not wait")
        other = holder(machine.image("two"))
        try:
            machine.until(lambda: held(machine.image("two")), "the other program did not start")
            keys = {"do": "finalize", "id": "theirs", "foreign": "yes"}
            assert f"Another program holds a lock on {machine.image('two')}." in _refused(machine, "job", keys)
        finally:
            other.kill()
            other.wait()
        assert _run(machine, "job", keys).outcome is Phase.DONE
        machine.until(lambda: not machine.qmp("query-jobs"), "the job stays")
        machine.settled(vda=seen)


def test_a_header_without_room_is_noticed_before_anything_is_sent(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 180) / ("y" * 180)
    deep.mkdir(parents=True)
    make_image(deep / "base.qcow2", "qcow2", 8 * MIB)
    chain = ["base"]
    subprocess.run(["cp", deep / "base.qcow2", tmp_path / "base.qcow2"], check=True)
    for name in ("one", "two", "three"):
        below = (deep if name == "one" else tmp_path) / f"{chain[-1]}.qcow2"
        words = ["qemu-img", "create", "-q", "-f", "qcow2", "-o", "cluster_size=512" if name == "two" else "size=8M"]
        subprocess.run([*words, "-b", below, "-F", "qcow2", tmp_path / f"{name}.qcow2"], check=True)
        chain.append(name)
    node = {
        "driver": "qcow2",
        "node-name": "three",
        "file": {"driver": "file", "filename": str(tmp_path / "three.qcow2")},
    }
    extra = ("-blockdev", json.dumps(node), "-device", "virtio-blk-pci,drive=three,id=vdb")
    with Machine({"vda": "alone"}, extra=extra) as machine:
        order = machine.below("three")
        said = _refused(machine, "commit", {"top": order[2], "base": order[3]})
        assert "has no room for" in said
        assert "has no room for" in _refused(machine, "stream", {"node": order[1], "base": order[3]})
        assert machine.sent() == []


def _linked(folder: Path) -> Path:
    """Images in a folder that is reached through a link: `base` two levels above its true place. Returns the link."""
    true, link = folder / "deep" / "er" / "pool", folder / "link"
    true.mkdir(parents=True)
    link.symlink_to(true)
    (folder / "deep" / "base.qcow2").write_bytes(b"not an image")
    make_image(folder / "base.qcow2", "qcow2", 8 * MIB)
    make_image(true / "one.qcow2", "qcow2", 8 * MIB, "../../../base.qcow2", "qcow2")
    make_image(true / "two.qcow2", "qcow2", 8 * MIB, "one.qcow2", "qcow2")
    for number, path in enumerate((folder / "base.qcow2", true / "one.qcow2", true / "two.qcow2")):
        subprocess.run(["qemu-io", "-f", "qcow2", "-c", f"write -q -P {number + 1} {number}M 2M", path], check=True)
    return link


@pytest.mark.parametrize("operation", ["commit", "stream", "snapshot"])
def test_a_relative_name_through_a_linked_folder_leads_to_the_right_file(tmp_path: Path, operation: str) -> None:
    link = _linked(tmp_path)
    node = {"driver": "qcow2", "node-name": "two", "file": {"driver": "file", "filename": str(link / "two.qcow2")}}
    extra = ("-blockdev", json.dumps(node), "-device", "virtio-blk-pci,drive=two,id=vdb")
    other = tmp_path / "other"
    (tmp_path / "a" / "b" / "c").mkdir(parents=True)
    other.symlink_to(tmp_path / "a" / "b" / "c")
    with Machine({"vda": "alone"}, extra=extra) as machine:
        seen = machine.contents("vdb")
        _, one, base = machine.below("two")
        keys = {
            "commit": {"top": one, "base": base},
            "stream": {"node": "two", "base": base},
            "snapshot": {"disks": "vdb", "dir": str(other)},
        }[operation]
        result = _run(machine, operation, keys)
        assert (result.outcome, result.as_predicted) == (Phase.DONE, True), result
        told = str(header(machine.file(machine.root("vdb")))["backing-filename"])
        assert not told.startswith("/")
        same(machine.quit("vdb")["vdb"], seen, "vdb read from its files alone")


@pytest.mark.parametrize("operation", ["commit", "stream"])
def test_an_image_that_was_named_by_its_whole_path_still_is(tmp_path: Path, operation: str) -> None:
    """Only the upper name was relative: the base stayed where it was when the folder with the overlays was moved."""
    pool = tmp_path / "pool"
    pool.mkdir()
    make_image(tmp_path / "base.qcow2", "qcow2", 8 * MIB)
    make_image(pool / "one.qcow2", "qcow2", 8 * MIB, str(tmp_path / "base.qcow2"), "qcow2")
    make_image(pool / "two.qcow2", "qcow2", 8 * MIB, "one.qcow2", "qcow2")
    for number, path in enumerate((tmp_path / "base.qcow2", pool / "one.qcow2", pool / "two.qcow2")):
        fill(path, "qcow2", number + 1, number * MIB, 2 * MIB)
    node = {"driver": "qcow2", "node-name": "two", "file": {"driver": "file", "filename": str(pool / "two.qcow2")}}
    extra = ("-blockdev", json.dumps(node), "-device", "virtio-blk-pci,drive=two,id=vdb")
    with Machine({"vda": "alone"}, extra=extra) as machine:
        seen = machine.contents("vdb")
        _, one, base = machine.below("two")
        keys = {"commit": {"top": one, "base": base}, "stream": {"node": "two", "base": base}}[operation]
        result = _run(machine, operation, keys)
        assert (result.outcome, result.as_predicted) == (Phase.DONE, True), result
        machine.quit()
        (tmp_path / "down").mkdir()
        moved = pool.rename(tmp_path / "down" / "pool")
        tool(QEMU_IMG, "convert", "-O", "raw", moved / "two.qcow2", tmp_path / "read.raw")
        same((tmp_path / "read.raw").read_bytes(), seen, "vdb read from its moved files alone")


def test_a_name_with_a_step_up_behind_a_link_is_taken_as_the_kernel_does(tmp_path: Path) -> None:
    (tmp_path / "true" / "sub").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "true" / "sub")
    for folder, value in ((tmp_path / "true", 1), (tmp_path, 66)):
        make_image(folder / "disk.qcow2", "qcow2", 8 * MIB)
        fill(folder / "disk.qcow2", "qcow2", value, 0, MIB)
    node = {
        "driver": "qcow2",
        "node-name": "disk",
        "file": {"driver": "file", "filename": f"{tmp_path}/link/../disk.qcow2"},
    }
    extra = ("-blockdev", json.dumps(node), "-device", "virtio-blk-pci,drive=disk,id=vdb")
    with Machine({"vda": "alone"}, extra=extra) as machine:
        seen = machine.contents("vdb")
        result = _run(machine, "snapshot", {"disks": "vdb", "file.vdb": str(tmp_path / "new.qcow2")})
        assert (result.outcome, result.as_predicted) == (Phase.DONE, True), result
        same(machine.quit("vdb")["vdb"], seen, "vdb read from its files alone")


def test_nothing_is_streamed_into_subclusters(tmp_path: Path) -> None:
    """QEMU 7.2 dies of it, so nothing is sent."""
    make_image(tmp_path / "base.qcow2", "qcow2", 8 * MIB)
    words = ("-o", "extended_l2=on", "-b", tmp_path / "base.qcow2", "-F", "qcow2", tmp_path / "top.qcow2")
    tool(QEMU_IMG, "create", "-q", "-f", "qcow2", *words)
    node = {"driver": "qcow2", "node-name": "top", "file": {"driver": "file", "filename": str(tmp_path / "top.qcow2")}}
    extra = ("-blockdev", json.dumps(node), "-device", "virtio-blk-pci,drive=top,id=vdb")
    with Machine({"vda": "alone"}, extra=extra) as machine:
        assert "top has subclusters (extended_l2)" in _refused(machine, "stream", {"node": "top"})
        assert machine.sent() == []
