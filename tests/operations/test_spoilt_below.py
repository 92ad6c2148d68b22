"""An image whose base was changed by a commit of ours: each copy of its disk says so, and no incremental backup continues."""

from __future__ import annotations

from dataclasses import replace

import pytest

from diskchain.model.bitmap import Bitmap
from diskchain.operations.backup import TakeBackup
from diskchain.operations.mirror import Mirror
from diskchain.operations.operation import Operation
from diskchain.operations.preview import Preview, prepare
from diskchain.operations.snapshot import Snapshot
from diskchain.operations.surroundings import Folder, Surroundings
from tests.operations.table import FOUR
from tests.support.states import machine

_WHY = "Its base was changed by the commit of p into base."
_DAILY = Bitmap("daily", count=0, granularity=65536, recording=True, busy=False, persistent=True, inconsistent=False)


def _previewed(operation: Operation, spoilt: bool) -> Preview:
    state = machine(FOUR)
    (active,) = state.active
    node = state.graph.nodes[active]
    state = replace(state, graph=state.graph.with_nodes([replace(node, bitmaps=(_DAILY,))]))
    path = node.file or ""
    around = Surroundings(
        folders={"/b": Folder(frozenset(), None)}, stamp="20260101-000000", here=True,
        spoilt={path: _WHY} if spoilt else {}, invalid=frozenset({path} if spoilt else ()),
    )  # fmt: skip
    return prepare(operation, state, around)


@pytest.mark.parametrize(
    "operation", [Snapshot(), Mirror("vda", target="/b/c.qcow2"), TakeBackup("vda", target="/b/c.qcow2")]
)
def test_a_copy_of_it_says_so(operation: Operation) -> None:
    assert any(_WHY in warning for warning in _previewed(operation, spoilt=True).warnings)
    assert not any(_WHY in warning for warning in _previewed(operation, spoilt=False).warnings)


def test_no_incremental_backup_goes_over_it() -> None:
    operation = TakeBackup("vda", target="/b/c.qcow2", sync="incremental", bitmap="daily")
    assert any(_WHY in objection.text for objection in _previewed(operation, spoilt=True).objections)
    assert not any(_WHY in objection.text for objection in _previewed(operation, spoilt=False).objections)
