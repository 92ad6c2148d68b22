"""Light and dark follow the desktop and can be chosen."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from diskchain.picture.palette import DARK, LIGHT, Palette
from diskchain.widgets.theme import Theme, palette_of


def test_choices_change_the_colours_and_are_told(qapp: QApplication, qtbot: QtBot) -> None:
    before = qapp.palette()
    widget = QWidget()
    qtbot.addWidget(widget)
    theme = Theme(qapp, "dark")
    told: list[Palette] = []
    theme.changed.connect(told.append)
    QApplication.processEvents()
    assert palette_of(widget) is DARK
    theme.choose("light")
    QApplication.processEvents()
    assert palette_of(widget) is LIGHT
    theme.choose("nonsense")
    assert theme.choice == "system"
    theme._desktop_changed(Qt.ColorScheme.Dark)
    assert theme.palette is DARK
    theme.choose("light")
    theme._desktop_changed(Qt.ColorScheme.Light)
    assert told == [LIGHT, LIGHT, DARK, LIGHT, LIGHT]
    qapp.setPalette(before)
