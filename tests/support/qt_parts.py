"""What tests find in widgets, by object name, and do to it as a user would."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QPlainTextEdit, QWidget

_Widget = TypeVar("_Widget", bound=QWidget)


def part(parent: QWidget, kind: type[_Widget], name: str) -> _Widget:
    """The part with this name that is in sight."""
    QApplication.processEvents()
    found = [each for each in parent.findChildren(kind, name) if each.isVisible()]
    assert found, f"there is no {name} in sight in {parent.objectName()}"
    return found[-1]


def press(parent: QWidget, name: str) -> None:
    """Click on a button with the mouse."""
    button = part(parent, QAbstractButton, name)
    assert button.isEnabled(), f"{name} cannot be pressed: {button.toolTip()}"
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    QApplication.processEvents()


def words(parent: QWidget) -> str:
    """Everything in sight that can be read, a line for each part."""
    QApplication.processEvents()
    labels = [each.text() for each in parent.findChildren(QLabel) if each.isVisible()]
    texts = [each.toPlainText() for each in parent.findChildren(QPlainTextEdit) if each.isVisible()]
    buttons = [each.text() for each in parent.findChildren(QAbstractButton) if each.isVisible()]
    return "\n".join([*labels, *texts, *buttons])
