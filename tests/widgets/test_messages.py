"""The message bar."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from diskchain.model.diff import Diff
from diskchain.picture.look import TitleLook
from diskchain.picture.palette import LIGHT
from diskchain.picture.plan import Plan, Spot
from diskchain.widgets.canvas.scene import area_of
from diskchain.widgets.machines import MachinesPanel
from diskchain.widgets.messages import Answer, Level, MessageBar
from diskchain.widgets.panels.inspector import Inspector
from diskchain.widgets.panels.lower import Lower
from diskchain.widgets.style import sheet
from diskchain.widgets.window import Window
from tests.support import graphs
from tests.support.qt_parts import part, press, words


@pytest.fixture
def bar(qtbot: QtBot) -> MessageBar:
    made = MessageBar()
    qtbot.addWidget(made)
    made.resize(700, 300)
    made.tell("first")
    made.show()
    return made


def test_it_is_only_there_while_it_says_something(bar: MessageBar) -> None:
    assert bar.isVisible()
    press(bar, "messageClose")
    assert not bar.messages
    assert not bar.isVisible()


def test_qemus_own_words_are_one_click_away(bar: MessageBar) -> None:
    bar.tell("It failed.", Level.ERROR, detail="GenericError: <b>no</b>")
    assert "GenericError" not in words(bar)
    press(bar, "messageShow")
    assert part(bar, QLabel, "messageDetail").text() == "GenericError: <b>no</b>"
    press(bar, "messageShow")
    assert "GenericError" not in words(bar)


def test_an_answer_acts_once_and_takes_the_message_away(bar: MessageBar) -> None:
    given: list[str] = []
    bar.tell(
        "How?",
        Level.READY,
        answers=(Answer("So", lambda: given.append("so")), Answer("No", lambda: given.append("no"))),
    )
    press(bar, "messageAnswer2")
    assert given == ["no"]
    assert [message.text for message in bar.messages] == ["first"]


def test_the_picture_stays_as_it_is_when_messages_come_and_go(qapp: QApplication, qtbot: QtBot) -> None:
    window = Window()
    qtbot.addWidget(window)
    messages = MessageBar()
    window.furnish(MachinesPanel(LIGHT), messages, Inspector())
    canvas = Lower(window.tabs, LIGHT).canvas
    window.show_centre(canvas)
    window.resize(1440, 900)
    window.show()
    canvas.show_state(graphs.talk(), Diff(), None, None)
    qapp.processEvents()
    before = (canvas.mapTo(window, QPoint(0, 0)), canvas.size(), canvas.camera.scale, canvas.sight())
    for number in range(3):
        messages.tell(f"Something is to be said {number}.", Level.WARNING)
        qapp.processEvents()
        assert (canvas.mapTo(window, QPoint(0, 0)), canvas.size(), canvas.camera.scale, canvas.sight()) == before
        assert messages.mapTo(window, messages.rect().bottomLeft()) == canvas.mapTo(window, canvas.rect().bottomLeft())
        assert len([each for each in messages.messages if each.isVisible()]) == number + 1
    one = messages.messages[0]
    top = one.mapTo(window, QPoint(0, 0))
    assert window.childAt(top + QPoint(6, 6)) in (one, *one.findChildren(QWidget)), "it is in front"
    window.resize(1300, 800)
    qapp.processEvents()
    assert messages.width() == canvas.width()
    for each in messages.messages:
        each.dismiss()
    assert messages.isHidden()


def test_a_question_covers_no_card(qapp: QApplication, qtbot: QtBot) -> None:
    """The picture leaves room below itself: a question can stand for long."""
    room = area_of(Plan({"one": Spot("one", TitleLook("one"), 0, 0, 100, 100, "one")}))
    messages = MessageBar()
    ground = QWidget()
    qtbot.addWidget(ground)
    ground.setStyleSheet(sheet(LIGHT, qapp.font().pointSizeF()))
    ground.resize(857, 568)
    messages.lie_over(ground)
    ground.show()
    answers = (Answer("Switch over", lambda: None, primary=True), Answer("Stop, keep the overlays", lambda: None))
    messages.tell(
        "overlay3 now holds everything and follows each write. How shall it end?", Level.READY, answers=answers
    )
    qapp.processEvents()
    assert 40 < messages.height() <= 0.75 * (room.height() - 100)


def test_a_question_takes_the_place_of_good_news(bar: MessageBar) -> None:
    bar.tell("done", Level.DONE)
    bar.tell("it failed", Level.ERROR)
    bar.tell("which?", Level.READY, answers=(Answer("This", lambda: None),))
    assert [message.text for message in bar.messages] == ["first", "it failed", "which?"]


def test_a_subject_has_one_message(bar: MessageBar) -> None:
    bar.tell("old", subject="link")
    bar.tell("new", subject="link")
    assert [message.text for message in bar.messages] == ["first", "new"]
    bar.withdraw("link")
    bar.withdraw("nothing of this subject")
    assert [message.text for message in bar.messages] == ["first"]


def test_many_messages_wait_behind_the_newest_three(bar: MessageBar) -> None:
    for number in range(5):
        bar.tell(f"message {number}", Level.ERROR)
    said = words(bar)
    assert "message 4" in said
    assert "message 1" not in said
    assert "3 earlier messages" in said
    bar.messages[-1].dismiss()
    assert "message 1" in words(bar)


def test_errors_stay_and_their_words_are_for_screen_readers(bar: MessageBar) -> None:
    message = bar.tell("It failed.", Level.ERROR)
    assert message.accessibleName() == "Error: It failed."


@pytest.mark.parametrize(("width", "below"), [(820, False), (500, True)])
def test_answers_leave_the_words_room_to_be_read(bar: MessageBar, width: int, below: bool) -> None:
    bar.resize(width, 300)
    said = "overlay2 now holds everything and follows each write. How shall it end?"
    answers = (Answer("Switch over", dict, primary=True), Answer("Stop, keep the overlays", dict))
    bar.tell(said, Level.READY, answers=answers)
    answer = part(bar, QPushButton, "messageAnswer2")
    label = next(each for each in bar.findChildren(QLabel) if each.text() == said)
    top = answer.mapTo(bar, QPoint(0, 0)).y()
    assert (top > label.mapTo(bar, QPoint(0, 0)).y() + label.height() - 1) is below
    assert label.heightForWidth(label.width()) <= 3 * label.fontMetrics().lineSpacing()
    assert answer.mapTo(bar, QPoint(answer.width(), 0)).x() <= width
