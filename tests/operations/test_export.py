"""What an export plans and refuses where no QEMU is needed to tell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from diskchain.model.root import Export as Exported
from diskchain.model.state import State
from diskchain.operations.export import Export
from diskchain.operations.preview import Preview, prepare
from diskchain.operations.surroundings import Folder, Surroundings
from diskchain.operations.unexport import Unexport
from tests.support.states import FOLDER, NOTHING_ELSE, machine, path, with_export, with_job

_STATE = machine({"vda": "base <- top"})
_HERE = replace(NOTHING_ELSE, sockets="/run/own", folders={"/run/own": Folder(frozenset()), **NOTHING_ELSE.folders})
_OURS = Exported(
    "look",
    "nbd",
    "top",
    "look",
    "nbd+unix:///look?socket=/run/own/look.nbd",
    writable=False,
    listen="/run/own/look.nbd",
)
_SERVED = replace(_STATE, exports=(_OURS,))


def _preview(operation: Export | Unexport, state: State = _STATE, around: Surroundings = _HERE) -> Preview:
    return prepare(operation, state, around)


def _says(preview: Preview) -> str:
    return " ".join(objection.text for objection in preview.objections)


def test_the_first_export_starts_the_server_and_the_next_does_not() -> None:
    first = _preview(Export("top"))
    assert [command.name for command in first.commands] == ["blockdev-add", "nbd-server-start", "block-export-add"]
    assert first.act is not None
    assert first.act.name == "block-export-add"
    assert first.draft.uri == "nbd+unix:///top?socket=/run/own/top.nbd"
    assert [command.name for command in _preview(Export("base"), _SERVED).commands] == ["block-export-add"]
    left = replace(_HERE, server="/run/own/old.nbd")
    assert _preview(Export("top"), around=left).draft.uri == "nbd+unix:///top?socket=/run/own/old.nbd"


def test_a_socket_takes_a_name_that_nothing_has() -> None:
    around = replace(_HERE, folders={"/run/own": Folder(frozenset({"top.nbd"}))})
    assert _preview(Export("top"), around=around).draft.uri.endswith("/run/own/top-2.nbd")


@pytest.mark.parametrize(
    ("operation", "change", "says"),
    [
        (Export("nobody"), lambda state: state, "no node nobody"),
        (Export("top", "1st"), lambda state: state, "no name that QEMU takes"),
        (Export("top", "look"), lambda state: replace(state, exports=(_OURS,)), "already: say another name="),
        (Export("base"), lambda state: with_export(state, "top"), "Another client runs the NBD server"),
        (Export("base", tls="creds"), lambda state: replace(state, exports=(_OURS,)), "TLS is chosen"),
        (Export("base", listen="h:1"), lambda state: replace(state, exports=(_OURS,)), "listens at /run/own/look.nbd"),
        (Export("top", writable=True), lambda state: with_job(state, "top"), "backup job theirs"),
        (Export("top", listen=f"{FOLDER}/{'x' * 120}"), lambda state: state, "107 bytes at most"),
        (Export("top", listen=path("base")), lambda state: state, "is in use by this machine"),
        (Export("top", listen="h:70000"), lambda state: state, "port from 1 to 65535"),
        (Unexport("nobody"), lambda state: state, "no export nobody"),
        (Unexport("shown"), lambda state: with_export(state, "top"), "left alone"),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(
    operation: Export | Unexport, change: Callable[[State], State], says: str
) -> None:
    assert says in _says(_preview(operation, change(_STATE)))


def test_an_image_that_no_longer_holds_what_it_held_is_refused() -> None:
    around = replace(_HERE, spoilt={path("base"): "It was changed by a commit."})
    assert "does not hold what it held" in _says(_preview(Export("base"), around=around))
    assert _preview(Export("top"), around=around).allowed, "the disk as a whole is right"


def test_a_device_that_shares_its_writes_wants_one_more_yes() -> None:
    assert "does not share" in _says(_preview(Export("top", writable=True)))
    shared = replace(_STATE, devices=(replace(_STATE.devices[0], shared=("write",)),))
    preview = _preview(Export("top", writable=True), shared)
    assert preview.allowed, preview.objections
    assert "while vda writes to it too" in preview.draft.confirm[0]


def test_without_a_private_folder_the_place_must_be_said() -> None:
    assert "say listen=" in _says(_preview(Export("top"), around=NOTHING_ELSE))


def test_cutting_clients_off_wants_one_more_yes() -> None:
    assert not _preview(Unexport("look"), _SERVED).draft.confirm
    assert "cut off" in _preview(Unexport("look", force=True), _SERVED).draft.confirm[0]
