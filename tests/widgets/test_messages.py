"""The message bar."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from diskchain.widgets.messages import Answer, Level, MessageBar
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
