"""The preview sheet: what an operation would do, said before anything is sent. Only its button acts."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from diskchain.operations.operation import Operation
from diskchain.operations.preview import Preview
from diskchain.signal import Signal
from diskchain.widgets.dialogs.bringing import Bringing
from diskchain.widgets.dialogs.commands import Commands
from diskchain.widgets.dialogs.consequences import Consequences
from diskchain.widgets.dialogs.options_fold import OptionsFold
from diskchain.widgets.dialogs.said import facts_of, shortened
from diskchain.widgets.panels.lines import FactLines, Rule
from diskchain.widgets.style import button, restyle
from diskchain.widgets.wrapped import wrapped

_FIRST = 2
"""Lines that stand above what becomes of files: how much moves, and what the guest feels of it."""

_LONGEST_VERB = 20
"""Letters that the button has room for beside the one that leaves, in the narrowest column."""


class PreviewSheet(QWidget):
    """One preview at a time, in the right column.

    :ivar run: emits the preview that got its yes. `cancelled`: the user does not want it.
    :ivar edited: emits the operation with other options, or with an objection lifted: it is to be prepared anew.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("previewSheet")
        self.setAccessibleName("Preview")
        self.run: Signal[Preview] = Signal()
        self.cancelled: Signal[[]] = Signal()
        self.edited: Signal[Operation] = Signal()
        self.preview: Preview | None = None
        self._wanted: Operation | None = None
        self._hurried = False
        self._offline = ""
        self._settled = QTimer(self)
        self._settled.setSingleShot(True)
        self._settled.timeout.connect(self._settle)
        self._build()

    def _build(self) -> None:
        self._title = wrapped("", "title")
        self._title.setObjectName("previewTitle")
        self._state = wrapped("", tone="quiet")
        self._state.setObjectName("previewState")
        self._lines, self._more = FactLines(), FactLines()
        self._consequences = Consequences()
        self._consequences.ticked.connect(self._judge)
        self._consequences.lifted.connect(self._edit)
        self._options = OptionsFold()
        self._options.head.toggled.connect(self._options_turned)
        self._options.edited.connect(self._edit)
        self._options.judged.connect(self._options_judged)
        self._commands = Commands()
        self._why = wrapped("", tone="amber")
        self._why.setObjectName("previewWhy")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._scrolled(), 1)
        self._options.replaced.connect(self._area.forget)
        self._below = self._foot()
        column.addWidget(self._below)

    def _scrolled(self) -> Bringing:
        inside = QWidget()
        inside.setObjectName("previewInside")
        self._inside = column = QVBoxLayout(inside)
        column.setContentsMargins(20, 14, 18, 8)
        column.setSpacing(10)
        for part in (self._title, self._state, self._lines, Rule(), self._consequences, self._more, self._options):
            column.addWidget(part)
        column.addStretch(1)
        self._area = Bringing(inside, "previewScroll")
        return self._area

    def _foot(self) -> QWidget:
        """What is never scrolled away: the commands' heading, why the button waits, the buttons."""
        foot = QWidget()
        column = QVBoxLayout(foot)
        column.setContentsMargins(20, 0, 18, 14)
        column.setSpacing(8)
        column.addWidget(Rule())
        column.addWidget(self._commands)
        column.addWidget(self._why)
        column.addLayout(self._buttons())
        return foot

    def _buttons(self) -> QHBoxLayout:
        self._cancel = button("Cancel", "previewCancel", "large")
        self._cancel.clicked.connect(self.cancelled.emit)
        self._run: QPushButton = button("Run", "previewRun", "primary")
        self._run.clicked.connect(self._yes)
        row = QHBoxLayout()
        row.setSpacing(10)
        row.addWidget(self._cancel, 2)
        row.addWidget(self._run, 3)
        return row

    def show_preview(self, preview: Preview, speed: float | None, notice: str = "") -> None:
        """Show what would happen.

        :param speed: bytes per second that jobs reached here before, None: not known. :param notice: why it is shown again.
        """
        anew = self.preview is None or type(self.preview.operation) is not type(preview.operation)
        # One of the machine as it now is may overtake the one with the options that were just entered.
        late = self._wanted if self.preview is not None and self.preview.operation == preview.operation else None
        late = late if late != preview.operation else None
        if self._hurried and late is None:
            notice = notice or "This is the preview with what you just entered. Nothing has been sent yet."
            self._hurried = False
        self.preview, self._wanted = preview, late
        self._title.setText(preview.draft.title)
        self._state.setText(notice or "Nothing has been sent yet.")
        restyle(self._state, tone="amber" if notice else "quiet")
        facts, tones = facts_of(preview, speed)
        self._lines.show_facts(facts[:_FIRST], tones)
        self._more.show_facts(facts[_FIRST:], tones)
        self._consequences.show_preview(preview, keep_ticks=not anew)
        if late is None:
            self._options.show_preview(preview, anew)
        self._commands.show_commands(preview)
        # Beside a button that cancels a job, the one that leaves must not say the same.
        leaving = "Back" if preview.draft.verb.startswith("Cancel") else "Cancel"
        self._cancel.setText(leaving)
        self._cancel.setAccessibleName(leaving)
        self._run.setText(shortened(preview.draft.verb, _LONGEST_VERB))
        self._run.setAccessibleName(preview.draft.verb)
        self._judge()
        self._settled.start(0)
        if anew or notice:
            self._area.verticalScrollBar().setValue(0)
            self._give_keys(preview, anew)
        if late is not None:
            self._edit(late)

    def _give_keys(self, preview: Preview, anew: bool) -> None:
        """The keys go to what is to be filled in, else to a button; who types goes on typing."""
        if not (self._options.begin(preview) if anew else self._options.has_keys):
            (self._run if self._run.isEnabled() else self._cancel).setFocus(Qt.FocusReason.OtherFocusReason)

    def _edit(self, operation: Operation) -> None:
        """Have it prepared with other options; until that is in sight, the button does not act."""
        if self.preview is not None:  # a field tells what it holds also when the sheet is put away
            self._wanted = operation
            self.edited.emit(operation)

    def _options_turned(self, opened: bool) -> None:
        if opened:
            self._area.bring(self._options.content, self._options.head)

    def _options_judged(self) -> None:
        self._judge()
        if self._options.wrong and self._options.form is not None:
            self._area.bring(self._options.form.complaint)

    def _settle(self) -> None:
        """Open the commands where all that is said above them stays in sight, once that has its height."""
        told = self._inside.totalHeightForWidth(self._area.viewport().width())
        rest = self.height() - self._below.sizeHint().height() - self._commands.hidden_height
        self._commands.suggest(told <= rest)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """There is other room now."""
        super().resizeEvent(event)
        self._settled.start(0)

    def _judge(self) -> None:
        """Whether the button may act, and why not."""
        preview = self.preview
        if preview is None:
            return
        missing = self._consequences.missing + sum(bool(objection.lifts) for objection in preview.objections)
        why = ""
        if self._offline:
            why = self._offline
        elif self._options.wrong:
            why = self._options.wrong
        elif any(not objection.lifts and not objection.asks for objection in preview.objections):
            why = "It cannot be done: see the reasons above."
        elif any(objection.asks for objection in preview.objections):
            why = "Something is still to be filled in."
        elif missing:
            why = "Tick the sentence above first." if missing == 1 else f"Tick the {missing} sentences above first."
        self._why.setText(why)
        self._why.setVisible(bool(why))
        self._run.setEnabled(not why)
        self._run.setToolTip(why or preview.draft.verb)

    def _yes(self) -> None:
        """Emit the preview, unless what is entered is not what is in sight: then that is to be seen first."""
        self._options.finish()
        self._hurried = self._wanted is not None
        if self.preview is not None and self._run.isEnabled() and not self._hurried:
            self.run.emit(self.preview)

    def show_line(self, why: str) -> None:
        """Say how the line to the machine stands. `why`: why nothing can be sent over it now; empty: it is open."""
        self._offline = why
        self._judge()

    def leave(self) -> None:
        """Forget the preview."""
        self.preview = self._wanted = None
        self._hurried = False
        self._options.rest()
