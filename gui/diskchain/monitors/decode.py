"""Decode the lines of a QMP server without holding up whatever else runs in the same thread."""

from __future__ import annotations

import asyncio
import gc
import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

LARGE = 1 << 20
"""Bytes. Shorter lines take at most some 15 ms (measured: 11 to 15 ms for a MiB) and are decoded at once."""
SLICE_SECONDS = 0.006
"""How long to work before others get their turn: less than half a frame of a 60 Hz display."""
_LIST = re.compile(r'\s*\{\s*(?:"id"\s*:\s*"[^"\\]*"\s*,\s*)?"return"\s*:\s*\[\s*')
_NEXT = re.compile(r"\s*(?:,\s*(?!\])|(?P<end>\]))")


class NotQmpError(Exception):
    """A line that is no JSON object."""


async def decoded(line: bytes) -> dict[str, object]:
    """Decode one line. A large answer that is a list is decoded element by element, with pauses for others.

    :raises NotQmpError: it is no JSON object.
    """
    try:
        text = line.decode()
        if len(line) >= LARGE and (head := _LIST.match(text)) is not None:
            return await _by_elements(text, head.start(), head.end())
        told = _loads(text)
    except (ValueError, RecursionError) as error:
        raise NotQmpError(str(error)) from None
    if not isinstance(told, dict):
        raise NotQmpError("JSON, but no object")
    return told


def _loads(text: str) -> object:
    with no_garbage():
        return json.loads(text)


@contextmanager
def no_garbage() -> Iterator[None]:
    """Decoding makes only objects that live: looking for garbage among them meanwhile doubles the time it takes."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


async def _by_elements(text: str, begin: int, at: int) -> dict[str, object]:
    """:raises ValueError: as `json.loads` does."""
    head, elements = text[begin:at], list[object]()
    while not text.startswith("]", at):
        with no_garbage():
            at = _some(text, at, elements)
        await asyncio.sleep(0)
    told = json.loads(head + text[at:])
    told["return"] = elements
    return dict(told)


def _some(text: str, at: int, elements: list[object]) -> int:
    """Decode elements from a place in the text, as many as the time allows; returns the place of the next, or of the end."""
    decode = json.JSONDecoder().raw_decode
    until = time.monotonic() + SLICE_SECONDS
    while not text.startswith("]", at):
        element, at = decode(text, at)
        elements.append(element)
        found = _NEXT.match(text, at)
        if found is None:
            raise ValueError("neither comma nor end after an element")
        at = found.start("end") if found["end"] else found.end()
        if time.monotonic() > until:
            break
    return at
