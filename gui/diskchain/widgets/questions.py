"""What an operation under way asks of the user, in the message bar: how it shall end, and when."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication

from diskchain.session.carriage import Carriage, Phase
from diskchain.widgets.messages import Answer, Level, MessageBar

if TYPE_CHECKING:
    from diskchain.operations.steps import Choose, Hold


def tell_questions(messages: MessageBar, carriage: Carriage, named: Callable[[str], str], subject: str) -> None:
    """Show what is asked now, or take it away. `named`: puts the machine's name before a text where there are several."""
    if carriage.held is not None:
        _tell_held(messages, carriage, carriage.held, named, subject)
    elif carriage.choice is not None and carriage.phase is Phase.CHOOSING:
        _tell_choice(messages, carriage, carriage.choice, named, subject)
    else:
        messages.withdraw(subject)
        if carriage.waits and not carriage.job and carriage.result is None:
            enough = Answer("Wait no longer", carriage.cancel)
            messages.tell(named(carriage.waits), Level.INFO, answers=(enough,), subject=subject)


def _tell_choice(
    messages: MessageBar, carriage: Carriage, choice: Choose, named: Callable[[str], str], subject: str
) -> None:
    answers = tuple(
        Answer(branch.label, partial(_choose, carriage, branch.key), number == 0, branch.meaning)
        for number, branch in enumerate(choice.branches)
    )
    messages.tell(named(choice.question), Level.READY, answers=answers, subject=subject)


def _choose(carriage: Carriage, key: str) -> None:
    if carriage.choice is not None:
        carriage.choose(key)


def _tell_held(messages: MessageBar, carriage: Carriage, held: Hold, named: Callable[[str], str], subject: str) -> None:
    """Tell of what stays until it is ended. Its message stays too when the address was copied."""

    def copy() -> None:
        QGuiApplication.clipboard().setText(held.uri)
        if carriage.held is held:
            _tell_held(messages, carriage, held, named, subject)

    end = Answer(held.label, carriage.cancel, primary=True, meaning="All of it is taken down again.")
    address = (Answer("Copy its address", copy, meaning=held.uri),) if held.uri else ()
    messages.tell(named(held.text), Level.READY, answers=(end, *address), subject=subject)
