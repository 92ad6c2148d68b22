"""Parts of a disk that hold something, and their picture in one line."""

from __future__ import annotations

import pytest

from diskchain.model.extents import Extents, joined, shares, strip


def test_runs_that_touch_are_one_place() -> None:
    found = joined(100, [(10, True), (20, True), (30, False), (40, True)])
    assert found.filled == ((0, 30), (60, 100))
    assert found.bytes == 70


def test_shares_add_up_and_stay_within_their_cell() -> None:
    extents = Extents(100, ((0, 5), (45, 75), (99, 100)))
    found = shares(extents, 10)
    assert found == pytest.approx([0.5, 0, 0, 0, 0.5, 1, 1, 0.5, 0, 0.1])
    assert sum(found) * 10 == pytest.approx(extents.bytes)


def test_the_least_part_shows_and_an_empty_disk_is_blank() -> None:
    assert strip(Extents(1 << 40, ((5, 6),)), 8) == "▁       "
    assert strip(Extents(10, ((0, 10),)), 4) == "████"
    assert strip(Extents(0), 3) == "   "
    assert shares(Extents(10, ((0, 10),)), 0) == []
