"""Read a recording: an index of what was asked and answered when. The answers stay in the file until they are wanted."""

from __future__ import annotations

import errno
import json
import math
import os
import stat
from bisect import bisect_right
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from diskchain.model.state import LATEST
from diskchain.monitors.monitor import Direction, Unreachable
from diskchain.qapi.command import Command

LARGEST_FILE = 256 << 20
"""Bytes."""
LONGEST_LINE = 24 << 20
"""Bytes: the longest answer that a line takes (16 MiB), and room for what writing it anew may add."""
VERSION = 1
HEADER = "diskchain-recording"
_KEPT = 8
"""Answers that stay decoded: one look asks the same few again and again."""


class _BadLineError(Exception):
    """A line that is not as the format says; the text goes on after "line N"."""


@dataclass(slots=True)
class _Answers:
    """Where the replies to one question stand: seconds, in rising order, and place and length in the file."""

    times: list[float] = field(default_factory=list)
    places: list[tuple[int, int]] = field(default_factory=list)

    def add(self, at: float, place: tuple[int, int]) -> None:
        self.times.append(at)
        self.places.append(place)

    def latest(self, at: float | None) -> tuple[int, int]:
        """The last one not after `at`; before the first, the first."""
        return self.places[-1 if at is None else max(0, bisect_right(self.times, at) - 1)]


class Recorded:
    """A recording that has been read through. The file is to stay as it was; a line that changed is answered with nothing.

    :ivar target: of the machine that was recorded. `greeting`: its greeting. `duration`: seconds of the last line.
    :ivar began: when it was begun, in seconds since 1970: as it says, else by the clock of its first event; None: neither tells.
    """

    def __init__(self, path: Path, target: str, greeting: Mapping[str, object], began: float | None = None) -> None:
        self.target, self.greeting, self.duration, self.began = target, greeting, 0.0, began
        self._path = path
        self._exact: dict[tuple[str, str], _Answers] = defaultdict(_Answers)
        self._named: dict[str, _Answers] = defaultdict(_Answers)
        self._asked: dict[str, tuple[str, str]] = {}
        self._asked_without_id: deque[tuple[str, str]] = deque()
        self._times: list[float] = []
        self._places: list[tuple[int, int]] = []
        self._decoded: dict[tuple[int, int], Mapping[str, object]] = {}

    def add(self, at: float, told: Mapping[str, object], direction: Direction, place: tuple[int, int]) -> None:
        """Take one line into the index; times that run backwards count as the latest so far."""
        self.duration = at = max(at, self.duration)
        self._times.append(at)
        self._places.append(place)
        if self.began is None and "event" in told:
            stamp = told.get("timestamp")
            clock = _clock(stamp.get("seconds")) if isinstance(stamp, dict) else None
            self.began = None if clock is None else clock - at
        if direction == "send":
            question = (str(told.get("execute", told.get("exec-oob", ""))), _key(told.get("arguments")))
            if "id" in told:
                self._asked[_key(told["id"])] = question
            else:
                self._asked_without_id.append(question)
        elif "return" in told or "error" in told:
            if "id" in told:
                answered = self._asked.pop(_key(told["id"]), None)
            else:
                answered = self._asked_without_id.popleft() if self._asked_without_id else None
            if answered is not None:
                self._exact[answered].add(at, place)
                self._named[answered[0]].add(at, place)

    def answer(self, command: Command, at: float | None) -> Mapping[str, object] | None:
        """The reply object to a look at a time; None where the recording holds none."""
        answers = self._exact.get((command.name, _key(command.arguments or None)))
        if answers is None and command.name.startswith(("query-", "x-debug-query-")):
            answers = self._named.get(command.name)
        if answers is None:
            return None
        place = answers.latest(at)
        if place not in self._decoded:
            if len(self._decoded) >= _KEPT:
                self._decoded.pop(next(iter(self._decoded)))
            self._decoded[place] = self._read(place)[1]
        return self._decoded[place]

    def lines(self, begin: float) -> Iterator[tuple[float, Direction, Mapping[str, object]]]:
        """What was sent and received after `begin` seconds, in order; at 0 also what stands at 0."""
        first = bisect_right(self._times, begin) if begin > 0 else 0
        for at, place in zip(self._times[first:], self._places[first:], strict=True):
            direction, told = self._read(place)
            if told:
                yield at, direction, told

    def _read(self, place: tuple[int, int]) -> tuple[Direction, Mapping[str, object]]:
        try:
            with _opened(self._path) as file:
                file.seek(place[0])
                _, direction, told = _line(file.read(place[1]))
        except (OSError, _BadLineError):
            return "recv", {}
        return direction, told


