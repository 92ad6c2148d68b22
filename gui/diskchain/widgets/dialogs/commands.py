"""The exact commands of a plan, in the words of the tools that people have."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from diskchain.operations.dialects import script
from diskchain.operations.preview import Preview
from diskchain.operations.virsh import virsh
from diskchain.widgets.panels.lines import Code, copy
from diskchain.widgets.style import button, label

_DIALECTS = ("qmp-shell", "QMP", "virsh")


def _said(preview: Preview, dialect: str) -> str:
    """A plan in a dialect; empty where that has no words for it."""
    if dialect == "virsh":
        return virsh(preview) or ""
    return script(preview, "QMP" if dialect == "QMP" else "qmp-shell")


class Commands(QWidget):
    """The commands, a choice of dialect, and a button that copies all of them."""

    def __init__(self) -> None:
        super().__init__()
        self._texts: dict[str, str] = {}
        self._chosen = _DIALECTS[0]
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(5)
        row.addWidget(label("Commands", "section"))
        self._group = QButtonGroup(self)
        self._buttons: dict[str, QPushButton] = {}
        for name in _DIALECTS:
            made = button(name, f"dialect-{name}", "choice", f"Show the commands as {name}")
            made.setCheckable(True)
            made.setChecked(name == self._chosen)
            made.clicked.connect(lambda _=False, chosen=name: self._choose(chosen))
            self._group.addButton(made)
            self._buttons[name] = made
            row.addWidget(made)
        row.addStretch(1)
        self._code = Code("previewCommands", "Commands", 5)
        take = button("Copy as script", "previewCopy", "link")
        take.clicked.connect(lambda: copy(f"{self._texts.get(self._chosen, '')}\n"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
        column.addWidget(self._code, 1)
        column.addWidget(take, 0, Qt.AlignmentFlag.AlignLeft)

    def show_commands(self, preview: Preview) -> None:
        """Show what would be sent, in the order in which it would be sent."""
        self._texts = {name: _said(preview, name) for name in _DIALECTS}
        self._buttons["virsh"].setVisible(bool(self._texts["virsh"]))
        if not self._texts[self._chosen]:
            self._buttons[_DIALECTS[0]].setChecked(True)
            self._chosen = _DIALECTS[0]
        self._choose(self._chosen)

    def _choose(self, name: str) -> None:
        self._chosen = name
        self._code.show_text(self._texts.get(name, "") or "Nothing would be sent.")
