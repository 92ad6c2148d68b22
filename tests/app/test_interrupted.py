"""What was cut off is told once, wherever it comes to light, and no longer once it is settled."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from types import SimpleNamespace
from typing import cast

from pytestqt.qtbot import QtBot

from diskchain.app.interrupted import Interrupted
from diskchain.operations.cutoff import CutOff
from diskchain.operations.operation import Offer
from diskchain.operations.undo import Undo
from diskchain.session.carriage import Carriage, Phase
from diskchain.session.session import Session
from diskchain.signal import Signal
from diskchain.widgets.messages import MessageBar
from tests.support.qt_parts import press


class _Session:
    """What is asked of a session."""

    def __init__(self) -> None:
        self.link, self.target, self.state = "live", "vm", None
        self.link_changed: Signal[[]] = Signal()
        self.carriage_changed: Signal[Carriage] = Signal()
        self.left: list[CutOff] = []
        self.books = self.operations = self

    def taking_back(self, cut: CutOff) -> Offer:
        return Undo(cut.plan).offer(cut)

    async def cut_off(self) -> tuple[CutOff, ...]:
        return tuple(self.left)

    async def settle(self, plan: str) -> None:
        self.left = [cut for cut in self.left if cut.plan != plan]


def _now(work: Coroutine[object, object, None], _: str) -> None:
    asyncio.run(cast("Coroutine[None, None, None]", work))


def _ended(phase: Phase) -> Carriage:
    return cast("Carriage", SimpleNamespace(phase=phase))


def test_what_is_cut_off_is_told_once_and_settled_by_an_answer(qtbot: QtBot) -> None:
    session, bar, asked = _Session(), MessageBar(), list[Offer]()
    qtbot.addWidget(bar)
    bar.show()
    Interrupted(bar, lambda _, offer: asked.append(offer), _now).watch(cast("Session", session))
    assert not bar.messages
    session.left = [CutOff("p1", "Go back to one", ())]
    session.carriage_changed.emit(_ended(Phase.RUNNING))
    assert not bar.messages, "it is under way"
    session.carriage_changed.emit(_ended(Phase.FAILED))
    session.link = "lost"
    session.link_changed.emit()
    session.link = "live"
    session.link_changed.emit()
    assert [message.text.split(" was ")[0] for message in bar.messages] == ["“Go back to one”"]
    press(bar.messages[0], "messageAnswer1")
    assert [offer.operation for offer in asked] == [Undo("p1")]
    session.left.append(CutOff("p2", "Go back to two", ()))
    session.link_changed.emit()
    press(next(each for each in bar.messages if "two" in each.text), "messageAnswer2")
    assert [cut.plan for cut in session.left] == ["p1"]


def test_what_was_settled_elsewhere_is_told_no_longer(qtbot: QtBot) -> None:
    session, bar = _Session(), MessageBar()
    qtbot.addWidget(bar)
    session.left = [CutOff("p1", "Go back to one", ())]
    Interrupted(bar, lambda *_: None, _now).watch(cast("Session", session))
    assert len(bar.messages) == 1
    session.left = []
    session.carriage_changed.emit(_ended(Phase.DONE))
    assert not bar.messages
