"""The same thing elsewhere: how other tools are asked about what is selected, each with a button that copies it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from diskchain.widgets.panels.lines import CopyButton, Fold, empty
from diskchain.widgets.panels.paths import Paths
from diskchain.widgets.style import label

if TYPE_CHECKING:
    from diskchain.operations.asking import Asked


class Elsewhere(Fold):
    """A folding section with a block for each tool; not there while no tool has words for the selection."""

    def __init__(self) -> None:
        self._blocks = QWidget()
        self._column = QVBoxLayout(self._blocks)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        self._asked: tuple[Asked, ...] = ()
        super().__init__("The same elsewhere", "inspectorElsewhere", self._blocks)
        self.setToolTip("How other tools show what is selected here. None of these changes anything.")
        self.hide()

    def show_asked(self, asked: Sequence[Asked]) -> None:
        """Show how each tool asks; the same again changes nothing."""
        self.setVisible(bool(asked))
        if tuple(asked) == self._asked:
            return
        self._asked = tuple(asked)
        empty(self._column)
        for each in self._asked:
            self._column.addWidget(_block(each))


def _block(asked: Asked) -> QWidget:
    """One tool: its name, the button, the words, whole and broken where they have to be."""
    take = CopyButton("Copy", f"elsewhereCopy-{asked.tool}", f"Copy the words for {asked.tool}", lambda: asked.text)
    head = QHBoxLayout()
    head.addWidget(label(asked.tool, "strong", "quiet"))
    head.addStretch(1)
    head.addWidget(take)
    made = QWidget()
    column = QVBoxLayout(made)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(2)
    column.addLayout(head)
    column.addWidget(Paths(asked.text.splitlines(), asked.tool))
    return made
