"""The top bar: operations, the two views, recording, and the search field."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QSize, Qt
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QFocusEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QLineEdit, QPushButton, QSizePolicy, QWidget

from diskchain.signal import Signal
from diskchain.widgets.actions import Actions
from diskchain.widgets.style import button, label, reserve, restyle, takes_escape

OPERATIONS = ("snapshot", "commit", "stream", "mirror", "backup", "export")
_FIND = "Find a node by its name, file or driver (Ctrl+F); Enter goes from one to the next"
_RECORD = "Record to a file that replays without QEMU (Ctrl+R)"
_SEARCH = (96, 170)
"""Least and greatest width of the search field, in pixels."""
_APART = 8
"""Pixels between two buttons."""
_ALWAYS = 4
"""Operations whose buttons stay in the narrowest window."""
_TITLE = 226
"""Width of the title's place where there is room: the buttons then begin above the canvas."""


class SearchField(QLineEdit):
    """Finds a node.

    :ivar sought: emits the text while it is typed. `next_wanted`: the next one (Enter). `left`: Esc.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("findField")
        self.setAccessibleName("Find a node by its name, file or driver")
        self.setPlaceholderText("Find node…  Ctrl+F")
        self.setToolTip(_FIND)
        self.setMinimumWidth(_SEARCH[0])
        self.setMaximumWidth(_SEARCH[1])
        self.sought: Signal[str] = Signal()
        self.next_wanted: Signal[str] = Signal()
        self.left: Signal[[]] = Signal()
        self.textChanged.connect(self.sought.emit)
        self._said = label("", "found")
        self._said.setObjectName("findSaid")
        self._said.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def tell(self, found: str, tone: str = "") -> None:
        """Say what was found, below the field and to screen readers; empty: nothing is sought."""
        self.setToolTip(found or _FIND)
        self.setAccessibleDescription(found)
        self._said.setText(found)
        restyle(self._said, tone=tone)
        self._show_said()
        if found:
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, found))

    def _show_said(self) -> None:
        """Have the words below the field, as long as the keys are in it."""
        said, window = self._said, self.window()
        if said.parentWidget() is not window:
            said.setParent(window)
        said.adjustSize()
        at = self.mapTo(window, self.rect().bottomRight())
        said.move(min(at.x(), window.width() - 8) - said.width(), at.y() + 6)
        said.setVisible(bool(said.text()) and self.hasFocus())
        said.raise_()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Say again what was found."""
        super().focusInEvent(event)
        self._show_said()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """What was found is no longer of interest."""
        super().focusOutEvent(event)
        self._said.hide()

    def event(self, event: QEvent) -> bool:
        """Keep Esc for this field while the keys are here: it is a key of the window too."""
        return takes_escape(event) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter goes on to the next; Esc clears and leaves."""
        if event.key() == Qt.Key.Key_Escape:
            self.clear()
            self.left.emit()
        elif event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.next_wanted.emit(self.text())
        else:
            super().keyPressEvent(event)


class _Title(QLabel):
    """The program's name; gives way down to its own letters where the window is narrow."""

    def __init__(self) -> None:
        super().__init__("Disk Chain")
        self.setProperty("kind", "title")
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)

    def sizeHint(self) -> QSize:
        """As wide as the column below it, less the margin."""
        return QSize(_TITLE, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        """As wide as its letters."""
        return super().sizeHint()


class _Operations(QWidget):
    """The operations' buttons: in a narrow window the last ones give way; menus and keys have them still."""

    def __init__(self) -> None:
        super().__init__()
        self._buttons: list[QPushButton] = []
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(_APART)
        row.setSizeConstraint(QHBoxLayout.SizeConstraint.SetNoConstraint)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._row = row

    def add(self, made: QPushButton) -> None:
        """Add a button; the sooner, the longer it stays."""
        self._buttons.append(made)
        self._row.addWidget(made)

    def _width(self, count: int) -> int:
        return sum(each.sizeHint().width() + _APART for each in self._buttons[:count]) - _APART

    def sizeHint(self) -> QSize:
        """Room for all."""
        return QSize(self._width(len(self._buttons)), super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        """Room for those that always stay."""
        return QSize(self._width(_ALWAYS), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show as many as there is room for."""
        super().resizeEvent(event)
        for number, made in enumerate(self._buttons):
            made.setVisible(number < _ALWAYS or self._width(number + 1) <= self.width())


class TopBar(QWidget):
    """The bar.

    :ivar operation_wanted: emits the name of an operation and where a menu may open on the screen.
    """

    def __init__(self, actions: Actions) -> None:
        super().__init__()
        self.setObjectName("topBar")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.operation_wanted: Signal[str, QPoint] = Signal()
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(18, 10, 18, 10)
        self._row.setSpacing(_APART)
        self._row.addWidget(_Title())
        self._tools = _Operations()
        self._row.addWidget(self._tools)
        self.operations = {name: self._operation(name, actions) for name in OPERATIONS}
        self._row.addSpacing(10)
        self.views = self._views(actions)
        self._row.addStretch(1)
        self.record = button("●  Record", "record", "switch", "Record everything that goes over the line to a file")
        self.record.setCheckable(True)
        self.record.setToolTip(_RECORD)
        self.record.clicked.connect(lambda _: actions.by_name["record"].trigger())
        self._row.addWidget(self.record)
        self.search = SearchField()
        self._row.addWidget(self.search)
        for name, sign in (("scheme", "◐"), ("keys", "?")):
            made = button(sign, f"tool-{name}", "quiet", actions.by_name[name].text())
            made.setToolTip(f"{actions.by_name[name].text()} ({actions.by_name[name].shortcut().toString()})")
            made.clicked.connect(lambda _=False, its=name: actions.by_name[its].trigger())
            self._row.addWidget(made)

    def _operation(self, name: str, actions: Actions) -> QPushButton:
        action = actions.by_name[name]
        made = button(action.text(), f"tool-{name}", "", action.text().removesuffix("…"))
        made.setToolTip(f"{action.text()} ({action.shortcut().toString()})")
        made.clicked.connect(lambda: self.operation_wanted.emit(name, self.below(name)))
        self._tools.add(made)
        return made

    def below(self, name: str) -> QPoint:
        """Where on the screen the menu of an operation's button opens."""
        made = self.operations[name]
        return made.mapToGlobal(QPoint(0, made.height() + 2))

    def _views(self, actions: Actions) -> dict[str, QPushButton]:
        group = QButtonGroup(self)
        found = {}
        for name in ("chain", "full"):
            made = button(actions.by_name[name].text(), f"view-{name}", "switch")
            made.setCheckable(True)
            made.setChecked(name == "chain")
            made.setToolTip(f"{actions.by_name[name].text()} ({actions.by_name[name].shortcut().toString()})")
            made.clicked.connect(lambda _=False, its=name: actions.by_name[its].trigger())
            group.addButton(made)
            self._row.addWidget(made)
            found[name] = made
        return found

    def allow(self, live: bool, writable: str, recording: bool, unrecordable: str = "") -> None:
        """Which buttons act. `live`: whether there is a machine.

        :param writable: why nothing may be changed; empty: it may. `unrecordable`: why it cannot be recorded; empty: it can.
        """
        for made in self.operations.values():
            made.setEnabled(live and not writable)
            if writable:
                made.setToolTip(writable)
        self.record.setEnabled(live and not unrecordable)
        self.record.setToolTip(unrecordable or _RECORD)
        self.record.setChecked(recording)
        self.record.setText("■  Stop recording" if recording else "●  Record")
        reserve(self.record)
