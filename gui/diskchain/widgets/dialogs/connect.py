"""The connect dialog: name a machine. Not modal; what goes wrong is said in it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from diskchain.signal import Signal
from diskchain.widgets.style import button, label, monospace, restyle

_FORMS = (
    ("a Unix socket", "/run/vm/web.qmp"),
    ("a TCP port", "tcp:localhost:4444"),
    ("a recording", "replay:/tmp/night.jsonl"),
)


class ConnectDialog(QDialog):
    """Asks for a target.

    :ivar wanted: emits the target to open; the dialog stays until `done_with` says that it is open.
    :ivar given_up: the user does not want to wait for the connection any longer.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("connectDialog")
        self.setWindowTitle("Connect to a machine")
        self.setModal(False)
        self.setMinimumWidth(520)
        self.wanted: Signal[str] = Signal()
        self.given_up: Signal[[]] = Signal()
        self._waiting = False
        self._build()

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(10)
        column.addWidget(label("Connect to a machine", "title"))
        about = label(
            "QEMU opens such a monitor when it is started with  -qmp unix:/run/vm/web.qmp,server=on,wait=off",
            tone="quiet",
        )
        about.setWordWrap(True)
        column.addWidget(about)
        self.field = QLineEdit()
        self.field.setObjectName("connectTarget")
        self.field.setAccessibleName("Target: path of a socket, tcp:host:port, or replay:file")
        self.field.setPlaceholderText("path of a QMP socket, tcp:HOST:PORT, or replay:FILE")
        self.field.textChanged.connect(lambda _: self._judge())
        column.addWidget(self.field)
        for words, example in _FORMS:
            row = QHBoxLayout()
            row.addWidget(label(words, tone="quiet"))
            shown = label(example)
            shown.setFont(monospace())
            row.addWidget(shown)
            row.addStretch(1)
            column.addLayout(row)
        self._said = label("")
        self._said.setObjectName("connectSaid")
        self._said.setWordWrap(True)
        self._said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._said.hide()
        column.addWidget(self._said)
        column.addStretch(1)
        column.addLayout(self._buttons())

    def _buttons(self) -> QHBoxLayout:
        self._cancel = button("Cancel", "connectCancel", "large")
        self._cancel.clicked.connect(self.reject)
        self._go = button("Connect", "connectGo", "primary")
        self._go.setDefault(True)
        self._go.clicked.connect(self._ask)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self._cancel)
        row.addWidget(self._go)
        return row

    def begin(self, target: str = "", said: str = "") -> None:
        """Open it, with a target to start from and a sentence on what went wrong before."""
        if target:
            self.field.setText(target)
        self._waiting = False
        self._say(said, wrong=True)
        self._judge()
        self.show()
        self.field.setFocus()
        self.field.selectAll()

    def done_with(self, said: str) -> None:
        """The attempt has ended. `said`: why it failed, in plain sentences; empty: it is open."""
        self._waiting = False
        self._judge()
        if said:
            self._say(said, wrong=True)
            self.field.setFocus()
        else:
            self.field.clear()
            self.accept()

    def reject(self) -> None:
        """Close it, and give up an attempt that is under way."""
        if self._waiting:
            self._waiting = False
            self.given_up.emit()
        super().reject()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter connects, Esc cancels."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and self._go.isEnabled():
            self._ask()
        else:
            super().keyPressEvent(event)

    def _ask(self) -> None:
        target = self.field.text().strip()
        if not target or self._waiting:
            return
        self._waiting = True
        self._say(f"Connecting to {target}…", wrong=False)
        self._judge()
        self.wanted.emit(target)

    def _judge(self) -> None:
        self._go.setEnabled(bool(self.field.text().strip()) and not self._waiting)

    def _say(self, text: str, wrong: bool) -> None:
        self._said.setText(text)
        restyle(self._said, tone="red" if wrong else "quiet")
        self._said.setVisible(bool(text))
        layout = self.layout()
        if layout is not None:
            layout.activate()
            self.resize(self.width(), max(layout.totalHeightForWidth(self.width()), self.minimumSizeHint().height()))
