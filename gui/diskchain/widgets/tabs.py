"""The tabs below the canvas."""

from __future__ import annotations

from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from diskchain.signal import Signal
from diskchain.widgets.style import button, reserve


class Tabs(QWidget):
    """Panels of which one is in sight.

    :ivar turned: emits the name of the panel that came into sight.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("lowerPanel")
        self.turned: Signal[str] = Signal()
        self._row = QHBoxLayout()
        self._row.setContentsMargins(16, 4, 16, 2)
        self._row.setSpacing(26)
        self._row.addStretch(1)
        self._group = QButtonGroup(self)
        self._stack = QStackedWidget()
        self._buttons: dict[str, QPushButton] = {}
        self._panels: dict[str, QWidget] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(self._row)
        column.addWidget(self._stack, 1)

    def add(self, name: str, title: str, panel: QWidget) -> None:
        """Add a panel; the first one is in sight."""
        made = button(title, f"tab-{name}", "tab")
        made.setCheckable(True)
        made.clicked.connect(lambda: self.turn(name))
        self._group.addButton(made)
        self._row.insertWidget(len(self._buttons), made)
        self._buttons[name], self._panels[name] = made, panel
        self._stack.addWidget(panel)
        if len(self._buttons) == 1:
            made.setChecked(True)

    def turn(self, name: str) -> None:
        """Bring a panel into sight; an unknown name is harmless."""
        if name in self._panels:
            self._buttons[name].setChecked(True)
            self._stack.setCurrentWidget(self._panels[name])
            self.turned.emit(name)

    def retitle(self, name: str, title: str) -> None:
        """Exchange the words on a tab."""
        if name in self._buttons and self._buttons[name].text() != title:
            self._buttons[name].setText(title)
            self._buttons[name].setAccessibleName(title)
            reserve(self._buttons[name])

    @property
    def current(self) -> str:
        """The name of the panel in sight; empty: there is none."""
        return next((name for name, panel in self._panels.items() if panel is self._stack.currentWidget()), "")
