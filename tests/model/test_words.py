"""Numbers in human words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diskchain.model import words

KIB, MIB, GIB = 1024, 1024**2, 1024**3


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (1, "1 B"),
        (1023, "1023 B"),
        (1024, "1 KiB"),
        (64 * KIB, "64 KiB"),
        (1024 * KIB - 1, "1 MiB"),
        (1.2 * GIB, "1.2 GiB"),
        (8 * GIB, "8 GiB"),
        (99.96 * MIB, "100 MiB"),
        (212.4 * MIB, "212 MiB"),
        (2 * 1024**6, "2 EiB"),
        (5000 * 1024**6, "5000 EiB"),
        (-3 * MIB, "-3 MiB"),
    ],
)
def test_size(count: float, text: str) -> None:
    assert words.size(count) == text
    assert words.rate(count) == f"{text}/s"


@given(st.floats(min_value=0, max_value=2**62))
def test_a_size_reads_back_within_a_twentieth(count: float) -> None:
    number, unit = words.size(count).split()
    read = float(number) * 1024 ** ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB").index(unit)
    assert abs(read - count) <= max(0.5, 0.06 * count)
    assert float(number) < 1024


@pytest.mark.parametrize(
    ("used", "whole", "text"),
    [
        (1.2 * GIB, 8 * GIB, "1.2 of 8 GiB"),
        (11 * GIB, 20 * GIB, "11 of 20 GiB"),
        (0, 8 * GIB, "0 of 8 GiB"),
        (196 * KIB, 8 * GIB, "196 KiB of 8 GiB"),
        (None, 8 * GIB, "8 GiB"),
        (GIB, None, "1 GiB"),
        (None, None, "size not known"),
        (22.2 * MIB, 22.2 * MIB, "22.2 of 22.2 MiB"),
        (22.3 * MIB, 22.2 * MIB, "all of 22.2 MiB"),
    ],
)
def test_used_of(used: float | None, whole: float | None, text: str) -> None:
    assert words.used_of(used, whole) == text


def test_percent_says_100_only_when_nothing_is_left() -> None:
    assert words.percent(GIB - 1, GIB) == "99 %"
    assert words.percent(GIB, GIB) == "100 %"
    assert words.percent(0, 0) == "100 %"
    assert words.percent(62, 100) == "62 %"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (0.42, "0.4 s"),
        (0.97, "1 s"),
        (9.2, "9 s"),
        (59.6, "1 min"),
        (80, "1 min 20 s"),
        (3599.7, "1 h"),
        (7500, "2 h 5 min"),
        (86400 * 3 + 4 * 3600, "3 d 4 h"),
    ],
)
def test_duration(seconds: float, text: str) -> None:
    assert words.duration(seconds) == text


def test_age() -> None:
    assert [words.age(s) for s in (0, 9, 125, 3 * 3600, 2 * 86400)] == [
        "just now", "9 s ago", "2 min ago", "3 h ago", "2 d ago",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (31, 44, "30–45 s"),
        (30, 30, "30 s"),
        (0.2, 0.5, "under 1 s"),
        (0.2, 4.5, "1–5 s"),
        (125, 170, "2–3 min"),
        (50, 110, "50 s – 2 min"),
        (3 * 3600, 5.5 * 3600, "3–6 h"),
        (40 * 60, 2 * 3600, "40 min – 2 h"),
    ],
)
def test_span(low: float, high: float, text: str) -> None:
    assert words.span(low, high) == text


@given(st.floats(min_value=0, max_value=1e7), st.floats(min_value=1, max_value=10))
def test_a_span_never_fails(low: float, factor: float) -> None:
    assert words.span(low, low * factor)
