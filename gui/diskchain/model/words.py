"""Numbers in human words: sizes, rates, times, in binary units; permissions in letters. For window and command line alike."""

from __future__ import annotations

import math
from collections.abc import Iterable

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")
_MINUTE = 60.0
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR
_STEPS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 35, 40, 45, 50, 60, 90)
"""Round numbers that a range of time ends at, within one unit."""


def _number(value: float) -> str:
    """One decimal below 100, none above; no trailing `.0`."""
    rounded = round(value, 1)
    return f"{value:.0f}" if rounded >= 100 or rounded == int(rounded) else f"{rounded:.1f}"


def _power(value: float) -> int:
    """The index of the largest unit in which the value, as it will be written, is at least 1."""
    power = 0
    while power < len(_UNITS) - 1 and round(value / 1024**power, 1 if value < 100 * 1024**power else 0) >= 1024:
        power += 1
    return power


def size(count: float) -> str:
    """A number of bytes: `1.2 GiB`, `64 KiB`, `512 B`."""
    if count < 0:
        return f"-{size(-count)}"
    power = _power(count)
    return f"{_number(count / 1024**power) if power else f'{count:.0f}'} {_UNITS[power]}"


def rate(bytes_per_second: float) -> str:
    """A rate: `212 MiB/s`."""
    return f"{size(bytes_per_second)}/s"


def used_of(used: float | None, whole: float | None) -> str:
    """A part and its whole in bytes, in one unit where that does not hide the part: `1.2 of 8 GiB`, `196 KiB of 8 GiB`.

    None means not known, and is left out: `8 GiB`, `1.2 GiB`, or `size not known`. A part that is larger than its whole, as
    where a file system gives a file more blocks than it is long, is `all of 22.2 MiB`.
    """
    if whole is None:
        return "size not known" if used is None else size(used)
    if used is None:
        return size(whole)
    if used > whole:
        return f"all of {size(whole)}"
    unit = 1024 ** _power(whole)
    if used and round(used / unit, 1) < 0.1:
        return f"{size(used)} of {size(whole)}"
    return f"{_number(used / unit)} of {size(whole)}"


def percent(done: float, whole: float) -> str:
    """How much is done: `62 %`. Rounded down: 100 % is said only when nothing is left. Nothing to do at all is 100 %."""
    return f"{100 if whole <= 0 or done >= whole else min(99, math.floor(max(done, 0) * 100 / whole))} %"


def duration(seconds: float) -> str:
    """A time that has passed: `0.4 s`, `9 s`, `1 min 20 s`, `2 h 5 min`, `3 d 4 h`."""
    if seconds < 0.95:
        return f"{max(seconds, 0):.1f} s"
    if round(seconds) < _MINUTE:
        return f"{seconds:.0f} s"
    large, small, unit, rest = (
        (_DAY, _HOUR, "d", "h")
        if seconds >= _DAY
        else (_HOUR, _MINUTE, "h", "min")
        if round(seconds) >= _HOUR
        else (_MINUTE, 1.0, "min", "s")
    )
    whole, part = divmod(math.floor(seconds / small + 0.5), round(large / small))
    return f"{whole} {unit} {part} {rest}" if part else f"{whole} {unit}"


def age(seconds: float) -> str:
    """How long ago something was: `just now`, `9 s ago`, `2 min ago`, `3 h ago`, `2 d ago`."""
    if seconds < 2:
        return "just now"
    for unit, word in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min")):
        if seconds >= unit:
            return f"{int(seconds // unit)} {word} ago"
    return f"{int(seconds)} s ago"


def _unit(seconds: float) -> tuple[float, str]:
    for unit, word in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min")):
        if seconds > 1.5 * unit:
            return unit, word
    return 1.0, "s"


def _down(value: float) -> int:
    return max((step for step in _STEPS if step <= value), default=0) if value < 90 else int(value // 10 * 10)


def _up(value: float) -> int:
    return min((step for step in _STEPS if step >= value), default=0) if value <= 90 else math.ceil(value / 10) * 10


def span(low: float, high: float) -> str:
    """A range of time in seconds, widened to round numbers: `30–45 s`, `2–3 min`, `45 s – 2 min`; `under 1 s` at the very end."""
    if high < 1:
        return "under 1 s"
    (unit, word), (low_unit, low_word) = _unit(high), _unit(low)
    upper = _up(high / unit)
    lower = _down(low / unit)
    if lower >= 1 or low_unit == unit:
        lower = max(lower, 1)
        return f"{upper} {word}" if lower == upper else f"{lower}–{upper} {word}"
    small = max(_down(low / low_unit), 1)
    return f"{small} {low_word} – {upper} {word}"


def letters(permissions: Iterable[str]) -> str:
    """Permissions as QEMU's scripts/render_block_graph.py writes them: `w`, `r`, `u`, `s`; a line where one is not held."""
    held = set(permissions)
    known = {"write": "w", "consistent-read": "r", "write-unchanged": "u", "resize": "s"}
    return "".join(letter if name in held else "_" for name, letter in known.items())
