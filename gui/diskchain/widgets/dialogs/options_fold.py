"""The folding section of a preview with the operation's options: it keeps the form while that is the right one."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from diskchain.operations.operation import Operation
from diskchain.operations.preview import Preview
from diskchain.operations.steps import Choose
from diskchain.signal import Signal
from diskchain.widgets.dialogs.options import OptionsForm, remark
from diskchain.widgets.panels.lines import Fold


class OptionsFold(Fold):
    """The section; hidden where there is nothing to choose.

    :ivar edited: emits the operation with the options as they now are. `judged`: what is wrong with them changed.
    :ivar replaced: another form takes the place of the one before.
    """

    def __init__(self) -> None:
        holder = QWidget()
        self._inside = QVBoxLayout(holder)
        self._inside.setContentsMargins(0, 0, 0, 0)
        super().__init__("Options", "previewOptions", holder)
        self.edited: Signal[Operation] = Signal()
        self.judged: Signal[[]] = Signal()
        self.replaced: Signal[[]] = Signal()
        self.form: OptionsForm | None = None

    @property
    def wrong(self) -> str:
        """See `OptionsForm.wrong`."""
        return self.form.wrong if self.form is not None else ""

    @property
    def has_keys(self) -> bool:
        """Whether the user is in one of its fields."""
        keys = self.window().focusWidget()
        return keys is not None and self.form is not None and self.form.isAncestorOf(keys)

    def show_preview(self, preview: Preview, anew: bool) -> None:
        """Show the options of a preview's operation. `anew`: it is the first preview of this operation."""
        two_phased = any(isinstance(step, Choose) for step in preview.draft.steps)
        form = self.form
        if form is not None and not anew and not preview.allowed:
            two_phased = form.two_phased  # what cannot be done has no steps yet
        if form is None or anew or not (form.typing or form.fits(preview.operation, two_phased)):
            form = self._replace(preview.operation, two_phased, None if anew else form)
        form.keep(preview.operation)
        self.setVisible(not form.void)
        if anew and any(not objection.lifts for objection in preview.objections):
            self.head.setChecked(True)  # what is wrong, or not said yet, may be mended there
        self.remark.setText(remark(preview.operation))

    def _replace(self, operation: Operation, two_phased: bool, old: OptionsForm | None) -> OptionsForm:
        self.replaced.emit()
        made = OptionsForm(operation, two_phased)
        made.edited.connect(self.edited.emit)
        made.judged.connect(self.judged.emit)
        self._inside.addWidget(made)
        if old is not None and self.has_keys:
            made.go_on(old)
        if self.form is not None:
            self._inside.removeWidget(self.form)
            self.form.rest()
            self.form.hide()
            self.form.deleteLater()
        self.form = made
        return made

    def begin(self, preview: Preview) -> bool:
        """Give the keys to the first field that still has to be filled in; whether there is one."""
        asked = [objection.asks for objection in preview.objections if objection.asks]
        return bool(asked) and self.form is not None and self.form.begin(asked[0])

    def finish(self) -> None:
        """Take what was typed last."""
        if self.form is not None:
            self.form.finish()

    def rest(self) -> None:
        """Take nothing any more of what was typed last."""
        if self.form is not None:
            self.form.rest()
