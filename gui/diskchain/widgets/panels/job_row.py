"""One job as a card: what it does, how far it is, what can be done with it, and the question of a job that is ready."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout

from diskchain.model.job import Job
from diskchain.model.throughput import Meter
from diskchain.model.words import size, used_of
from diskchain.picture.palette import Palette
from diskchain.widgets.panels.bar import Bar
from diskchain.widgets.panels.choice import ChoiceBox
from diskchain.widgets.panels.limit_row import LimitRow
from diskchain.widgets.panels.lines import Elided
from diskchain.widgets.panels.numbers import Numbers, unbroken
from diskchain.widgets.style import button, label, restyle
from diskchain.widgets.words import Note, notes, progress, progress_line, state_word, tip

if TYPE_CHECKING:
    from diskchain.operations.steps import Choose

_VERBS = (
    ("pause", "Pause", "link"),
    ("resume", "Resume", "link"),
    ("speed", "Limit…", "link"),
    ("complete", "Complete", "link"),
    ("finalize", "Finish", "link"),
    ("dismiss", "Dismiss", "link"),
    ("cancel", "Cancel", "danger"),
)
_TRANSIENT = frozenset({"finalize", "dismiss"})
"""Verbs that an operation of ours does by itself while it is under way."""
_ASKED = frozenset({"complete", "speed", "cancel"})
"""Verbs that the answers to the open question stand for."""


class JobRow(QFrame):
    """A card for one job, renewed in place."""

    verb_requested = Signal(str, str, object)
    choice_made = Signal(str)
    selected = Signal(str)

    def __init__(self, job: str) -> None:
        super().__init__()
        self._job = job
        self.setObjectName(f"job-{job}")
        self.setProperty("kind", "card")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._title, self._state, self.bar = Elided(), label("", "strong"), Bar()
        self._title.setProperty("kind", "strong")
        self._numbers = Numbers()
        self._numbers.setObjectName("jobNumbers")
        self._notes: list[QLabel] = []
        self._limit: LimitRow | None = None
        self._ask = ChoiceBox()
        self._ask.made.connect(self.choice_made.emit)
        self._buttons = {verb: self._button(verb, text, kind) for verb, text, kind in _VERBS}
        self._build()

    def _button(self, verb: str, text: str, kind: str) -> QPushButton:
        made = button(text, f"{verb}-{self._job}", kind, f"{text.rstrip('…')} job {self._job}")
        made.clicked.connect(self._toggle_limit if verb == "speed" else lambda: self._act(verb, 0))
        made.hide()
        return made

    def _build(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self._title, 1)
        head.addWidget(self._state)
        foot = QHBoxLayout()
        foot.setSpacing(2)
        foot.addWidget(self._numbers, 1)
        for made in self._buttons.values():
            foot.addWidget(made, 0, Qt.AlignmentFlag.AlignTop)
        self._lines = QVBoxLayout()
        self._lines.setSpacing(2)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(14, 9, 14, 8)
        self._column.setSpacing(6)
        self._column.addLayout(head)
        self._column.addWidget(self.bar)
        self._column.addLayout(foot)
        self._column.addLayout(self._lines)
        self._column.addWidget(self._ask)

    def set_theme(self, colours: Palette) -> None:
        """Take the colours of the scheme; only the bar paints by itself."""
        self.bar.set_theme(colours)

    def show_job(
        self, job: Job, meter: Meter, *, own: bool, busy: bool, choice: Choose | None, why_not: str, waits: str = ""
    ) -> None:
        """Renew the card.

        :param job: without QEMU's own short pauses. `own`: we started it; `busy`: an operation of ours steers it.
        :param choice: the open question about it. `why_not`: why nothing may be done here; empty: it may.
        :param waits: why it is not let end yet, in a sentence.
        """
        word, tone = state_word(job)
        title = meter.title(job).long
        offset, length = progress(job, meter)
        _put(self._title, title, "")
        _put(self._state, word, tone)
        done = job.ready or job.status in ("pending", "waiting") or (job.status == "concluded" and not job.error)
        self.bar.show_share(1.0 if done else offset / length if length else 0.0, "green" if tone == "quiet" else tone)
        said = choice.question if choice is not None else waits or unbroken(progress_line(job, meter))
        _put(self._numbers, said, "amber" if waits else "quiet")
        exact = tip(job, meter)
        if self.toolTip() != exact:
            self.setToolTip(exact)
        self._show_notes(list(notes(job, meter, own, choice is not None or busy)))
        apart = set(_ASKED if choice is not None else ()) | set(_TRANSIENT if busy else ())
        self._show_verbs({verb for verb in self._buttons if not why_not and verb not in apart and job.allows(verb)})
        self._ask.show_choice(choice)
        if self._limit is not None:
            self._limit.show_limit(job.speed)
        spoken = f"{title}, {word}, {progress_line(job, meter)}"
        if self.accessibleName() != spoken:
            self.setAccessibleName(spoken)
        if self.property("asks") != (choice is not None):
            restyle(self, asks=choice is not None)

    def show_last(self, job: Job, meter: Meter, word: str) -> None:
        """Renew the card where nobody knows it as it is now: grey, without verbs, with the numbers that were told last.

        :param word: how it stands: `unknown`, where the line is lost.
        """
        title = meter.title(job).long
        offset, length = progress(job, meter)
        _put(self._title, title, "quiet")
        _put(self._state, word, "quiet")
        self.bar.show_share(offset / length if length else 0.0, "grey")
        last = f"last seen at {used_of(offset, length) if length else size(offset)}"
        _put(self._numbers, unbroken(last))
        self._show_notes([])
        for made in self._buttons.values():
            made.hide()
        self._ask.show_choice(None)
        self._close_limit()
        self.setToolTip("")
        self.setAccessibleName(f"{title}, {word}, {last}")
        restyle(self, asks=False)

    def _show_verbs(self, shown: Set[str]) -> None:
        """Show these buttons; those that come come first: what hides leaves its keys to what is in sight then."""
        for verb in sorted(self._buttons, key=lambda verb: verb not in shown):
            self._buttons[verb].setVisible(verb in shown)

    def _show_notes(self, found: Sequence[Note]) -> None:
        while len(self._notes) > len(found):
            self._notes.pop().deleteLater()
        while len(self._notes) < len(found):
            line = label("", tone="quiet")
            line.setWordWrap(True)
            self._notes.append(line)
            self._lines.addWidget(line)
        for line, note in zip(self._notes, found, strict=True):
            _put(line, note.text, note.tone)

    def _toggle_limit(self) -> None:
        if self._limit is not None:
            self._close_limit()
            return
        self._limit = LimitRow(self._job)
        self._limit.chosen.connect(self._set_limit)
        self._limit.closed.connect(self._close_limit)
        self._column.addWidget(self._limit)
        self._limit.field.setFocus()

    def _set_limit(self, speed: int) -> None:
        self._close_limit()
        self._act("speed", speed)

    def _close_limit(self) -> None:
        if self._limit is not None:
            self._limit.hide()
            self._limit.deleteLater()
            self._limit = None
            self._buttons["speed"].setFocus()

    def _act(self, verb: str, speed: int) -> None:
        self.verb_requested.emit(self._job, verb, speed)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click selects what the job works on."""
        self.selected.emit(self._job)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return and space select."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.selected.emit(self._job)
        else:
            super().keyPressEvent(event)


def _put(shown: QLabel, text: str, tone: str | None = None) -> None:
    """Exchange text and tone, only where they differ: both cost a new layout."""
    if shown.text() != text:
        shown.setText(text)
    if tone is not None and shown.property("tone") != tone:
        restyle(shown, tone=tone)
