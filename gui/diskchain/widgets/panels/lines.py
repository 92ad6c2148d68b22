"""Small parts that panels are made of: lines of label and value, folding sections, text to copy."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLayout,
    QPlainTextEdit,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from diskchain.widgets.panels.facts import Fact
from diskchain.widgets.style import Button, button, label, monospace, restyle

_COPIED_MS = 1500
_LONGEST_WORD = 24
"""Letters of a word that a sentence can still be wrapped with; a longer one would be cut off at its end."""


class Elided(QLabel):
    """A label that loses the middle of its text where it is too narrow; whoever uses it has the whole in a tool tip.

    :ivar loses: what it loses: the middle (names that differ at their ends), or the end (words of falling weight).
    """

    def __init__(self, text: str = "", loses: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle) -> None:
        super().__init__(text)
        self.loses = loses
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def minimumSizeHint(self) -> QSize:
        """Narrower than its text."""
        return QSize(24, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint as much as there is room for."""
        if self.wordWrap():
            super().paintEvent(event)
            return
        shown = self.fontMetrics().elidedText(self.text(), self.loses, self.contentsRect().width())
        if shown == self.text():
            super().paintEvent(event)
            return
        painter = QPainter(self)
        painter.setPen(self.palette().windowText().color())
        painter.drawText(self.contentsRect(), self.alignment(), shown)


class FactLines(QWidget):
    """Lines of a quiet label at the left and its value at the right. Lines with the same labels are kept and renewed."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(14)
        self._grid.setVerticalSpacing(7)
        self._grid.setColumnStretch(1, 1)
        self._rows: list[tuple[QLabel, Elided]] = []

    def show_facts(self, facts: Sequence[Fact], tones: dict[str, str] | None = None) -> None:
        """Show these lines. `tones`: label -> tone of its value (see the style sheet)."""
        while len(self._rows) > len(facts):
            for widget in self._rows.pop():
                self._grid.removeWidget(widget)
                widget.deleteLater()
        while len(self._rows) < len(facts):
            self._add()
        for (name, value), fact in zip(self._rows, facts, strict=True):
            if name.text() != fact.label:
                name.setText(fact.label)
            if value.text() != fact.value:
                value.setText(fact.value)
                value.setAccessibleName(f"{fact.label}: {fact.value}")
            _wrap(value, fact)
            value.setToolTip(fact.whole or (fact.value if len(fact.value) > 24 else ""))
            tone = (tones or {}).get(fact.label, "")
            if value.property("tone") != tone:
                restyle(value, tone=tone)

    def _add(self) -> None:
        name, value = label("", tone="quiet"), Elided()
        value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        row = len(self._rows)
        self._grid.addWidget(name, row, 0)
        self._grid.addWidget(value, row, 1)
        self._rows.append((name, value))


def _wrap(value: Elided, fact: Fact) -> None:
    """Sentences take several lines; paths and names lose their middle."""
    longest = max(map(len, fact.value.split()), default=0)
    wraps = " " in fact.value and "/" not in fact.value and longest <= _LONGEST_WORD
    if wraps != value.wordWrap():
        value.setWordWrap(wraps)
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(wraps)
        value.setSizePolicy(policy)


class Rule(QFrame):
    """A thin line between sections."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "rule")


class Fold(QWidget):
    """A section with a heading that opens and closes it; a remark stands at the right of the heading."""

    def __init__(self, title: str, name: str, content: QWidget) -> None:
        super().__init__()
        self._title, self.content = title, content
        self.head = button("", name, "fold", title)
        self.head.setCheckable(True)
        self.head.toggled.connect(self._turn)
        self.remark = label("", tone="quiet")
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.head)
        row.addStretch(1)
        row.addWidget(self.remark)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(row)
        column.addWidget(content)
        self._turn(False)

    def _turn(self, opened: bool) -> None:
        self.head.setText(f"{'▾' if opened else '▸'} {self._title}")
        self.content.setVisible(opened)


class Code(QPlainTextEdit):
    """Text to read and to copy, in letters of fixed width; never markup, never changed by the user."""

    def __init__(self, name: str, about: str, lines: int) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(about)
        self.setReadOnly(True)
        self.setTabChangesFocus(True)
        self.setFont(monospace())
        self.setMinimumHeight(self.fontMetrics().lineSpacing() * lines + 14)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )

    def show_text(self, text: str) -> None:
        """Exchange the text, unless it is the same, so that a selection stays."""
        if self.toPlainText() != text:
            self.setPlainText(text)


class Link(Button):
    """A button in words that loses the middle of them where it is too narrow."""

    def __init__(self, text: str, name: str) -> None:
        super().__init__(text)
        self.setObjectName(name)
        self.setAccessibleName(text)
        self.setProperty("kind", "link")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._whole = text

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the words to the room."""
        super().resizeEvent(event)
        self.setText(self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideMiddle, self.width() - 12))


def empty(layout: QLayout, keep: int = 0) -> None:
    """Take the widgets out of a layout, but for the last `keep` items, and let Qt delete them."""
    while layout.count() > keep:
        item = layout.takeAt(0)
        widget = item.widget() if item is not None else None
        if widget is not None:
            widget.hide()
            widget.deleteLater()


class CopyButton(Button):
    """Puts a text on the clipboard, and says for a moment that it did.

    :param told: gives the text when the button is pressed.
    """

    def __init__(self, words: str, name: str, about: str, told: Callable[[], str]) -> None:
        super().__init__(words)
        self.setObjectName(name)
        self.setAccessibleName(about)
        self.setProperty("kind", "link")
        self._words, self._told = words, told
        self._back = QTimer(self)
        self._back.setSingleShot(True)
        self._back.timeout.connect(lambda: self.setText(self._words))
        self.clicked.connect(self._copy)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._told())
        self.setMinimumWidth(self.width())  # its neighbours stay where they are
        self.setText("Copied")
        self._back.start(_COPIED_MS)
