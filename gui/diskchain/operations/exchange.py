"""What went over a line, as entries of a log: bounded, told apart, ready to copy in the words of QMP and qmp-shell."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from diskchain.operations.dialects import qmp_shell
from diskchain.operations.probing import is_probe
from diskchain.qapi.command import Command

Kind = Literal["command", "reply", "error", "event", "greeting"]

KEPT = 5000
"""Entries of a log, but for looks."""

KEPT_LOOKS = 1000
"""Looks and their answers: some ten a second, which say little once they are old and would push all else out of the log."""

WHOLE_ANSWERS = 60
"""Answers to looks that are kept in full; older ones are summed up in a line, since they come every few moments and are large."""

_WAITING = 1000
_ONE_LINE = 2000


@dataclass(slots=True)
class Entry:
    """One object that went over the line.

    :ivar number: counts up. `at`: seconds on the monotonic clock. `name`: of the command or event.
    :ivar looks: whether it only asks, or answers such a question.
    :ivar message: the decoded object, secrets blanked; None where it is no longer kept. `seconds`: a reply's answer time.
    :ivar wanted: a refusal that shows what we wanted to see: that no such file exists yet. It counts as a reply.
    """

    number: int
    at: float
    kind: Kind
    name: str
    looks: bool
    message: Mapping[str, object] | None
    seconds: float | None = None
    wanted: bool = False

    @property
    def sent(self) -> bool:
        """Whether we sent it."""
        return self.kind == "command"

    @property
    def line(self) -> str:
        """The object as one line of JSON, cut where it is very long."""
        if self.message is None:
            return "(answer no longer kept)"
        text = _brief(self.message)
        return text if len(text) <= _ONE_LINE else f"{text[:_ONE_LINE]}…"

    def as_json(self, indent: int | None = None) -> str:
        """All of the object as JSON; empty where it is no longer kept."""
        return json.dumps(self.message, ensure_ascii=False, indent=indent) if self.message is not None else ""

    def as_shell(self) -> str | None:
        """A command as a line for qmp-shell; None for anything else, and where qmp-shell has no words for it."""
        if self.kind != "command" or self.message is None or not self.name:
            return None
        arguments = self.message.get("arguments")
        return qmp_shell(Command(self.name, arguments if isinstance(arguments, Mapping) else {}))


def _probes(asked: Entry) -> bool:
    """Whether a command of ours was sent to be refused (`Send.probe`)."""
    arguments = asked.message.get("arguments") if asked.message is not None else None
    return isinstance(arguments, Mapping) and is_probe(str(arguments.get("node-name")))


def _brief(message: Mapping[str, object]) -> str:
    """JSON of an object whose long lists are counted, not written out: a look at 1,000 nodes is a megabyte."""
    answer = message.get("return")
    if isinstance(answer, (list, dict)) and len(answer) > 8:
        return f'{{"return": {len(answer)} {"items" if isinstance(answer, list) else "members"}}}'
    shown = {key: value for key, value in message.items() if key not in ("id", "timestamp")}
    return json.dumps(shown, ensure_ascii=False)


class Exchange:
    """The log of one line. `add` is cheap: nothing is written out before somebody reads it.

    :param kept: entries that are kept; of looks there are `looks` beside them.
    """

    def __init__(self, kept: int = KEPT, looks: int = KEPT_LOOKS) -> None:
        self._entries: dict[int, Entry] = {}
        self._kept = {False: kept, True: looks}
        self._in_order: dict[bool, deque[int]] = {False: deque(), True: deque()}
        self._asked: dict[object, Entry] = {}
        self._answers: deque[Entry] = deque()
        self._number = 0

    def add(self, direction: str, message: Mapping[str, object], at: float) -> Entry:
        """Take an object as the wire told it; gives its entry."""
        entry = self._read(direction, message, at)
        self._keep(entry)
        if entry.kind == "reply" and entry.looks:
            self._answers.append(entry)
            if len(self._answers) > WHOLE_ANSWERS:
                self._answers.popleft().message = None
        return entry

    def _keep(self, entry: Entry) -> None:
        """Take it in; the oldest of its sort goes where there are too many. What went wrong is never one look among many."""
        sort = entry.looks and entry.kind != "error"
        numbers = self._in_order[sort]
        self._entries[entry.number] = entry
        numbers.append(entry.number)
        if len(numbers) > self._kept[sort]:
            del self._entries[numbers.popleft()]

    @property
    def entries(self) -> Collection[Entry]:
        """All that are kept, oldest first."""
        return self._entries.values()

    @property
    def newest(self) -> int:
        """The number of the newest entry; 0: there is none."""
        return self._number

    def holds(self, entry: Entry) -> bool:
        """Whether an entry is still kept."""
        return entry.number in self._entries

    def _read(self, direction: str, message: Mapping[str, object], at: float) -> Entry:
        self._number += 1
        if direction == "send":
            name = str(message.get("execute", message.get("exec-oob", "")))
            entry = Entry(self._number, at, "command", name, Command(name).looks, message)
            self._asked[message.get("id")] = entry
            if len(self._asked) > _WAITING:
                self._asked.pop(next(iter(self._asked)))
            return entry
        if "event" in message:
            return Entry(self._number, at, "event", str(message["event"]), False, message)
        if "QMP" in message:
            return Entry(self._number, at, "greeting", "greeting", False, message)
        asked = self._asked.pop(message.get("id"), None)
        if asked is None:
            return Entry(self._number, at, "error" if "error" in message else "reply", "", False, message)
        wanted = "error" in message and _probes(asked)
        kind: Kind = "error" if "error" in message and not wanted else "reply"
        return Entry(self._number, at, kind, asked.name, asked.looks, message, at - asked.at, wanted)

    def chosen(self, text: str, kinds: frozenset[str], looks: bool, after: int = 0) -> Iterator[Entry]:
        """Entries that a filter lets through, oldest first.

        :param text: is in the name or the line, whatever its case. `kinds`: of entries. `looks`: whether questions are shown too.
        :param after: only entries with a higher number.
        """
        wanted = text.casefold()
        for entry in self.entries:
            if entry.number <= after or entry.kind not in kinds:
                continue
            hidden = entry.looks and not looks and entry.kind != "error"
            found = not wanted or wanted in entry.name.casefold() or wanted in entry.line.casefold()
            if found and not hidden:
                yield entry
