"""The window on a small screen: it fits, and nothing in it is cut off without a way to read it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from diskchain.monitors.found import Found
from diskchain.picture.palette import DARK
from diskchain.widgets.dialogs.keys import KeysDialog
from diskchain.widgets.machines import MachinesPanel
from diskchain.widgets.messages import MessageBar
from diskchain.widgets.panels.inspector import Inspector
from diskchain.widgets.panels.lines import Elided
from diskchain.widgets.panels.lower import Lower
from diskchain.widgets.style import sheet
from diskchain.widgets.window import Window

SMALL = (1024, 676)
"""A small screen, less the title bar."""


@pytest.fixture
def window(qapp: QApplication, qtbot: QtBot) -> Window:
    made = Window()
    qtbot.addWidget(made)
    made.setStyleSheet(sheet(DARK, qapp.font().pointSizeF()))
    made.furnish(MachinesPanel(DARK), MessageBar(), Inspector())
    lower = Lower(made.tabs, DARK)
    made.show_centre(lower.canvas)
    lower.fill()
    made.machines.show_sandbox("/tmp/diskchain-sandbox-abcdefgh/spare.sock")
    made.resize(*SMALL)
    made.show()
    qapp.processEvents()
    return made


def test_it_fits_on_a_small_screen(window: Window) -> None:
    assert (window.width(), window.height()) == SMALL


@pytest.mark.parametrize("larger", [1.0, 1.1])
def test_no_button_and_no_line_is_cut_off(qapp: QApplication, window: Window, larger: float) -> None:
    window.setStyleSheet(sheet(DARK, qapp.font().pointSizeF() * larger))
    qapp.processEvents()
    cut = [_words(each) for each in window.findChildren(QWidget) if each.isVisible() and _is_cut(window, each)]
    assert cut == []


def test_the_last_operations_give_way_and_come_back(qapp: QApplication, window: Window) -> None:
    tools = window.top.operations
    assert [tools[name].isVisible() for name in ("snapshot", "mirror", "export")] == [True, True, False]
    window.resize(1440, 900)
    qapp.processEvents()
    assert all(made.isVisible() for made in tools.values())


def test_a_small_window_gives_its_room_to_the_picture(qapp: QApplication, window: Window) -> None:
    assert window.centre.width() > SMALL[0] / 2
    assert window.centre.height() > SMALL[1] / 2
    window.resize(1440, 900)
    qapp.processEvents()
    assert (window.machines.width(), window.right.width(), window.tabs.height()) == (246, 336, 280)


def _words(widget: QWidget) -> str:
    return f"{widget.objectName()} {getattr(widget, 'text', str)()}"


def _is_cut(window: Window, widget: QWidget) -> bool:
    """Whether words lie outside of the window or of what they are in; elided ones have them in the tool tip."""
    if not isinstance(widget, QAbstractButton | QLabel) or isinstance(widget, Elided):
        return False
    seen = widget.visibleRegion().boundingRect()
    whole = widget.rect()
    inside = window.rect().contains(widget.mapTo(window, whole.topLeft())) and seen.width() == whole.width()
    return not inside or widget.width() < widget.minimumSizeHint().width()


def test_tab_goes_through_the_window_as_it_is_read(qapp: QApplication, window: Window) -> None:
    window.machines.show_found([Found("/run/a.qmp", "web", 7, "qemu", taken=False)])
    window.activateWindow()
    window.top.operations["snapshot"].setFocus()
    went: list[str] = []
    for _ in range(16):
        qapp.processEvents()
        here = window.focusWidget()
        assert here is not None
        went.append(here.objectName())
        QTest.keyClick(here, Qt.Key.Key_Tab)
    first = ("tool-snapshot", "view-chain", "findField", "machinesAdd", "machinesFound1", "sandboxReset", "canvas")
    assert [went.index(name) for name in first] == sorted(went.index(name) for name in first)
    assert "" not in went
    QTest.keyClick(window.focusWidget() or window, Qt.Key.Key_Backtab)
    assert (window.focusWidget() or window).objectName() == went[-1]


def test_the_overview_of_keys_fits_on_a_small_screen(qapp: QApplication, window: Window) -> None:
    keys = KeysDialog(window)
    keys.show()
    qapp.processEvents()
    assert keys.height() <= SMALL[1] - 30
    assert keys.width() <= SMALL[0]


def test_the_welcome_is_true_after_a_machine_was_closed_too(qapp: QApplication, window: Window) -> None:
    window.show_centre(window.welcome)
    qapp.processEvents()
    assert "No machine is open" in [each.text() for each in window.welcome.findChildren(QLabel)]


def test_the_welcome_is_in_the_middle(qapp: QApplication, window: Window) -> None:
    window.show_centre(window.welcome)
    qapp.processEvents()
    middles = {each.geometry().center().x() for each in window.welcome.findChildren(QLabel) if each.text()}
    assert max(middles) - min(middles) <= 1
    assert abs(min(middles) - window.welcome.width() // 2) <= 1
