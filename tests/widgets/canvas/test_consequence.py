"""What the hint beside a card in hand says: the act itself, not what prepares it."""

from __future__ import annotations

import pytest

from diskchain.operations import catalog
from diskchain.operations.operation import Drag
from diskchain.operations.preview import prepare
from diskchain.operations.surroundings import Surroundings
from diskchain.widgets.canvas.consequence import hint_of
from tests.operations.table import FOUR
from tests.support.states import machine


@pytest.mark.parametrize(
    ("source", "target", "word"),
    [("one", "base", "block-commit"), ("three", "base", "block-commit"), ("base", "three", "block-stream")],
)
def test_the_hint_shows_the_command_that_does_it(source: str, target: str, word: str) -> None:
    state = machine(FOUR)
    hint = hint_of(
        catalog.offers_for_drag(state, Drag(source, target)),
        lambda operation: prepare(operation, state, Surroundings()),
    )
    assert hint.code.startswith(f"{word} "), hint
