"""What an attach plans and refuses where no QEMU is needed to tell."""

from __future__ import annotations

from dataclasses import replace

import pytest

from diskchain.images.locks import Holder
from diskchain.images.looking import Header
from diskchain.model.bus import Bus
from diskchain.operations.attach import Attach
from diskchain.operations.preview import prepare
from diskchain.operations.steps import Send
from diskchain.operations.surroundings import Surroundings
from tests.support.states import NOTHING_ELSE, machine, path

_STATE = machine({"vda": "base <- top"})
_TOP = Header("/new/over.qcow2", format="qcow2", size=1 << 20, backing="low.img", backing_path="/new/low.img")
_LOW = Header("/new/low.img", size=1 << 20)


def _seen(*chain: Header) -> Surroundings:
    return replace(NOTHING_ELSE, headers={chain[0].path: chain})


def _says(operation: Attach, around: Surroundings) -> str:
    return " ".join(objection.text for objection in prepare(operation, _STATE, around).objections)


def _options(operation: Attach, around: Surroundings) -> dict[str, object]:
    step = prepare(operation, _STATE, around).draft.steps[0]
    assert isinstance(step, Send)
    return dict(step.command.arguments)


def test_the_chain_is_opened_by_name_all_in_one() -> None:
    preview = prepare(Attach(_TOP.path), _STATE, _seen(_TOP, _LOW))
    assert preview.allowed, preview.objections
    assert _options(Attach(_TOP.path), _seen(_TOP, _LOW)) == {
        "driver": "qcow2",
        "node-name": "over",
        "file": {"driver": "file", "filename": _TOP.path},
        "backing": {"driver": "raw", "node-name": "low", "file": {"driver": "file", "filename": _LOW.path}},
    }
    assert "is taken for raw" in " ".join(preview.warnings)


def test_what_a_header_says_is_done_and_told_where_the_bytes_say_otherwise() -> None:
    top, low = replace(_TOP, backing_format="raw"), replace(_LOW, format="qcow2")
    preview = prepare(Attach(_TOP.path), _STATE, _seen(top, low))
    assert preview.allowed, preview.objections
    assert "begins like a qcow2 image" in " ".join(preview.warnings)


def test_a_block_device_is_opened_as_one() -> None:
    device = Header("/dev/vg/disk", format="qcow2", device=True)
    assert _options(Attach(device.path), _seen(device))["file"] == {"driver": "host_device", "filename": device.path}


def test_what_is_not_seen_from_here_wants_its_format_said() -> None:
    unseen = replace(NOTHING_ELSE, here=None, owner=None, folders={})
    assert "say its format=" in _says(Attach("/far/x.img"), unseen)
    told = prepare(Attach("/far/x.img", "qcow2"), _STATE, unseen)
    assert told.allowed, told.objections
    assert "not seen from here" in " ".join(told.warnings)


@pytest.mark.parametrize(
    ("model", "buses", "says"),
    [
        ("virtio-blk", (), "no free port"),
        ("virtio-blk", (Bus("a", "pci", free=False), Bus("s", "scsi")), "no free port"),
        ("scsi", (Bus("a", "pci"),), "no SCSI controller"),
        ("nvme", (Bus("a", "pci"),), "as=nvme is not known"),
        ("scsi", (Bus("a", "pci"), Bus("s", "scsi")), ""),
    ],
)
def test_a_disk_wants_room_of_its_kind(model: str, buses: tuple[Bus, ...], says: str) -> None:
    found = _says(Attach(_LOW.path, "raw", model=model), replace(_seen(_LOW), buses=buses))
    assert says in found
    assert bool(says) is bool(found)


def test_who_writes_to_a_base_is_in_the_way_and_who_reads_it_is_not() -> None:
    for writes in (True, False):
        around = replace(_seen(_TOP, _LOW), holders={_LOW.path: (Holder("qemu (pid 7)", writes),)})
        assert ("qemu (pid 7)" in _says(Attach(_TOP.path), around)) is writes
    reader = replace(_seen(_LOW), holders={_LOW.path: (Holder("qemu (pid 7)", writes=False),)})
    assert "qemu (pid 7)" in _says(Attach(_LOW.path, "raw"), reader)
    assert not _says(Attach(_LOW.path, "raw", read_only=True), reader)


def test_a_base_that_the_machine_has_open_to_be_read_is_shared() -> None:
    state = replace(_STATE, graph=_STATE.graph.with_nodes([replace(_STATE.graph.nodes["base-file"], read_only=True)]))
    base = Header(path("base"), format="qcow2")
    over = replace(_TOP, backing_path=base.path, backing_format="qcow2")
    assert prepare(Attach(_TOP.path), state, _seen(over, base)).allowed
    assert "as top" in _says(Attach(_TOP.path), _seen(replace(over, backing_path=path("top")), Header(path("top"))))


def test_an_image_that_no_longer_holds_what_it_held_is_refused() -> None:
    around = replace(_seen(_TOP, _LOW), spoilt={_LOW.path: "It was changed by a commit."})
    assert "does not hold what it held" in _says(Attach(_TOP.path), around)
