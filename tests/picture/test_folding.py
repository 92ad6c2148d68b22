"""Long chains fold their middle."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from diskchain.picture.folding import Fold, fold

NAMES = [f"n{at}" for at in range(30)]


def test_base_and_the_last_three_show() -> None:
    assert fold(NAMES, 4) == ("n0", Fold(tuple(NAMES[1:27])), "n27", "n28", "n29")


def test_what_fits_is_not_folded() -> None:
    assert fold(NAMES[:7], 7) == tuple(NAMES[:7])


def test_wanted_nodes_part_a_fold() -> None:
    assert fold(NAMES, 4, {"n12"}) == (
        "n0", Fold(tuple(NAMES[1:12])), "n12", Fold(tuple(NAMES[13:27])), "n27", "n28", "n29",
    )  # fmt: skip


def test_a_single_node_is_not_hidden_behind_a_fold() -> None:
    assert fold(NAMES, 4, {"n2"})[:3] == ("n0", "n1", "n2")


@given(st.integers(1, 60), st.integers(1, 20), st.sets(st.integers(0, 59)))
def test_folding_loses_nothing_and_keeps_the_order(length: int, fits: int, wanted: set[int]) -> None:
    names = [f"n{at}" for at in range(length)]
    told: list[str] = []
    for item in fold(names, fits, {f"n{at}" for at in wanted}):
        told += [item] if isinstance(item, str) else list(item.names)
        assert isinstance(item, str) or len(item.names) > 1
    assert told == names
