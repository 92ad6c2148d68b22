"""The command log: everything that went over a machine's line, with times, to filter and to copy."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QItemSelectionModel, QSignalBlocker, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QHideEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QSplitter,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from diskchain.operations.exchange import KEPT_LOOKS, Entry, Exchange, Kind
from diskchain.picture.palette import Palette
from diskchain.session.session import Session
from diskchain.widgets.panels.lines import Code
from diskchain.widgets.panels.log_model import EVERY_KIND, LogModel
from diskchain.widgets.panels.logs import Logs
from diskchain.widgets.style import button, label, monospace

_CHOICES: dict[str, frozenset[Kind]] = {
    "Everything": EVERY_KIND,
    "Sent": frozenset({"command"}),
    "Received": frozenset({"reply", "error", "event", "greeting"}),
    "Events": frozenset({"event"}),
    "Refused": frozenset({"error"}),
}
_CATCH_UP = 250
"""Milliseconds between two additions while in sight."""

_TOLD = 3.0
"""Seconds that what came of copying stands before the count comes back."""

_TYPING = 200
_LONGEST_SHOWN = 200_000
"""Letters of one object that are shown in full; more of them can still be copied."""


class LogPanel(QWidget):
    """The log of one machine at a time; every machine that was ever shown goes on being logged."""

    def __init__(self, logs: Logs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("logPanel")
        self._logs = logs
        self._log: Exchange | None = None
        self._told_until = 0.0
        self.model = LogModel(time.time() - time.monotonic())
        self.field, self.kinds = QLineEdit(), QComboBox()
        self.looks = QCheckBox("Routine questions too")
        self.table, self.whole = QTableView(), Code("log-whole", "The chosen message", 4)
        self._said = label("", tone="quiet")
        self._timer, self._typing = QTimer(self), QTimer(self)
        self._timer.setInterval(_CATCH_UP)
        self._timer.timeout.connect(self._catch_up)
        self._typing.setSingleShot(True)
        self._typing.setInterval(_TYPING)
        self._typing.timeout.connect(self._choose)
        self._build_table()
        self._build()
        self.set_session(None)

    def _build(self) -> None:
        self.field.setObjectName("log-filter")
        self.field.setPlaceholderText("Filter: a command, a node, a word…")
        self.field.setAccessibleName("Filter the log by text")
        self.field.setClearButtonEnabled(True)
        self.field.textChanged.connect(lambda _: self._typing.start())
        self.kinds.setObjectName("log-kinds")
        self.kinds.setAccessibleName("Which messages are shown")
        self.kinds.addItems(list(_CHOICES))
        self.kinds.currentIndexChanged.connect(lambda _: self._choose())
        self.looks.setObjectName("log-looks")
        self.looks.setToolTip(
            f"Show the questions too that are asked all the time to keep the picture fresh; the newest {KEPT_LOOKS:,} are kept"
        )
        self.looks.toggled.connect(lambda _: self._choose())
        head = QHBoxLayout()
        head.setSpacing(8)
        for widget in (self.field, self.kinds, self.looks):
            head.addWidget(widget, 1 if widget is self.field else 0)
        for text, name, act in (
            ("Copy JSON", "log-copy-json", self.copy_json),
            ("Copy qmp-shell", "log-copy-shell", self.copy_shell),
        ):
            made = button(text, name, "link")
            made.clicked.connect(act)
            head.addWidget(made)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(self.table)
        split.addWidget(self.whole)
        split.setSizes([700, 300])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(head)
        column.addWidget(split, 1)
        column.addWidget(self._said)

    def _build_table(self) -> None:
        table = self.table
        table.setObjectName("log-table")
        table.setAccessibleName("Command log")
        table.setModel(self.model)
        table.setFont(monospace())
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setTabKeyNavigation(False)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        table.verticalHeader().hide()
        table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        table.verticalHeader().setDefaultSectionSize(table.fontMetrics().lineSpacing() + 6)
        letter = table.fontMetrics().horizontalAdvance("0")
        for column, letters in enumerate((14, 12, 30)):
            table.setColumnWidth(column, letters * letter)
        table.horizontalHeader().setStretchLastSection(True)
        table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        table.selectionModel().selectionChanged.connect(lambda *_: self._show_whole())
        copy = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), table)
        copy.setContext(Qt.ShortcutContext.WidgetShortcut)
        copy.activated.connect(self.copy_json)

    def set_session(self, session: Session | None) -> None:
        """Show the log of this machine; None: of no machine."""
        self._log = self._logs.watch(session) if session is not None else None
        self.model.show_log(self._log if self.isVisible() else None)
        self._follow()

    def set_theme(self, colours: Palette) -> None:
        """Take the colours of the scheme."""
        self.model.set_theme(colours)
        self.table.setStyleSheet(
            f"QTableView {{ background: {colours.field}; border: 1px solid {colours.line}; border-radius: 6px; "
            f"selection-background-color: {colours.raised}; selection-color: {colours.text}; }} "
            f"QTableView:focus {{ border-color: {colours.blue}; }} "
            f"QHeaderView, QHeaderView::section {{ background: {colours.field}; }} "
            f"QTableView::item:selected {{ background: {colours.line}; color: {colours.text}; }}"
        )

    def show_text(self, text: str) -> None:
        """Filter by a text, at once: to lead from a message to its line here."""
        with QSignalBlocker(self.field):
            self.field.setText(text)
        self._choose()

    def _choose(self) -> None:
        self._typing.stop()
        self.model.choose(self.field.text().strip(), _CHOICES[self.kinds.currentText()], self.looks.isChecked())
        # Rows are others now: nothing that is out of sight may stay chosen, be shown beside them, or be copied.
        self.table.clearSelection()
        self._show_whole()
        self._follow()

    def _catch_up(self) -> None:
        bar = self.table.verticalScrollBar()
        at_end = bar.value() >= bar.maximum()
        self.model.catch_up()
        if at_end:
            self._follow()
        else:
            self._count()

    def _follow(self) -> None:
        self.table.scrollToBottom()
        self._count()

    def _count(self) -> None:
        if time.monotonic() < self._told_until:
            return
        whole, shown = len(self._log.entries) if self._log is not None else 0, self.model.rowCount()
        hidden = f" · {whole - shown:,} more are filtered out" if whole > shown else ""
        messages = "message" if shown == 1 else "messages"
        self._said.setText(f"{shown:,} {messages}{hidden}" if self._log is not None else "No machine is chosen.")

    def _chosen(self) -> list[Entry]:
        rows = sorted(index.row() for index in self.table.selectionModel().selectedRows())
        return [self.model.entry(row) for row in rows]

    def _show_whole(self) -> None:
        chosen = self._chosen()
        if len(chosen) != 1:
            self.whole.show_text(f"{len(chosen)} messages are chosen." if chosen else "")
            return
        text = chosen[0].as_json(2) or "This answer is no longer kept: only the newest ones are."
        rest = "\n… the rest can be copied." if len(text) > _LONGEST_SHOWN else ""
        self.whole.show_text(text[:_LONGEST_SHOWN] + rest)

    def copy_json(self) -> None:
        """Copy the chosen messages, one JSON object a line."""
        self._copy([entry.as_json() for entry in self._chosen()], "")

    def copy_shell(self) -> None:
        """Copy the chosen commands as lines for qmp-shell."""
        commands = [entry for entry in self._chosen() if entry.sent]
        lines = [line for entry in commands if (line := entry.as_shell())]
        left = len(commands) - len(lines)
        self._copy(lines, f" {left} cannot be said in qmp-shell; copy them as JSON." if left else "")

    def _copy(self, lines: list[str], remark: str) -> None:
        lines = [line for line in lines if line]
        if lines:
            QGuiApplication.clipboard().setText("\n".join(lines))
        self._told_until = time.monotonic() + _TOLD
        self._said.setText((f"Copied {len(lines)}." if lines else "Choose a command first.") + remark)

    def choose_last(self, accepts: Callable[[Entry], bool]) -> bool:
        """Select and show the newest entry that is accepted; says whether there is one."""
        self._catch_up()
        for row in range(self.model.rowCount() - 1, -1, -1):
            if accepts(self.model.entry(row)):
                self.table.selectionModel().setCurrentIndex(
                    self.model.index(row, 0),
                    QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows,
                )
                self.table.scrollTo(self.model.index(row, 0))
                return True
        return False

    def showEvent(self, event: QShowEvent) -> None:
        """Rows are made only while they can be seen."""
        super().showEvent(event)
        self.model.show_log(self._log)
        self._follow()
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Only the cheap part goes on: the entries themselves."""
        super().hideEvent(event)
        self._timer.stop()
        self.model.show_log(None)
