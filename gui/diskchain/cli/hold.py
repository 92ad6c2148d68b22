"""What a terminal is told while something is held: where it is, and where the guest writes meanwhile."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from diskchain.model import words
from diskchain.model.extents import Extents, strip
from diskchain.model.nbd import client_lines, nbd_place
from diskchain.monitors.extents import Unreadable, read_extents
from diskchain.operations.steps import Hold

_PAUSE = 2.0
"""Seconds between two looks at what was written."""
_COLUMNS = 48


async def hold(held: Hold, tell: Callable[[str], None]) -> None:
    """Say where it is; then, every two seconds in which the guest wrote something new, how much and where."""
    tell(held.text)
    for label, line in client_lines(held.uri, False) if held.uri else ():
        tell(f"  {label}: {line}")
    tell("  It stays until it is interrupted (Ctrl-C); then all of it is taken down.")
    began, before = time.monotonic(), None
    while held.writes:
        try:
            found = await read_extents(nbd_place(held.writes))
        except Unreadable as error:
            tell(f"  Where the guest writes cannot be told: {error}")
            return
        if found != before:
            tell(_written(found, time.monotonic() - began))
            before = found
        await asyncio.sleep(_PAUSE)


def _written(found: Extents, seconds: float) -> str:
    """One line: how much was overwritten for the first time, in how many places, and a strip of the disk with them."""
    places = f"{len(found.filled)} {'place' if len(found.filled) == 1 else 'places'}"
    return f"  {seconds:6.0f} s  {words.size(found.bytes)} written in {places}  [{strip(found, _COLUMNS)}]"
