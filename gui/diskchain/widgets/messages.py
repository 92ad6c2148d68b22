"""The message bar: what the user is told, instead of boxes that stand in the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from diskchain.signal import Signal
from diskchain.widgets.style import button, label, monospace

_SHOWN = 3
_ABOVE_THE_EDGE = 14
"""Pixels below the messages: the picture's scroll bar may be there."""
_INFO_MS = 12_000
_READABLE = 380
"""Pixels that a message's words and signs need beside its answers; with less, the answers stand below."""


class Level(StrEnum):
    """How much a message matters; the value is the style sheet's word."""

    INFO = "info"
    DONE = "done"
    READY = "ready"
    WARNING = "warning"
    ERROR = "error"


_WORDS = {Level.INFO: "Note", Level.DONE: "Done", Level.READY: "Ready", Level.WARNING: "Warning", Level.ERROR: "Error"}


@dataclass(frozen=True)
class Answer:
    """A button on a message. `act` is called once; the message goes away by it. `meaning`: its tool tip."""

    text: str
    act: Callable[[], object]
    primary: bool = False
    meaning: str = ""


class Message(QFrame):
    """One message: a word for its level, plain sentences, answers, details on demand."""

    def __init__(
        self, level: Level, text: str, detail: str, answers: tuple[Answer, ...], closed: Callable[[], None]
    ) -> None:
        super().__init__()
        self.setObjectName("message")
        self.setProperty("kind", "message")
        self.setProperty("level", level.value)
        self.setAccessibleName(f"{_WORDS[level]}: {text}")
        self.level, self.text, self._closed = level, text, closed
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(label(_WORDS[level], "word"))
        words = label(text)
        words.setWordWrap(True)
        words.setMinimumWidth(40)
        policy = words.sizePolicy()
        policy.setHorizontalPolicy(QSizePolicy.Policy.Expanding)
        words.setSizePolicy(policy)
        row.addWidget(words, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 6, 8, 6)
        column.addLayout(row)
        self._add_buttons(row, column, answers, detail)
        self.detail = self._detail(detail)
        column.addWidget(self.detail)

    def _add_buttons(self, row: QHBoxLayout, column: QVBoxLayout, answers: tuple[Answer, ...], detail: str) -> None:
        self._answers = QWidget(self)
        self._beside, self._below = QHBoxLayout(), QHBoxLayout()
        line = QHBoxLayout(self._answers)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        for number, answer in enumerate(answers):
            made = button(answer.text, f"messageAnswer{number + 1}", "primary" if answer.primary else "large")
            made.setToolTip(answer.meaning)
            made.clicked.connect(lambda _=False, chosen=answer: self._answer(chosen))
            line.addWidget(made)
        self._answers.setVisible(bool(answers))
        self._beside.addWidget(self._answers)
        self._below.addStretch(1)
        row.addLayout(self._beside)
        column.addLayout(self._below)
        if detail:
            self.show_button = button("Show", "messageShow", "link", "Show details")
            self.show_button.clicked.connect(self._fold)
            row.addWidget(self.show_button)
        close = button("×", "messageClose", "quiet", "Dismiss this message")
        close.setToolTip("Dismiss this message")
        close.clicked.connect(self.dismiss)
        row.addWidget(close)

    def minimumSizeHint(self) -> QSize:
        """As wide as the answers: the words can stand above them."""
        whole = super().minimumSizeHint()
        return QSize(min(whole.width(), self._answers.minimumSizeHint().width() + 40), whole.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the answers below the words where they would leave them too little room."""
        super().resizeEvent(event)
        if self._answers.isHidden():
            return
        place = self._beside if self.width() - self._answers.sizeHint().width() >= _READABLE else self._below
        if place.indexOf(self._answers) < 0:
            place.addWidget(self._answers)
            self.updateGeometry()

    def _detail(self, detail: str) -> QLabel:
        made = label(detail, tone="quiet")
        made.setObjectName("messageDetail")
        made.setFont(monospace())
        made.setWordWrap(True)
        flags = Qt.TextInteractionFlag
        made.setTextInteractionFlags(flags.TextSelectableByMouse | flags.TextSelectableByKeyboard)
        made.hide()
        return made

    def _fold(self) -> None:
        self.detail.setVisible(self.detail.isHidden())
        self.show_button.setText("Show" if self.detail.isHidden() else "Hide")

    def _answer(self, answer: Answer) -> None:
        self.dismiss()
        answer.act()

    def dismiss(self) -> None:
        """Take it away; harmless when it is away."""
        self._closed()


class MessageBar(QWidget):
    """Messages, the newest below; at most three are in sight, the others wait behind them.

    They lie over the picture's lower end, where least is, so that it never moves for them. `placed`: pixels that are covered.
    """

    def __init__(self) -> None:
        super().__init__()
        self.placed: Signal[int] = Signal()
        self._ground: QWidget | None = None
        self.setObjectName("messageBar")
        self.setAccessibleName("Messages")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(12, 0, 12, _ABOVE_THE_EDGE)
        self._column.setSpacing(6)
        self._messages: dict[str, Message] = {}
        self._more = label("", tone="quiet")
        self._column.addWidget(self._more)
        self._serial = 0
        self._arrange()

    def lie_over(self, ground: QWidget) -> None:
        """Lie over this widget's lower end from now on, as wide as it is."""
        self._ground = ground
        self.setParent(ground)
        ground.installEventFilter(self)
        self._arrange()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the ground's size."""
        if watched is self._ground and event.type() == QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)

    def event(self, event: QEvent) -> bool:
        """Follow the messages' sizes."""
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._place()
        return done

    def _place(self) -> None:
        if self._ground is None:
            return
        room = self._ground.size()
        high = min(self._column.totalHeightForWidth(room.width()), room.height()) if self._messages else 0
        self.setGeometry(0, room.height() - high, room.width(), high)
        self.raise_()
        self.placed.emit(high)

    @property
    def messages(self) -> tuple[Message, ...]:
        """What is not yet dismissed, oldest first."""
        return tuple(self._messages.values())

    def tell(
        self,
        text: str,
        level: Level = Level.INFO,
        *,
        detail: str = "",
        answers: tuple[Answer, ...] = (),
        subject: str = "",
    ) -> Message:
        """Tell the user something, by eye and to screen readers.

        :param detail: shown on demand: QEMU's own words. :param subject: a message replaces an earlier one of its subject.
        Notes and good news without answers go away by themselves after 12 seconds, good news at once where a question comes.
        """
        for old in [each for each in self.messages if answers and each.level is Level.DONE]:
            old.dismiss()
        self._serial += 1
        key = subject or f"#{self._serial}"
        self.withdraw(key)
        message = Message(level, text, detail, answers, lambda: self._drop(key, message))
        self._messages[key] = message
        self._column.addWidget(message)
        if level in {Level.INFO, Level.DONE} and not answers and not detail:
            QTimer.singleShot(_INFO_MS, message, message.dismiss)
        self._arrange()
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, message.accessibleName()))
        return message

    def tell_fault(self, text: str, detail: str) -> None:
        """Tell of a mistake of ours."""
        self.tell(text, Level.ERROR, detail=detail)

    def withdraw(self, subject: str) -> None:
        """Take back the message of this subject; harmless where there is none."""
        if message := self._messages.get(subject):
            self._drop(subject, message)

    def _drop(self, key: str, message: Message) -> None:
        if self._messages.get(key) is not message:
            return
        del self._messages[key]
        self._column.removeWidget(message)
        message.hide()
        message.deleteLater()
        self._arrange()

    def _arrange(self) -> None:
        shown = list(self._messages.values())
        for number, message in enumerate(reversed(shown)):
            message.setVisible(number < _SHOWN)
        hidden = max(len(shown) - _SHOWN, 0)
        self._more.setText(
            f"and {hidden} earlier {'message' if hidden == 1 else 'messages'}: dismiss one to see the next"
        )
        self._more.setVisible(hidden > 0)
        self.setVisible(bool(shown))
        self._place()
