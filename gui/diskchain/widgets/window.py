"""The window: puts its parts together, and does nothing else."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QCloseEvent, QPaintEvent
from PySide6.QtWidgets import QMainWindow, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from diskchain.picture.palette import Palette
from diskchain.signal import Signal
from diskchain.widgets.actions import Actions
from diskchain.widgets.dialogs.preview import PreviewSheet
from diskchain.widgets.machines import MachinesPanel
from diskchain.widgets.messages import MessageBar
from diskchain.widgets.panels.inspector import Inspector
from diskchain.widgets.style import label
from diskchain.widgets.tabs import Tabs
from diskchain.widgets.toolbar import TopBar
from diskchain.widgets.welcome import Welcome

_LEFT, _RIGHT, _BELOW = 246, 336, 280
"""First sizes of the columns and of the lower panel, in pixels, as the design's pictures have them."""


class Window(QMainWindow):
    """Top bar; machines; canvas with messages above it; inspector or preview; tabs below.

    :ivar painted: emitted once, after the first picture of the window is on the screen.
    :ivar close_wanted: the user wants to close it; it closes only when `let_go` was called.
    """

    def __init__(self, palette: Palette) -> None:
        super().__init__()
        self.setObjectName("window")
        self.setWindowTitle("Disk Chain")
        self.painted: Signal[[]] = Signal()
        self.close_wanted: Signal[[]] = Signal()
        self._first, self._gone = True, False
        self.actions_ = Actions(self)
        self.top = TopBar(self.actions_)
        self.machines = MachinesPanel(palette)
        self.messages = MessageBar()
        self.note = label("", "note")
        self.welcome = Welcome()
        self.inspector = Inspector()
        self.sheet = PreviewSheet()
        self.tabs = Tabs()
        self._compose()

    def _compose(self) -> None:
        root = QWidget()
        root.setObjectName("root")
        for part in (self.top, self.tabs):
            part.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(root)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.top)
        self._across = _splitter("across", Qt.Orientation.Horizontal, self.machines, self._work())
        self._across.setSizes([_LEFT, 10_000])
        column.addWidget(self._across, 1)
        self.setCentralWidget(root)

    def _work(self) -> QSplitter:
        """Everything right of the machines."""
        self.centre = QStackedWidget()
        self.centre.setObjectName("centre")
        self.centre.addWidget(self.welcome)
        middle = QWidget()
        middle.setObjectName("middle")
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.note.setObjectName("note")
        self.note.setWordWrap(True)
        self.note.hide()
        column.addWidget(self.note)
        column.addWidget(self.messages)
        column.addWidget(self.centre, 1)
        self.right = QStackedWidget()
        self.right.setObjectName("rightColumn")
        self.right.setMinimumWidth(300)
        self.right.addWidget(self.inspector)
        self.right.addWidget(self.sheet)
        upper = _splitter("upper", Qt.Orientation.Horizontal, middle, self.right)
        upper.setSizes([10_000, _RIGHT])
        work = _splitter("work", Qt.Orientation.Vertical, upper, self.tabs)
        work.setSizes([10_000, _BELOW])
        return work

    def show_centre(self, widget: QWidget) -> None:
        """Bring the welcome or the canvas into the middle."""
        if self.centre.indexOf(widget) < 0:
            self.centre.addWidget(widget)
        self.centre.setCurrentWidget(widget)

    def show_sheet(self, shown: bool) -> None:
        """The preview sheet, or the inspector."""
        self.right.setCurrentWidget(self.sheet if shown else self.inspector)

    def show_note(self, text: str) -> None:
        """A sentence over the canvas that stays as long as it is true; empty: none."""
        self.note.setText(text)
        self.note.setVisible(bool(text))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Tell of the first painting, once it is over."""
        super().paintEvent(event)
        if self._first:
            self._first = False
            QTimer.singleShot(0, self, self.painted.emit)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Refuse: whoever listens hangs up first, then lets go."""
        if self._gone:
            event.accept()
            return
        event.ignore()
        self.close_wanted.emit()

    def let_go(self) -> None:
        """Close it, now that nothing is open any more."""
        self._gone = True
        self.close()


def _splitter(name: str, orientation: Qt.Orientation, *parts: QWidget) -> QSplitter:
    made = QSplitter(orientation)
    made.setObjectName(name)
    made.setHandleWidth(1)
    made.setChildrenCollapsible(False)
    for number, part in enumerate(parts):
        made.addWidget(part)
        made.setStretchFactor(number, 0)
    made.setStretchFactor(1 if name == "across" else 0, 1)
    return made
