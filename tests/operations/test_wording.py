"""What sentences call things: names as they are, numbers and states as they are."""

from __future__ import annotations

import pytest

from diskchain.operations.mirror import Mirror
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
