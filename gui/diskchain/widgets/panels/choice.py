"""The question of a job that is ready, as buttons with what each of them means: side by side where there is room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QWidget

from diskchain.signal import Signal
from diskchain.widgets.panels.lines import empty
from diskchain.widgets.style import button, label

if TYPE_CHECKING:
    from diskchain.operations.steps import Branch, Choose

_GAP = 10
"""Pixels between two answers."""


class ChoiceBox(QWidget):
    """The answers to one question; hidden while there is none.

    :ivar made: emits the key of the branch that was chosen.
    """

    def __init__(self) -> None:
        super().__init__()
        self.made: Signal[str] = Signal()
        self._question: Choose | None = None
        self._answers: list[tuple[QPushButton, QLabel]] = []
        self._beside: bool | None = None
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(_GAP)
        self._grid.setVerticalSpacing(4)
        self.hide()

    def minimumSizeHint(self) -> QSize:
        """As wide as the widest answer: they can stand below each other."""
        whole = super().minimumSizeHint()
        return QSize(max((made.minimumSizeHint().width() for made, _ in self._answers), default=0), whole.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Arrange them anew where they now fit beside each other, or fit no more."""
        super().resizeEvent(event)
        self._arrange()

    def show_choice(self, choice: Choose | None) -> None:
        """Show the answers to this question; None: there is no question. The same one again changes nothing."""
        if choice is self._question:
            return
        self._question, self._beside = choice, None
        empty(self._grid)
        branches = choice.branches if choice is not None else ()
        self._answers = [self._answer(branch, primary=number == 0) for number, branch in enumerate(branches)]
        self._arrange()
        self.setVisible(choice is not None)

    def _answer(self, branch: Branch, primary: bool) -> tuple[QPushButton, QLabel]:
        kind = "primary" if primary else "large"
        made = button(branch.label, f"choose-{branch.key}", kind, f"{branch.label}: {branch.meaning}")
        made.setToolTip(branch.meaning)
        made.clicked.connect(lambda: self.made.emit(branch.key))
        meaning = label(branch.meaning, tone="quiet")
        meaning.setWordWrap(True)
        return made, meaning

    def _arrange(self) -> None:
        beside = sum(made.sizeHint().width() + _GAP for made, _ in self._answers) - _GAP <= self.width()
        if beside == self._beside:
            return
        self._beside = beside
        for number, (made, meaning) in enumerate(self._answers):
            row, column = (0, number) if beside else (2 * number, 0)
            self._grid.addWidget(made, row, column)
            self._grid.addWidget(meaning, row + 1, column, Qt.AlignmentFlag.AlignTop)
            self._grid.setColumnStretch(number, 1 if beside or not number else 0)
        self.updateGeometry()
