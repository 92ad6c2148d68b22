"""New images on a real QEMU, made by qemu-img and by QEMU itself: what they hold, what is refused, that nothing is left."""

from __future__ import annotations

import os
from collections.abc import Mapping

import pytest

from diskchain.operations.preview import Preview
from diskchain.session.carriage import Phase, Result
from diskchain.session.session import Session
from tests.support.live_session import done, prepared, with_session
from tests.support.machine import Machine
from tests.support.tools import MIB, header, make_image, restored, same

pytestmark = pytest.mark.live

_CHAIN = {"vda": "base:raw <- one <- two"}
_USERS = (0, 65534) if os.geteuid() == 0 else (0,)


def _created(machine: Machine, keys: Mapping[str, str]) -> Result:
    async def run(session: Session) -> tuple[Preview, Result]:
        return await done(session, "create", _told(machine, keys))

    return with_session(machine, run)[1]


def _preview(machine: Machine, keys: Mapping[str, str]) -> Preview:
    return with_session(machine, lambda session: prepared(session, "create", _told(machine, keys)))


def _told(machine: Machine, keys: Mapping[str, str]) -> dict[str, str]:
    return {key: value.replace("FOLDER", str(machine.folder)) for key, value in keys.items()}


@pytest.mark.parametrize("user", _USERS)
@pytest.mark.parametrize("kind", ["raw", "qcow2"])
def test_an_empty_image_that_qemu_can_open(kind: str, user: int) -> None:
    with Machine(_CHAIN, user=user) as machine:
        shape, names, path = machine.shape(), machine.names(), machine.folder / f"new.{kind}"
        result = _created(machine, {"file": str(path), "size": "16M", "format": kind})
        assert result.outcome is Phase.DONE, result
        assert result.as_predicted, result
        assert result.files == (str(path),)
        assert (machine.shape(), machine.names(), machine.qmp("query-jobs")) == (shape, names, [])
        machine.qmp("blockdev-add", driver=kind, node_name="new", file={"driver": "file", "filename": str(path)})
        assert path.stat().st_uid == user
        machine.qmp("blockdev-del", node_name="new")
        same(restored(path), bytes(16 * MIB), "the new image")


def test_an_overlay_of_a_closed_image_has_its_size_and_format() -> None:
    with Machine(_CHAIN) as machine:
        make_image(machine.folder / "other.qcow2", "qcow2", 3 * MIB)
        keys = {"file": "FOLDER/new.qcow2", "backing": "FOLDER/other.qcow2"}
        assert _created(machine, keys).as_predicted
        told = header(machine.folder / "new.qcow2")
        assert (told["virtual-size"], told["backing-filename-format"]) == (3 * MIB, "qcow2")
        assert len(restored(machine.folder / "new.qcow2")) == 3 * MIB


def test_an_overlay_of_an_image_that_the_guest_writes_to_wants_one_more_yes() -> None:
    with Machine(_CHAIN) as machine:
        keys = {"file": "FOLDER/new.qcow2"}
        assert not _preview(machine, keys | {"backing": "FOLDER/one.qcow2"}).draft.confirm
        assert "vda may write" in _preview(machine, keys | {"backing": "FOLDER/two.qcow2"}).draft.confirm[0]
        assert not _preview(machine, keys | {"backing": "FOLDER/base.raw"}).objections, "its format is as it is open"


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"file": "FOLDER/two.qcow2", "size": "1M"}, "exists already"),
        ({"file": "FOLDER/none/new.qcow2", "size": "1M"}, "does not exist"),
        ({"file": "/dev/new", "size": "1M"}, "among the devices"),
        ({"file": "FOLDER/new.qcow2", "size": "1000"}, "whole sectors"),
        ({"file": "FOLDER/new.qcow2", "size": "0"}, "how large"),
        ({"file": "FOLDER/new.raw", "format": "raw", "backing": "FOLDER/one.qcow2"}, "cannot be backed"),
        ({"file": "FOLDER/new.qcow2", "backing": "FOLDER/none.qcow2"}, "No such file"),
        ({"file": "FOLDER/new.qcow2", "backing": "FOLDER/other.raw"}, "say backing-format="),
        ({"file": "FOLDER/new.qcow2", "backing": "FOLDER/one.qcow2", "backing-format": "raw"}, "is a qcow2 image"),
    ],
)
def test_what_cannot_be_made_is_refused_with_its_reason(keys: dict[str, str], says: str) -> None:
    with Machine(_CHAIN) as machine:
        make_image(machine.folder / "other.raw", "raw", MIB)
        files = machine.files()
        preview = _preview(machine, keys)
        assert says in " ".join(objection.text for objection in preview.objections), preview.objections
        assert machine.files() == files
