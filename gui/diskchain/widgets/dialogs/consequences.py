"""What an operation does to files, what speaks against it, and what wants one more yes."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from diskchain.operations.operation import Operation
from diskchain.operations.preview import Preview
from diskchain.signal import Signal
from diskchain.widgets.boxed import boxed
from diskchain.widgets.dialogs.options import dropped, lifted
from diskchain.widgets.dialogs.said import headline, in_window, shared_folder
from diskchain.widgets.panels.lines import Rule, empty
from diskchain.widgets.panels.paths import Paths
from diskchain.widgets.style import label
from diskchain.widgets.wrapped import wrapped

_HEAD = 78
"""Width of the words before paths, in pixels."""


class Consequences(QWidget):
    """Sections that are only there where they have something to say.

    :ivar ticked: a sentence was ticked or unticked. `lifted`: emits the operation with an objection lifted, or not any more.
    """

    def __init__(self) -> None:
        super().__init__()
        self.ticked: Signal[[]] = Signal()
        self.lifted: Signal[Operation] = Signal()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        self._boxes: list[QCheckBox] = []
        self._leaves: dict[str, str] = {}

    @property
    def missing(self) -> int:
        """How many sentences still want a tick."""
        return sum(not box.isChecked() for box in self._boxes)

    def show_preview(self, preview: Preview, keep_ticks: bool) -> None:
        """Show what is to be said of a preview. `keep_ticks`: what was ticked before stays so, sentence by sentence."""
        said = {box.accessibleName() for box in self._boxes if box.isChecked()} if keep_ticks else set()
        if not keep_ticks:
            self._leaves = {}
        empty(self._column)
        self._boxes = []
        self._show_objections(preview)
        self._show_files(preview)
        for warning in preview.warnings:
            self._column.addWidget(_marked("!", warning, "amber"))
        for sentence in preview.draft.confirm:
            box = _box(sentence, f"previewConfirm{len(self._boxes) + 1}")
            box.setChecked(sentence in said)
            box.toggled.connect(lambda _: self.ticked.emit())
            self._boxes.append(box)
            self._column.addWidget(boxed(box, sentence))
        self.setVisible(self._column.count() > 0)
        if self._column.count():
            self._column.addWidget(Rule())

    def _show_objections(self, preview: Preview) -> None:
        if preview.objections and all(objection.lifts for objection in preview.objections):
            self._column.addWidget(_marked("!", "Wants one more yes", "amber", "strong"))
        elif any(not objection.lifts and not objection.asks for objection in preview.objections):
            self._column.addWidget(_marked("✕", "Not possible as things are", "red", "strong"))
        for number, objection in enumerate(preview.objections):
            if objection.asks:
                self._column.addWidget(wrapped(in_window(objection.text), tone="quiet"))
                continue
            if not objection.lifts:
                self._column.addWidget(_indented(in_window(objection.text)))
                continue
            self._leaves[objection.lifts] = in_window(objection.text)
            self._add_leave(preview, objection.lifts, False, number)
        for number, lifts in enumerate(self._leaves):
            if lifts not in {objection.lifts for objection in preview.objections}:
                self._add_leave(preview, lifts, True, number + 100)

    def _add_leave(self, preview: Preview, lifts: str, given: bool, number: int) -> None:
        """A box that lifts an objection: what it says and what the user agrees to."""
        agreed = f"{self._leaves[lifts]} Do it nevertheless."
        box = _box(agreed, f"previewLift{number + 1}")
        box.setChecked(given)
        act = dropped if given else lifted
        box.toggled.connect(lambda _: self.lifted.emit(act(preview.operation, lifts)))
        self._column.addWidget(boxed(box, agreed))

    def _show_files(self, preview: Preview) -> None:
        draft = preview.draft
        if words := headline(preview):
            tone = "red" if draft.invalid else "amber"
            self._column.addWidget(_marked("●", words, tone, "strong"))
        block = QVBoxLayout()
        block.setSpacing(3)
        whole = (*draft.changed, *draft.invalid, *draft.created)
        folder = shared_folder(whole)
        if folder:
            block.addWidget(_paths("Folder", (folder,), ""))
        if draft.changed:
            block.addWidget(_paths("Changes", draft.changed, folder))
        if draft.invalid:
            block.addWidget(_paths("Invalid then", draft.invalid, folder))
            those = "They are" if len(draft.invalid) > 1 else "It is"
            block.addWidget(_indented(f"{those} kept, but must not be used again."))
        if draft.created:
            block.addWidget(_paths("New", draft.created, folder))
        if draft.closes:
            block.addWidget(_indented(f"Closed afterwards: {', '.join(map(preview.before.naming.of, draft.closes))}"))
        self._add_block(block)

    def _add_block(self, block: QVBoxLayout) -> None:
        if block.count():
            block.setContentsMargins(0, 0, 0, 0)
            holder = QWidget()
            holder.setLayout(block)
            self._column.addWidget(holder)


def _box(sentence: str, name: str) -> QCheckBox:
    made = QCheckBox()
    made.setText("")
    made.setObjectName(name)
    made.setAccessibleName(sentence)
    made.setToolTip(sentence)
    return made


def _marked(mark: str, text: str, tone: str, kind: str = "") -> QWidget:
    row = QWidget()
    inner = QHBoxLayout(row)
    inner.setContentsMargins(0, 0, 0, 0)
    inner.setSpacing(10)
    sign = label(mark, "strong", tone)
    sign.setFixedWidth(12)
    inner.addWidget(sign, 0, Qt.AlignmentFlag.AlignTop)
    inner.addWidget(wrapped(text, kind, tone if kind else ""), 1)
    return row


def _indented(text: str) -> QWidget:
    made = wrapped(text, tone="quiet")
    made.setContentsMargins(22, 0, 0, 0)
    return made


def _paths(head: str, paths: Iterable[str], folder: str) -> QWidget:
    """Paths, to be selected and copied, breaking wherever they have to; without the folder that was named before them."""
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(22, 0, 0, 0)
    row.setSpacing(8)
    words = label(head, tone="quiet")
    words.setFixedWidth(_HEAD)
    row.addWidget(words, 0, Qt.AlignmentFlag.AlignTop)
    row.addWidget(Paths([path.removeprefix(folder) for path in paths], head), 1)
    return holder
