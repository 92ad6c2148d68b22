"""A canvas in a window of its own, operated as a user does."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from diskchain.model.diff import diff
from diskchain.model.ledger import Ledger
from diskchain.model.measured import Rates
from diskchain.model.state import State
from diskchain.operations import catalog
from diskchain.operations.operation import Drag, Offer
from diskchain.operations.preview import prepare
from diskchain.operations.surroundings import Surroundings
from diskchain.picture.look import CardLook
from diskchain.widgets.canvas.view import CanvasView

LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier


class Window:
    """A canvas with a state, and what it told."""

    def __init__(self, bot: QtBot, state: State, width: int = 885, height: int = 568) -> None:
        self.bot = bot
        self.view = CanvasView()
        bot.addWidget(self.view)
        self.view.set_reduced_motion(True)
        self.view.resize(width, height)
        self.view.show()
        bot.waitExposed(self.view)
        self.state = State()
        self.ledger = Ledger()
        self.dropped: list[Offer] = []
        self.asked: list[str] = []
        self.view.dropped.connect(self.dropped.append)
        self.view.offers = self.offer
        self.view.foresee = lambda operation: prepare(operation, self.state, Surroundings())
        self.view.copies = lambda node: catalog.offers_for_copy(self.state, node)
        self.show(state)

    def show(self, state: State) -> None:
        old, self.state = self.state, state
        self.view.show_state(state, diff(old, state), self.ledger, None)
        QApplication.processEvents()

    def offer(self, drag: Drag) -> tuple[Offer, ...]:
        self.asked.append(drag.target)
        return catalog.offers_for_drag(self.state, drag)

    def card(self, node: str) -> CardLook:
        look = self.view.canvas.plan.spots[f"node:{node}"].look
        assert isinstance(look, CardLook)
        return look

    def words(self, node: str) -> list[str]:
        return [badge.text for badge in self.card(node).badges]

    def at(self, node: str) -> QPoint:
        item = self.view.canvas.item_of(node)
        assert item is not None
        return self.view.mapFromScene(item.box().center())

    def lift(self, node: str, to: QPoint) -> None:
        start, area = self.at(node), self.view.viewport()
        QTest.mousePress(area, LEFT, NONE, start)
        for step in range(1, 9):
            QTest.mouseMove(area, start + (to - start) * step / 8)
            QApplication.processEvents()

    def drag(self, node: str, to: QPoint) -> None:
        self.lift(node, to)
        QTest.mouseRelease(self.view.viewport(), LEFT, NONE, to)

    def key(self, *keys: Qt.Key) -> None:
        for each in keys:
            QTest.keyClick(self.view, each)


class Busy:
    """A meter of a guest that writes."""

    def rate(self, _job: str) -> float | None:
        return 212.0 * 1024**2

    def progress(self, _job: str) -> tuple[int, int] | None:
        return 62, 100

    def device_rates(self, _name: str) -> Rates | None:
        return Rates(0.0, 18.0 * 1024**2)

    def node_rates(self, _name: str) -> Rates | None:
        return None
