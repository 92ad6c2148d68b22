"""The rows of the command log. Only rows in sight are ever written out."""

from __future__ import annotations

import time
from collections.abc import Mapping
from itertools import groupby

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QBrush, QColor

from diskchain.model.words import duration
from diskchain.operations.exchange import Entry, Exchange, Kind
from diskchain.picture.palette import Palette

COLUMNS = ("Time", "", "What", "Message")
SIGNS: dict[Kind, str] = {
    "command": "→ sent",
    "reply": "← reply",
    "error": "✗ refused",
    "event": "● event",
    "greeting": "← greeting",
}
_WANTED = "✓ refused"
"""A refusal that we wanted to see."""
EVERY_KIND: frozenset[Kind] = frozenset(SIGNS)
_WIDEST = 300

_Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


class LogModel(QAbstractTableModel):
    """The entries of one log that a filter lets through.

    :ivar epoch: seconds since 1970 at zero of the monotonic clock, for times of the day.
    """

    def __init__(self, epoch: float) -> None:
        super().__init__()
        self._epoch = epoch
        self._log: Exchange | None = None
        self._rows: list[Entry] = []
        self._last = 0
        self._colours: Mapping[Kind, QBrush] = {}
        self._text, self._kinds, self._looks = "", EVERY_KIND, False

    def show_log(self, log: Exchange | None) -> None:
        """Show this log from now on."""
        self._log = log
        self._begin_anew()

    def set_theme(self, colours: Palette) -> None:
        """Take the colours of the scheme; each kind has its word beside its colour."""
        by_kind: dict[Kind, str] = {
            "command": colours.text,
            "reply": colours.quiet,
            "error": colours.red,
            "event": colours.blue,
            "greeting": colours.quiet,
        }
        self._colours = {kind: QBrush(QColor(colour)) for kind, colour in by_kind.items()}
        if self._rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._rows) - 1, len(COLUMNS) - 1))

    def choose(self, text: str, kinds: frozenset[Kind], looks: bool) -> None:
        """Show only entries with this text, of these kinds, with or without questions that only look."""
        self._text, self._kinds, self._looks = text, kinds, looks
        self._begin_anew()

    def _begin_anew(self) -> None:
        self.beginResetModel()
        self._rows, self._last = self._found(0), self._newest()
        self.endResetModel()

    def _found(self, after: int) -> list[Entry]:
        return list(self._log.chosen(self._text, frozenset(self._kinds), self._looks, after)) if self._log else []

    def _newest(self) -> int:
        return self._log.newest if self._log else 0

    def catch_up(self) -> None:
        """Add what has come since, and drop what fell out of the log."""
        if self._log is None or self._newest() == self._last:
            return
        gone = [row for row, entry in enumerate(self._rows) if not self._log.holds(entry)]
        # Rows that lie together have the same distance to their place in the list; the last ones go first.
        for _, run in groupby(reversed(list(enumerate(gone))), lambda each: each[1] - each[0]):
            rows = [row for _, row in run]
            self.beginRemoveRows(_NOWHERE, rows[-1], rows[0])
            del self._rows[rows[-1] : rows[0] + 1]
            self.endRemoveRows()
        new = self._found(self._last)
        self._last = self._newest()
        if new:
            self.beginInsertRows(_NOWHERE, len(self._rows), len(self._rows) + len(new) - 1)
            self._rows += new
            self.endInsertRows()

    def entry(self, row: int) -> Entry:
        """The entry of a row."""
        return self._rows[row]

    def rowCount(self, parent: _Index = _NOWHERE) -> int:
        """How many entries are shown."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = _NOWHERE) -> int:
        """Time, direction, name, message."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """The words above the columns."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section]
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """The text of a cell; for screen readers the whole entry as a sentence."""
        if not index.isValid():
            return None
        entry = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self._cell(entry, index.column())
        if role == Qt.ItemDataRole.ForegroundRole:
            return self._colours.get(entry.kind)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{SIGNS[entry.kind]} {entry.name}, {self._cell(entry, 0)}"
        if role == Qt.ItemDataRole.ToolTipRole and entry.seconds is not None:
            why = " Its refusal shows that no such file exists yet: nothing is overwritten." if entry.wanted else ""
            return f"Answered after {entry.seconds * 1000:.1f} ms.{why}"
        return None

    def _cell(self, entry: Entry, column: int) -> str:
        if column == 0:
            return time_of_day(self._epoch + entry.at)
        if column == 1:
            return _WANTED if entry.wanted else SIGNS[entry.kind]
        if column == 2:
            slow = entry.seconds is not None and entry.seconds >= 1
            return _plain(f"{entry.name} · {duration(entry.seconds or 0)}" if slow else entry.name)
        return _plain(entry.line)


def _plain(text: str) -> str:
    """One line, at most so long: a view measures and draws all that it is given."""
    line = text if text.isprintable() else "".join(letter if letter.isprintable() else "·" for letter in text)
    return line if len(line) <= _WIDEST else f"{line[:_WIDEST]}…"


def time_of_day(seconds: float) -> str:
    """The local time with milliseconds, `19:46:18.042`. `seconds`: since 1970."""
    whole = int(seconds)
    return f"{_clock(whole)}.{int((seconds - whole) * 1000):03d}"


def _clock(seconds: int) -> str:
    return time.strftime("%H:%M:%S", time.localtime(seconds))
