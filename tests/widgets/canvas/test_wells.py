"""The wells beside a chain: they show for what can be copied, by mouse and by keys, and nothing else drops into them."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QRectF, Qt
from pytestqt.qtbot import QtBot

from diskchain.operations.mirror import Mirror
from diskchain.widgets.canvas.ghost import HintItem, WellItem
from tests.operations.table import FOUR
from tests.support.canvas import Window
from tests.support.states import machine, with_job


def _well(window: Window) -> QPoint:
    carried = window.view.carried
    assert carried is not None
    return window.view.mapFromScene(carried.legal["well:mirror"].center())


def test_a_disk_dropped_into_the_well_is_mirrored(qtbot: QtBot) -> None:
    window = Window(qtbot, machine(FOUR))
    window.lift("three", window.at("three") + QPoint(-30, 20))
    window.drag("three", _well(window))
    assert [offer.operation for offer in window.dropped] == [Mirror("vda")]


def test_a_node_below_the_top_has_no_well_to_be_mirrored_into(qtbot: QtBot) -> None:
    window = Window(qtbot, machine(FOUR))
    window.lift("two", window.at("two") + QPoint(-30, 20))
    assert window.view.carried is not None
    assert "well:mirror" not in window.view.carried.legal


def test_by_keys_the_well_comes_after_the_cards(qtbot: QtBot) -> None:
    window = Window(qtbot, machine(FOUR))
    window.view.select("three")
    window.key(Qt.Key.Key_C, Qt.Key.Key_End)
    assert window.view.carried is not None
    assert window.view.carried.target == "well:mirror"
    window.key(Qt.Key.Key_Return)
    assert [offer.operation for offer in window.dropped] == [Mirror("vda")]


def test_by_keys_the_neighbour_comes_first(qtbot: QtBot) -> None:
    window = Window(qtbot, machine(FOUR))
    window.view.select("three")
    window.key(Qt.Key.Key_C)
    assert window.view.carried is not None
    assert window.view.carried.target == "two"
    window.key(Qt.Key.Key_Right)
    assert window.view.carried.target == "well:mirror"
    window.key(Qt.Key.Key_Left)
    assert window.view.carried.target == "two"


def test_a_well_that_takes_nothing_now_says_why(qtbot: QtBot) -> None:
    window = Window(qtbot, with_job(machine(FOUR), "three"))
    window.lift("three", window.at("three") + QPoint(-30, 20))
    carried = window.view.carried
    assert carried is not None
    assert "well:mirror" not in carried.legal
    window.key(Qt.Key.Key_Escape)
    assert not window.dropped


def test_nothing_of_a_well_stays_after_a_drag(qtbot: QtBot) -> None:
    window = Window(qtbot, machine(FOUR))
    before = len(window.view.canvas.items())
    window.lift("three", window.at("three") + QPoint(-30, 20))
    assert len(window.view.canvas.items()) > before
    window.key(Qt.Key.Key_Escape)
    assert len(window.view.canvas.items()) == before


def test_what_is_told_of_a_drop_stands_above_the_messages(qtbot: QtBot) -> None:
    window = Window(qtbot, machine(FOUR), height=460)
    window.view.set_covered(60)
    window.lift("three", window.at("three") + QPoint(-30, 20))
    window.lift("three", _well(window))
    told = [item for item in window.view.canvas.items() if isinstance(item, HintItem)]
    assert told
    lower = window.view.mapFromScene(told[0].pos()).y() + told[0].size.height()
    assert lower <= window.view.viewport().height() - 60 + 1


@pytest.mark.parametrize("off", [QPoint(-30, 20), QPoint(-120, 60), QPoint(-200, 90), QPoint(10, 70), QPoint(-260, 40)])
def test_what_is_told_of_a_drop_leaves_the_wells_in_sight(qtbot: QtBot, off: QPoint) -> None:
    window = Window(qtbot, machine(FOUR))
    window.lift("three", window.at("three") + off)
    (hint,) = [item for item in window.view.canvas.items() if isinstance(item, HintItem)]
    scale = window.view.transform().m11()
    covered = QRectF(hint.pos(), hint.size / scale)
    wells = [item for item in window.view.canvas.items() if isinstance(item, WellItem)]
    assert len(wells) == 2
    assert not [well for well in wells if well.box.intersects(covered)]
    assert window.view.mapToScene(window.view.viewport().rect()).boundingRect().contains(covered)
