"""The exact commands of a plan, in the words of the tools that people have."""

from __future__ import annotations

from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from diskchain.operations.preview import Preview
from diskchain.operations.scripts import script
from diskchain.operations.virsh import virsh
from diskchain.widgets.panels.lines import Code, CopyButton, Fold
from diskchain.widgets.style import button

_DIALECTS = ("qmp-shell", "QMP", "virsh")
_LEAST, _MOST = 4, 7
"""Lines in sight at once."""


def _said(preview: Preview, dialect: str) -> str:
    """A plan in a dialect; empty where that has no words for it."""
    if dialect == "virsh":
        return virsh(preview) or ""
    return script(preview, "QMP" if dialect == "QMP" else "qmp-shell")


class Commands(QWidget):
    """A heading that is always in sight and opens them; a choice of dialect, and a button that copies all of them."""

    def __init__(self) -> None:
        super().__init__()
        self._texts: dict[str, str] = {}
        self._chosen = _DIALECTS[0]
        self._wanted: bool | None = None
        self._group = QButtonGroup(self)
        self._buttons: dict[str, QPushButton] = {}
        self._code = Code("previewCommands", "Commands", _LEAST)
        self._body = self._made_body()
        self._fold = Fold("Commands", "previewCommandsFold", self._body)
        self._fold.head.clicked.connect(self._choose_fold)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._fold)

    def _made_body(self) -> QWidget:
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(5)
        for name in _DIALECTS:
            made = button(name, f"dialect-{name}", "choice", f"Show the commands as {name}")
            made.setCheckable(True)
            made.setChecked(name == self._chosen)
            made.clicked.connect(lambda _=False, chosen=name: self._choose(chosen))
            self._group.addButton(made)
            self._buttons[name] = made
            row.addWidget(made)
        row.addStretch(1)
        about = "Copy the commands as a script"
        take = CopyButton("Copy", "previewCopy", about, lambda: f"{self._texts.get(self._chosen, '')}\n")
        take.setToolTip("Copy them all as a script")
        row.addWidget(take)
        body = QWidget()
        inner = QVBoxLayout(body)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(6)
        inner.addLayout(row)
        inner.addWidget(self._code)
        return body

    @property
    def hidden_height(self) -> int:
        """Pixels that it would need beyond what it has, to be open; 0: it is open."""
        return 0 if self._fold.head.isChecked() else self._body.sizeHint().height() + 6

    def suggest(self, opened: bool) -> None:
        """Open or fold it, unless the user has said by a click what he wants."""
        if self._wanted is None:
            self._fold.head.setChecked(opened)

    def _choose_fold(self) -> None:
        self._wanted = self._fold.head.isChecked()

    def show_commands(self, preview: Preview) -> None:
        """Show what would be sent, in the order in which it would be sent."""
        self._texts = {name: _said(preview, name) for name in _DIALECTS}
        count = sum(not line.startswith("#") for line in self._texts["QMP"].splitlines())
        self._fold.remark.setText(f"{count} {'command' if count == 1 else 'commands'}" if count else "none")
        self._buttons["virsh"].setVisible(bool(self._texts["virsh"]))
        if not self._texts[self._chosen]:
            self._buttons[_DIALECTS[0]].setChecked(True)
            self._chosen = _DIALECTS[0]
        self._choose(self._chosen)

    def _choose(self, name: str) -> None:
        self._chosen = name
        text = self._texts.get(name, "") or "Nothing would be sent."
        self._code.show_text(text)
        lines = min(max(text.count("\n") + 1, _LEAST), _MOST)
        self._code.setFixedHeight(self._code.fontMetrics().lineSpacing() * lines + 14)