def read_recording(path: str) -> Recorded:
    """Read through a recording; every line is checked. Takes about as long as decoding it.

    :raises Unreachable: with cause `missing`, `rights`, `not-qmp` (with the number of the bad line) or `other`.
    """
    try:
        with _opened(Path(path)) as file:
            return _read_through(Path(path), file)
    except FileNotFoundError:
        raise Unreachable(f"There is no recording {path}. Check the path.", "missing") from None
    except PermissionError:
        raise Unreachable(f"You have no right to read {path}.", "rights") from None
    except (OSError, ValueError) as error:
        raise Unreachable(
            f"{path} cannot be read: {getattr(error, 'strerror', '') or 'no such name'}.", "other"
        ) from None


def _opened(path: Path) -> BinaryIO:
    """Open a file to read it; a pipe without a writer, or a device, would keep us waiting. :raises OSError: it is no file."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "it is no regular file")
    return os.fdopen(handle, "rb")


def _read_through(path: Path, file: BinaryIO) -> Recorded:
    size = file.seek(0, 2)
    if size > LARGEST_FILE:
        raise Unreachable(
            f"{path} has {size >> 20} MiB; recordings up to {LARGEST_FILE >> 20} MiB can be opened.", "not-qmp"
        )
    file.seek(0)
    try:
        recorded = _begin(path, file.readline(LONGEST_LINE))
    except _BadLineError as error:
        raise Unreachable(f"{path} is no recording of Disk Chain: line 1 {error}.", "not-qmp") from None
    number, start = 1, file.tell()
    while raw := file.readline(LONGEST_LINE):
        number += 1
        place, start = (start, len(raw)), start + len(raw)
        if not raw.strip():
            continue
        try:
            at, direction, told = _line(raw)
        except _BadLineError as error:
            if start >= size and not raw.endswith(b"\n"):
                break  # The recorder was killed in the middle of its last line.
            raise Unreachable(f"{path} cannot be replayed: line {number} {error}.", "not-qmp") from None
        recorded.add(at, told, direction, place)
    return recorded


def _begin(path: Path, raw: bytes) -> Recorded:
    """:raises _BadLineError: what is wrong with the first line."""
    header = _object(raw)
    if HEADER not in header:
        raise _BadLineError(f'has no "{HEADER}"')
    if header[HEADER] != VERSION:
        raise _BadLineError(f"tells version {str(header[HEADER])[:20]}, and this program reads version {VERSION}")
    greeting = header.get("greeting", {})
    if not isinstance(greeting, dict):
        raise _BadLineError("has a greeting that is no object")
    return Recorded(path, str(header.get("target", "")), greeting, _clock(header.get("began")))


def _clock(told: object) -> float | None:
    """Seconds since 1970; None where that is no time that a clock shows."""
    known = isinstance(told, (int, float)) and not isinstance(told, bool) and 0 <= told < LATEST
    return float(told) if known and isinstance(told, (int, float)) else None


def _line(raw: bytes) -> tuple[float, Direction, Mapping[str, object]]:
    """:raises _BadLineError: what is wrong with a line."""
    line = _object(raw)
    at = line.get("t")
    if isinstance(at, bool) or not isinstance(at, (int, float)) or not math.isfinite(at):
        raise _BadLineError('has no time "t" in seconds')
    direction: Direction = "send" if "send" in line else "recv"
    told = line.get(direction)
    if not isinstance(told, dict):
        raise _BadLineError('has neither "send" nor "recv" with an object')
    return float(at), direction, told


def _object(raw: bytes) -> dict[str, object]:
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        raise _BadLineError("is not JSON") from None
    if not isinstance(found, dict):
        raise _BadLineError("is no object")
    return found


def _key(value: object) -> str:
    return json.dumps(value, sort_keys=True) if value else ""
