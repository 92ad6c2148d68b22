"""Machines that were found on this computer and are not open: a row for each process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from diskchain.picture.palette import Palette
from diskchain.picture.words import one_line
from diskchain.widgets.rows import Row
from diskchain.widgets.style import label

if TYPE_CHECKING:
    from diskchain.session.sessions import Found


def way(one: Found) -> str:
    """A monitor in words: `/run/vm.qmp (another client is connected)`."""
    return f"{_short(one)} ({'another client is connected' if one.taken else 'free'})"


def _short(one: Found) -> str:
    """A target as it stands in a row."""
    return one_line(one.target.removeprefix("unix:"))


class Strangers(QWidget):
    """The rows with their heading; not there while nothing is found.

    What is found is told every few seconds. Only a row whose process changed is touched: the keys, the pointer and an open
    menu stay where they are.
    """

    def __init__(self, parent: QWidget, palette: Palette, wanted: Callable[[str], object]) -> None:
        """:param wanted: called with the target that shall be opened."""
        super().__init__(parent)
        self.hide()
        self._palette, self._wanted = palette, wanted
        self._rows: dict[int, tuple[tuple[Found, ...], Row]] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(2)
        head = label("FOUND ON THIS COMPUTER", "caption")
        head.setContentsMargins(10, 0, 0, 2)
        self._column.addWidget(head)

    def show_found(self, strangers: Iterable[Sequence[Found]]) -> None:
        """Show these processes, each by its monitors, the one to be opened first."""
        wanted = {ways[0].pid: tuple(ways) for ways in strangers}
        for pid in [pid for pid, (ways, _) in self._rows.items() if wanted.get(pid) != ways]:
            _, row = self._rows.pop(pid)
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        for number, (pid, ways) in enumerate(wanted.items(), 1):
            if pid not in self._rows:
                self._rows[pid] = (ways, self._row(ways))
            row = self._rows[pid][1]
            row.setObjectName(f"machinesFound{number}")
            if self._column.indexOf(row) != number:
                self._column.insertWidget(number, row)
        self.setVisible(bool(wanted))

    def recolour(self, palette: Palette) -> None:
        """Take the colours of another scheme."""
        self._palette = palette
        for _, row in self._rows.values():
            row.sign.show_sign(palette.grey, "ring")

    def _row(self, ways: tuple[Found, ...]) -> Row:
        first = ways[0]
        row = Row("", partial(self._wanted, first.target))
        row.sign.show_sign(self._palette.grey, "ring")
        row.show_row(one_line(first.title), _short(first), "taken" if first.taken else "", "amber")
        row.setToolTip("\n".join([f"{one_line(first.title)}, pid {first.pid}", *map(way, ways)]))
        row.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        row.customContextMenuRequested.connect(lambda at: self._open_menu(ways, row.mapToGlobal(at)))
        return row

    def _open_menu(self, ways: Iterable[Found], where: QPoint) -> None:
        """The menu of a process's monitors; it outlives its row, and nothing waits for it."""
        menu = QMenu(self)
        menu.setObjectName("waysMenu")
        for one in ways:
            action = menu.addAction(f"Open {way(one)}".replace("&", "&&"))
            action.triggered.connect(partial(self._open, one.target))
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(where)

    def _open(self, target: str, _: bool = False) -> None:
        self._wanted(target)
