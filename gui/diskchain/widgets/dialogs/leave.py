"""The one question before closing: what becomes of own jobs that still run."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from diskchain.signal import Signal
from diskchain.widgets.style import button, label


class LeaveDialog(QDialog):
    """Opened with `open()`; nothing waits for it.

    :ivar chosen: emits `leave`, `cancel`, or `stay`.
    """

    def __init__(self, parent: QWidget, jobs: Sequence[str]) -> None:
        super().__init__(parent)
        self.setObjectName("leaveDialog")
        self.setWindowTitle("Jobs still run")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(460)
        self.chosen: Signal[str] = Signal()
        self._told = False
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(10)
        column.addWidget(label("Jobs of yours still run", "title"))
        for job in jobs:
            column.addWidget(label(job, "strong"))
        words = label(
            "Left running, they go on in QEMU without this window. One that becomes ready waits there for ever and slows "
            "the guest. "
            "Cancelled, what they made is undone where QEMU allows it.",
            tone="quiet",
        )
        words.setWordWrap(True)
        column.addWidget(words)
        row = QHBoxLayout()
        for key, text, kind in (
            ("leave", "Leave them running", "large"),
            ("cancel", "Cancel them", "large"),
            ("stay", "Stay", "primary"),
        ):
            made = button(text, f"leave-{key}", kind)
            made.clicked.connect(lambda _=False, answer=key: self._tell(answer))
            made.setDefault(key == "stay")
            row.addWidget(made)
        column.addLayout(row)

    def _tell(self, answer: str) -> None:
        if not self._told:
            self._told = True
            self.done(0)
            self.chosen.emit(answer)

    def withdraw(self) -> None:
        """Close it: what it asks about is not known any more. It counts as staying."""
        self._tell("stay")

    def reject(self) -> None:
        """Esc stays."""
        self._tell("stay")
