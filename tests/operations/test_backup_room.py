"""A backup without room for it: the guest's own writes would fail, so one more yes is wanted."""

from __future__ import annotations

import pytest

from diskchain.operations.backup import TakeBackup
from diskchain.operations.preview import prepare
from diskchain.operations.surroundings import Folder, Surroundings
from tests.operations.table import FOUR
from tests.support.states import machine


@pytest.mark.parametrize("sync", ["full", "none"])
@pytest.mark.parametrize(("free", "wanted"), [(0, True), (None, False), (1 << 60, False)])
def test_little_room_wants_one_more_yes(sync: str, free: int | None, wanted: bool) -> None:
    around = Surroundings(folders={"/b": Folder(frozenset(), free)}, stamp="20260101-000000", here=True)
    preview = prepare(TakeBackup("vda", target="/b/copy.qcow2", sync=sync), machine(FOUR), around)
    assert preview.allowed, preview.objections
    said = [sentence for sentence in preview.draft.confirm if "guest's writes" in sentence]
    assert bool(said) is wanted, preview.draft.confirm
    assert not said or "/b" in said[0]
