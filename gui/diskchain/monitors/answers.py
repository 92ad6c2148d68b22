"""Answers to questions that are asked again and again: what was said before is not decoded again.

A still machine gives the same bytes each time, and a working one changes a few elements of long lists (a thousand block nodes are
613 KiB). What equals the last answer to the same question is handed on as the very same objects, which makes reading and
comparing them cheap too. Decoded JSON is not to be changed by anybody.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from diskchain.monitors.decode import SLICE_SECONDS, decoded, no_garbage

_HEAD = b'{"return": '
_TAIL = re.compile(rb', "id": "([^"\\]{1,64})"\}\r?\n?\Z')
_TAIL_LONGEST = 80
_LISTS = 8 << 10
"""Bytes from which the elements of a list are told apart; shorter ones are decoded in a moment."""
_LONGEST = 2 << 20
"""Bytes of an answer that are kept for comparing."""
_QUESTIONS = ("query-", "x-debug-query-", "qom-list")
_MOST = 64
"""Questions that are remembered."""


@dataclass(slots=True)
class _Answer:
    """What was said last: the bytes, their meaning, and for a long list where each element begins and ends."""

    body: bytes
    value: object
    begins: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)


class Answers:
    """Decodes the lines of one conversation."""

    def __init__(self) -> None:
        self._waiting: dict[str, str] = {}
        self._known: dict[str, _Answer] = {}

    def asked(self, message: Mapping[str, object]) -> None:
        """Note a command that is sent, so that its answer is known for one to the same question."""
        name, number = message.get("execute"), message.get("id")
        if isinstance(name, str) and isinstance(number, str) and name.startswith(_QUESTIONS):
            if len(self._waiting) >= _MOST:
                self._waiting.clear()
            self._waiting[number] = f"{name} {message.get('arguments')}"

    async def decoded(self, line: bytes) -> dict[str, object]:
        """Decode one line. :raises NotQmpError: it is no JSON object."""
        found = _TAIL.search(line, max(0, len(line) - _TAIL_LONGEST)) if line.startswith(_HEAD) else None
        number = found[1].decode("latin-1") if found else ""
        question = self._waiting.pop(number, None)
        if found is None or question is None or len(line) > _LONGEST:
            return await decoded(line)
        body, old = line[len(_HEAD) : found.start()], self._known.get(question)
        if old is not None and old.body == body:
            return {"return": old.value, "id": number}
        new = await _spliced(old, body)
        if new is None:
            told = await decoded(line)
            new = _Answer(body, told.get("return"))
        else:
            told = {"return": new.value, "id": number}
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[question] = new
        return told


async def _spliced(old: _Answer | None, body: bytes) -> _Answer | None:
    """A long list with the old elements where nothing changed; None: it is none, or not of the usual form."""
    if len(body) < _LISTS or not (body.startswith(b"[") and body.endswith(b"]") and body.isascii()):
        return None
    old = old if old is not None and old.ends else _Answer(b"", [])
    begin = _same_begin(old.body, body)
    end = len(old.body) - _same_end(old.body, body, min(len(old.body), len(body)) - begin)
    head = bisect_left(old.ends, begin)
    tail = max(head, bisect_right(old.begins, end))
    shift = len(body) - len(old.body)
    new, values = _Answer(body, None, old.begins[:head], old.ends[:head]), _listed(old.value)[:head]
    until = old.begins[tail] + shift if tail < len(old.begins) else len(body) - 1
    try:
        await _decode(_elements(body.decode("ascii"), new.ends[-1] if head else 1, until), new, values)
    except (ValueError, RecursionError):
        return None
    new.begins += [at + shift for at in old.begins[tail:]]
    new.ends += [at + shift for at in old.ends[tail:]]
    new.value = values + _listed(old.value)[tail:]
    return new


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []


async def _decode(elements: Iterator[tuple[int, int, object]], into: _Answer, values: list[object]) -> None:
    """Take all elements, with pauses for others. :raises ValueError: something else than objects is there."""
    while True:
        until = time.monotonic() + SLICE_SECONDS
        with no_garbage():
            for begin, end, value in elements:
                into.begins.append(begin)
                into.ends.append(end)
                values.append(value)
                if time.monotonic() > until:
                    break
            else:
                return
        await asyncio.sleep(0)


def _elements(text: str, at: int, end: int) -> Iterator[tuple[int, int, object]]:
    """Objects with QEMU's own commas, and where each begins and ends. :raises ValueError: anything else is there.

    :param at: right behind the bracket or an element. :param end: the closing bracket, or where a kept element begins.
    """
    decode, closing = json.JSONDecoder().raw_decode, len(text) - 1
    while at != end or end != closing:
        if at != 1:
            if not text.startswith(", ", at):
                raise ValueError("no comma")
            at += 2
        if at == end != closing:
            return
        if at >= end or text[at] != "{":
            raise ValueError("no object")
        begin = at
        value, at = decode(text, at)
        yield begin, at, value


def _same_begin(one: bytes, other: bytes) -> int:
    """How many bytes at the beginning are the same."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _same_end(one: bytes, other: bytes, most: int) -> int:
    """How many bytes at the end are the same; at most `most`."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if one[len(one) - middle : len(one) - low] == other[len(other) - middle : len(other) - low]:
            low = middle
        else:
            high = middle - 1
    return low
