"""What sentences call things: names as they are, numbers and states as they are."""

from __future__ import annotations

from dataclasses import replace

import pytest

from diskchain.operations.backup import TakeBackup
from diskchain.operations.examine import Examine
from diskchain.operations.mirror import Mirror
from diskchain.operations.operation import Operation
from diskchain.operations.preview import prepare
from diskchain.operations.steps import Choose
from diskchain.operations.surroundings import Surroundings
from tests.operations.table import FOUR
from tests.support.states import machine


@pytest.mark.parametrize(
    ("target", "begins"), [("/b/m.qcow2", "m.qcow2 now"), ("", "The copy now"), ("nbd://host/m", "nbd://host/m now")]
)
def test_a_name_stays_as_it_is_where_a_sentence_begins(target: str, begins: str) -> None:
    preview = prepare(Mirror("vda", target), machine(FOUR), Surroundings(stamp="20260101-000000"))
    (choice,) = (step for step in preview.draft.steps if isinstance(step, Choose))
    assert choice.question.startswith(begins)


@pytest.mark.parametrize("operation", [Mirror("vda", "/b/m"), TakeBackup("vda", target="/b/m"), Examine("vda")])
@pytest.mark.parametrize(("size", "said"), [(0, "three has no bytes"), (None, "The size of three is not known")])
def test_a_size_of_nothing_is_known(operation: Operation, size: int | None, said: str) -> None:
    before = machine(FOUR)
    empty = replace(before.graph.nodes["three"], virtual_size=size)
    before = replace(before, graph=before.graph.with_nodes([empty]))
    found = prepare(operation, before, Surroundings(stamp="20260101-000000")).objections
    assert [one.text for one in found if one.text.startswith(said)], found
    assert len([one for one in found if "size" in one.text]) == 1, found
