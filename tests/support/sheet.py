"""A preview sheet in a test, and what it told."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from diskchain.model.state import State
from diskchain.operations.operation import Operation
from diskchain.operations.preview import Preview, prepare
from diskchain.operations.surroundings import Surroundings
from diskchain.widgets.dialogs.preview import PreviewSheet
from tests.support.states import NOTHING_ELSE, machine

CHAIN = machine({"vda": "base <- mid <- top"})


class Seen:
    """A sheet in sight and what it told."""

    def __init__(self, qtbot: QtBot) -> None:
        self.sheet = PreviewSheet()
        qtbot.addWidget(self.sheet)
        self.sheet.resize(340, 900)
        self.sheet.show()
        self.ran: list[Preview] = []
        self.edited: list[Operation] = []
        self.left = 0
        self.sheet.run.connect(self.ran.append)
        self.sheet.edited.connect(self.edited.append)
        self.sheet.cancelled.connect(self._leave)

    def _leave(self) -> None:
        self.left += 1

    def show(self, operation: Operation, state: State = CHAIN, around: Surroundings = NOTHING_ELSE) -> Preview:
        preview = prepare(operation, state, around)
        self.sheet.show_preview(preview, None)
        return preview
