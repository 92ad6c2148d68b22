"""Full paths to read and to copy, none of it out of sight."""

from __future__ import annotations

import math
from collections.abc import Iterable

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QTextLayout, QTextOption
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QSizePolicy

from diskchain.widgets.style import monospace

_WRAP = QTextOption.WrapMode.WrapAnywhere
_SPARE = 4
"""Pixels below the last line."""


class Paths(QPlainTextEdit):
    """Full paths, one a line, broken wherever they have to; as high as they are, so that none is out of sight.

    The layout asks for the height: where it was set after each change of the width, a change within that was lost.
    """

    def __init__(self, paths: Iterable[str], about: str) -> None:
        super().__init__("\n".join(paths))
        self.setObjectName("paths")
        self.setAccessibleName(f"{about} {self.toPlainText()}")
        self.setProperty("kind", "paths")
        self.setReadOnly(True)
        self.setTabChangesFocus(True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setFont(monospace())
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWordWrapMode(_WRAP)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().setDocumentMargin(0)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def heightForWidth(self, width: int) -> int:
        """The height that the lines need at this width."""
        option = QTextOption()
        option.setWrapMode(_WRAP)
        high = 0.0
        for path in self.toPlainText().split("\n"):
            laid = QTextLayout(path, self.font())
            laid.setTextOption(option)
            laid.beginLayout()
            while (line := laid.createLine()).isValid():
                line.setLineWidth(width)
                high += line.height()
            laid.endLayout()
        return math.ceil(high) + _SPARE

    def minimumSizeHint(self) -> QSize:
        """One line of some letters."""
        return QSize(24, self.fontMetrics().lineSpacing() + _SPARE)

    def sizeHint(self) -> QSize:
        """As it is now."""
        return QSize(super().sizeHint().width(), self.heightForWidth(self.width()))
