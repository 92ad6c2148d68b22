"""Mirrors on a real QEMU: what each kind of target holds, what is refused, and that nothing is left behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from diskchain.operations.catalog import parse
from diskchain.operations.preview import Preview
from diskchain.operations.steps import Choose
from diskchain.session.carriage import Phase, Result
from diskchain.session.session import Session
from tests.support.chains import Style
from tests.support.live_session import done, prepared, with_session
from tests.support.machine import Machine
from tests.support.tools import make_image, restored, same

pytestmark = pytest.mark.live

_CHAIN = {"vda": "base <- one <- two"}


def _mirrored(machine: Machine, **keys: str) -> Result:
    async def run(session: Session) -> tuple[Preview, Result]:
        return await done(session, "mirror", {"disk": "vda", **{k.replace("_", "-"): v for k, v in keys.items()}})

    return with_session(machine, run)[1]


def _refused(machine: Machine, **keys: str) -> str:
    """What a preview says against it."""

    async def run(session: Session) -> str:
        preview = await prepared(
            session, "mirror", {"disk": "vda", **{k.replace("_", "-"): v for k, v in keys.items()}}
        )
        return " ".join(objection.text for objection in preview.objections)

    return with_session(machine, run)


@pytest.mark.parametrize("kind", ["raw", "qcow2"])
def test_a_copy_is_the_disk_as_it_was_at_the_end(kind: str) -> None:
    with Machine(_CHAIN) as machine:
        shape, target = machine.shape(), machine.folder / f"copy.{kind}"
        seen = machine.contents("vda")
        result = _mirrored(machine, target=str(target), format=kind, finish="copy")
        assert result.outcome is Phase.DONE, result
        assert result.as_predicted, result
        assert result.files == (str(target),)
        assert machine.shape() == shape
        machine.write("vda", 0x99, 0, 4096)  # later than the copy
        same(restored(target), seen, "the copy")


def test_a_copy_of_the_top_is_backed_as_the_disk_is() -> None:
    with Machine(_CHAIN, relative=True) as machine:
        seen, target = machine.contents("vda"), machine.folder / "copy.qcow2"
        assert _mirrored(machine, target=str(target), sync="top", finish="copy").as_predicted
        same(restored(target), seen, "the copy through its chain")
        machine.settled(vda=seen)


def test_a_copy_of_the_new_writes_holds_only_these() -> None:
    with Machine(_CHAIN) as machine:
        target = machine.folder / "new.qcow2"

        async def run(session: Session) -> Result:
            keys = {"disk": "vda", "target": str(target), "sync": "none"}
            preview = await session.prepare(parse("mirror", keys, "/"))
            assert preview.allowed, preview.objections
            carriage = session.carry_out(preview, confirmed=True)
            while carriage.choice is None:
                await session.look_at_jobs()
            machine.write("vda", 0x31, 65536, 65536)
            assert [branch.key for branch in carriage.choice.branches] == ["copy"]
            carriage.choose("copy")
            return await carriage.wait()

        assert with_session(machine, run).outcome is Phase.DONE
        wanted = bytearray(machine.size)
        wanted[65536:131072] = b"\x31" * 65536
        same(restored(target), wanted, "what was written meanwhile")


def test_an_nbd_export_takes_the_disk_over() -> None:
    with Machine(_CHAIN) as machine, Machine({"vdx": "far"}, Style.DAEMON) as other:
        path = _offered(other, "far")
        with machine.writing("vda") as guest:
            result = _mirrored(machine, target=f"nbd+unix:///far?socket={path}", finish="pivot")
            assert result.outcome is Phase.DONE, result
            assert result.as_predicted, result
            count = guest.written
            machine.until(lambda: guest.written > count + 2, "the guest does not go on writing")
        same(machine.contents("vda"), guest.model, "the disk on the export")
        machine.quit()
        other.quit()
        same(restored(other.image("far")), guest.model, "the other side")


def _offered(machine: Machine, node: str) -> Path:
    """A node of a storage daemon on offer to be written to."""
    path = machine.folder / "offer.nbd"
    machine.qmp("nbd-server-start", addr={"type": "unix", "data": {"path": str(path)}})
    machine.qmp("block-export-add", type="nbd", id="offer", node_name=node, name=node, writable=True)
    return path


def test_an_open_node_of_the_same_size_is_taken_and_stays_open() -> None:
    with Machine(_CHAIN) as machine:
        seen = machine.contents("vda")
        path = _opened(machine, "spare", machine.size)
        assert _mirrored(machine, target_node="spare", finish="copy").as_predicted
        assert "spare" in machine.named()
        machine.qmp("blockdev-del", node_name="spare")
        same(restored(path), seen, "the node's file")


def _opened(machine: Machine, name: str, size: int) -> Path:
    path = machine.folder / f"{name}.qcow2"
    make_image(path, "qcow2", size)
    machine.qmp("blockdev-add", driver="qcow2", node_name=name, file={"driver": "file", "filename": str(path)})
    return path


def test_a_filter_that_a_user_put_above_stays_there() -> None:
    with Machine(_CHAIN) as machine:
        machine.qmp("object-add", qom_type="throttle-group", id="group", limits={})
        machine.qmp("blockdev-add", driver="throttle", node_name="brake", throttle_group="group", file="two")
        machine.qmp("qom-set", path="/machine/peripheral/vda", property="drive", value="brake")
        with machine.writing("vda") as guest:
            result = _mirrored(machine, target=str(machine.folder / "copy.qcow2"), finish="pivot")
        assert result.outcome is Phase.DONE, result
        assert result.as_predicted, result
        assert machine.root("vda") == "brake"
        assert ("brake", "vda-copy", "file") in machine.edges()
        same(machine.contents("vda"), guest.model, "the disk")


def test_another_size_is_refused_before_anything_is_sent() -> None:
    with Machine(_CHAIN) as machine:
        _opened(machine, "small", machine.size - 512)
        shape = machine.shape()
        assert "very same size" in _refused(machine, target_node="small")
        assert machine.shape() == shape


def test_another_size_behind_a_uri_is_refused_before_the_job() -> None:
    with Machine(_CHAIN) as machine, Machine({"vdx": "far"}, Style.DAEMON, size=4 << 20) as other:
        shape = machine.shape()
        path = _offered(other, "far")
        result = _mirrored(machine, target=f"nbd+unix:///far?socket={path}", finish="copy")
        assert result.outcome is Phase.REFUSED, result
        assert "must be the same" in result.text
        assert machine.shape() == shape
        assert "blockdev-mirror" not in machine.sent()


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"target": "FOLDER/two.qcow2"}, "exists already"),
        ({"target": "FOLDER/none/copy.qcow2"}, "does not exist"),
        ({"target": "/dev/copy"}, "among the devices"),
        ({"target_node": "one"}, "part of vda itself"),
        ({"target_node": "data"}, "in use by vdb"),
        ({"target_node": "nobody"}, "no node nobody"),
        ({"target": "nbd://"}, "is no NBD URI"),
        ({"target": "FOLDER/c.qcow2", "sync": "none", "finish": "pivot"}, "lacks all older data"),
        ({"target": "FOLDER/c.raw", "format": "raw", "sync": "top"}, "cannot be backed"),
        ({"target_node": "alone", "sync": "top", "finish": "pivot"}, "lose all older data"),
    ],
)
def test_what_cannot_be_a_target_is_refused_with_its_reason(keys: dict[str, str], says: str) -> None:
    with Machine(_CHAIN | {"vdb": "data"}) as machine:
        _opened(machine, "alone", machine.size)
        shape, files = machine.shape(), machine.files()
        told = {key: value.replace("FOLDER", str(machine.folder)) for key, value in keys.items()}
        assert says in _refused(machine, **told)
        assert (machine.shape(), machine.files()) == (shape, files)


def test_a_target_alone_takes_the_top_but_the_guest_is_never_switched_to_it() -> None:
    with Machine(_CHAIN) as machine:
        _opened(machine, "alone", machine.size)

        async def run(session: Session) -> Preview:
            return await prepared(session, "mirror", {"disk": "vda", "target-node": "alone", "sync": "top"})

        choice = with_session(machine, run).draft.steps[-1]
        assert isinstance(choice, Choose)
        assert [branch.key for branch in choice.branches] == ["copy"]
