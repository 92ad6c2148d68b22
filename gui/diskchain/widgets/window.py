"""The window: puts its parts together, and does nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QMainWindow, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from diskchain.signal import Signal
from diskchain.widgets.actions import Actions
from diskchain.widgets.style import label, restyle
from diskchain.widgets.tabbing import step
from diskchain.widgets.tabs import Tabs
from diskchain.widgets.toolbar import TopBar
from diskchain.widgets.welcome import Welcome

if TYPE_CHECKING:
    from diskchain.widgets.dialogs.preview import PreviewSheet
    from diskchain.widgets.machines import MachinesPanel
    from diskchain.widgets.messages import MessageBar
    from diskchain.widgets.panels.inspector import Inspector

_LEFT, _RIGHT, _BELOW = 246, 336, 280
"""First sizes of the columns and of the lower panel, in pixels, as the design's pictures have them."""
_SMALL_LEFT, _SMALL_RIGHT, _SMALL_BELOW = 208, 284, 232
"""The same on a small screen, where the picture needs what they can spare."""
_NARROW, _LOW = 1200, 760
"""Pixels below which a window counts as small."""


class Window(QMainWindow):
    """Top bar; machines; canvas with messages over its lower end; inspector or preview; tabs below.

    It is made with its bar and empty places, so that it is on the screen soon (`facts/gui.md` §7); `furnish` fills the places.

    :ivar was_painted: whether it was on the screen already.
    :ivar close_wanted: the user wants to close it; it closes only when `let_go` was called.
    """

    machines: MachinesPanel
    messages: MessageBar
    inspector: Inspector

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("window")
        self.setWindowTitle("Disk Chain")
        self.close_wanted: Signal[[]] = Signal()
        self.was_painted, self._gone = False, False
        self._small, self._shared = False, False
        self.actions_ = Actions(self)
        self.top = TopBar(self.actions_)
        self.note = label("", "note")
        self.welcome = Welcome()
        self.tabs = Tabs()
        self.sheet: PreviewSheet | None = None
        self._compose()

    def _compose(self) -> None:
        root = QWidget()
        root.setObjectName("root")
        for part in (self.top, self.tabs):
            part.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = _column(root)
        column.addWidget(self.top)
        self._left = QWidget()
        self._left.setObjectName("leftColumn")
        _column(self._left)
        self._across = _splitter("across", Qt.Orientation.Horizontal, self._left, self._work())
        self._share(small=False)
        for splitter in (self._across, self._upper, self._whole):
            splitter.splitterMoved.connect(self._keep_shares)
        column.addWidget(self._across, 1)
        self.setCentralWidget(root)

    def _work(self) -> QSplitter:
        """Everything right of the machines."""
        self.centre = QStackedWidget()
        self.centre.setObjectName("centre")
        self.centre.addWidget(self.welcome)
        self._centre_part = middle = QWidget()
        middle.setObjectName("middle")
        column = _column(middle)
        self.note.setObjectName("note")
        self.note.setWordWrap(True)
        self.note.hide()
        column.addWidget(self.note)
        column.addWidget(self.centre, 1)
        self.right = QStackedWidget()
        self.right.setObjectName("rightColumn")
        self.right.setMinimumWidth(_SMALL_RIGHT)
        self._upper = _splitter("upper", Qt.Orientation.Horizontal, middle, self.right)
        self._whole = _splitter("work", Qt.Orientation.Vertical, self._upper, self.tabs)
        return self._whole

    def _share(self, small: bool) -> None:
        """Give the parts their first sizes."""
        self._small = small
        self._across.setSizes([_SMALL_LEFT if small else _LEFT, 10_000])
        self._upper.setSizes([10_000, _SMALL_RIGHT if small else _RIGHT])
        self._whole.setSizes([10_000, _SMALL_BELOW if small else _BELOW])

    def _keep_shares(self) -> None:
        """The user has moved a splitter: sizes are his from now on."""
        self._shared = True

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the room anew where the window becomes small or large, until the user has shared it out."""
        super().resizeEvent(event)
        small = self.width() < _NARROW or self.height() < _LOW
        if small != self._small and not self._shared:
            self._share(small)

    def furnish(self, machines: MachinesPanel, messages: MessageBar, inspector: Inspector) -> None:
        """Fill the places; once, after the first picture."""
        self.machines, self.messages, self.inspector = machines, messages, inspector
        layout = self._left.layout()
        if layout is not None:
            layout.addWidget(machines)
        messages.lie_over(self._centre_part)
        self.right.addWidget(inspector)

    def add_sheet(self, sheet: PreviewSheet) -> None:
        """Put the preview sheet behind the inspector; once."""
        self.sheet = sheet
        self.right.addWidget(sheet)

    def show_centre(self, widget: QWidget) -> None:
        """Bring the welcome or the canvas into the middle."""
        if self.centre.indexOf(widget) < 0:
            self.centre.addWidget(widget)
        self.centre.setCurrentWidget(widget)

    @property
    def shows_sheet(self) -> bool:
        """Whether the preview sheet is what is seen at the right."""
        return self.sheet is not None and self.right.currentWidget() is self.sheet

    def show_sheet(self, shown: bool) -> None:
        """The preview sheet, or the inspector."""
        if self.sheet is not None:
            self.right.setCurrentWidget(self.sheet if shown else self.inspector)

    def show_note(self, text: str, tone: str = "amber") -> None:
        """A sentence over the canvas that stays as long as it is true; empty: none. `tone`: amber, or red."""
        self.note.setText(text)
        if self.note.property("tone") != tone:
            restyle(self.note, tone=tone)
        self.note.setVisible(bool(text))

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Go on by Tab as the window is read: bar, machines, picture and messages, what is selected, tabs."""
        regions = (self.top, self._left, self._centre_part, self.right, self.tabs)
        return step(regions, self.focusWidget(), forward, home=self.centre)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Note the first painting."""
        super().paintEvent(event)
        self.was_painted = True

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


def _column(widget: QWidget) -> QVBoxLayout:
    made = QVBoxLayout(widget)
    made.setContentsMargins(0, 0, 0, 0)
    made.setSpacing(0)
    return made


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
