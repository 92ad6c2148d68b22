"""What is in the middle while no machine is open."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from diskchain.signal import Signal
from diskchain.widgets.style import button, label

_WIDEST = 520
"""Pixels that a line of text may be long and still be read with ease."""


class Welcome(QWidget):
    """The first start: two ways in.

    :ivar sandbox_wanted, connect_wanted: a button was pressed.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("welcome")
        self.sandbox_wanted: Signal[[]] = Signal()
        self.connect_wanted: Signal[[]] = Signal()
        column = QVBoxLayout(self)
        column.setSpacing(12)
        column.addStretch(2)
        column.addWidget(label("No machine is open", "heading"), 0, Qt.AlignmentFlag.AlignHCenter)
        for line in (
            "Disk Chain draws the disk images of a running QEMU machine as they hang together, and lets you work them by hand.",
            "The sandbox is a throw-away machine with ready chains: nothing in it can be lost.",
        ):
            words = label(line, tone="quiet")
            words.setWordWrap(True)
            words.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            words.setMaximumWidth(_WIDEST)
            middle = QHBoxLayout()
            middle.addStretch(1)
            middle.addWidget(words, 100)
            middle.addStretch(1)
            column.addLayout(middle)
        row = QHBoxLayout()
        row.addStretch(1)
        self._sandbox = button("Start the sandbox", "welcomeSandbox", "primary")
        self._sandbox.clicked.connect(self.sandbox_wanted.emit)
        connect = button("Connect to a machine…", "welcomeConnect", "large")
        connect.clicked.connect(self.connect_wanted.emit)
        row.addWidget(self._sandbox)
        row.addWidget(connect)
        row.addStretch(1)
        column.addLayout(row)
        self._said = label("", tone="quiet")
        self._said.setObjectName("welcomeSaid")
        column.addWidget(self._said, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)

    def say(self, text: str) -> None:
        """Say what is under way ("Starting the sandbox…"); empty: nothing is. Meanwhile the sandbox cannot be started again."""
        self._said.setText(text)
        self._sandbox.setEnabled(not text)
