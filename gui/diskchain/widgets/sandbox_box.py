"""The sandbox's own controls in the left column: its second monitor, how busy its guest is, slow motion, a fresh one."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from diskchain.signal import Signal
from diskchain.widgets.panels.lines import CopyButton, Elided
from diskchain.widgets.style import button, label, monospace

RATES = ((0, "rests"), (20, "works gently"), (100, "works"), (400, "works hard"))
"""Operations a second on each disk, half of them writes -> words."""


class SandboxBox(QWidget):
    """Shown while the sandbox runs.

    :ivar reset_wanted: a fresh one. `rate_wanted`: operations a second. `slow_wanted`: offer operations with a limit.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("sandboxBox")
        self.reset_wanted: Signal[[]] = Signal()
        self.rate_wanted: Signal[int] = Signal()
        self.slow_wanted: Signal[bool] = Signal()
        self._monitor = ""
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 8, 8, 0)
        column.setSpacing(6)
        column.addWidget(label("SANDBOX", "caption"))
        column.addLayout(self._guest_row())
        self._slow = QCheckBox("Slow motion")
        self._slow.setObjectName("sandboxSlow")
        self._slow.setToolTip("Operations are offered with a speed limit, so that they can be watched")
        self._slow.setChecked(True)
        self._slow.toggled.connect(self.slow_wanted.emit)
        column.addWidget(self._slow)
        words = label("For qmp-shell it has a second monitor:", tone="quiet")
        words.setWordWrap(True)
        column.addWidget(words)
        self._path = Elided()
        self._path.setObjectName("sandboxMonitor")
        self._path.setFont(monospace(8))
        self._path.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column.addWidget(self._path)
        column.addLayout(self._links())

    def _guest_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.addWidget(label("Guest", tone="quiet"))
        self._rate = QComboBox()
        self._rate.setObjectName("sandboxRate")
        self._rate.setAccessibleName("How busy the sandbox's guest is")
        for rate, words in RATES:
            self._rate.addItem(words, rate)
        self._rate.setCurrentIndex(1)
        self._rate.activated.connect(lambda _: self.rate_wanted.emit(int(self._rate.currentData())))
        row.addWidget(self._rate, 1)
        return row

    def _links(self) -> QHBoxLayout:
        row = QHBoxLayout()
        about = "Copy the qmp-shell command for the sandbox's second monitor"
        take = CopyButton("Copy command", "sandboxCopy", about, lambda: f"qmp-shell {self._monitor}")
        take.setToolTip(about)
        reset = button("Reset", "sandboxReset", "link", "End the sandbox and start a fresh one")
        reset.setToolTip("End it and start a fresh one; everything done in it is gone")
        reset.clicked.connect(self.reset_wanted.emit)
        row.addWidget(take)
        row.addWidget(reset)
        row.addStretch(1)
        return row

    @property
    def slow(self) -> bool:
        """Whether operations are offered with a limit."""
        return self._slow.isChecked()

    def show_monitor(self, path: str) -> None:
        """The path of the second monitor; empty: no sandbox runs."""
        self._monitor = path
        self._path.setText(path)
        self._path.setToolTip(path)
        self.setVisible(bool(path))
