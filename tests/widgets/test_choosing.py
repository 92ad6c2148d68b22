"""Many ways to do one thing: the likely ones in the menu, all of them in a list that typing makes shorter."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from diskchain.operations.catalog import offers_for_node
from diskchain.operations.operation import Offer
from diskchain.widgets.actions import offers_menu
from diskchain.widgets.dialogs.choosing import OfferChooser
from diskchain.widgets.grouping import FEW, Many, grouped
from diskchain.widgets.panels.inspector import Inspector
from diskchain.widgets.panels.lines import Link
from tests.support import graphs


def offers(length: int) -> tuple[Offer, ...]:
    return offers_for_node(graphs.long_chain(length), f"snap{length - 1:03}")


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    made.show()
    return made


def chooser(window: QWidget) -> OfferChooser:
    found = window.findChild(OfferChooser, "offerChooser")
    assert found is not None
    QApplication.processEvents()
    return found


def shown(dialog: OfferChooser) -> list[str]:
    items = [dialog.list.item(row) for row in range(dialog.list.count())]
    return [item.text() for item in items if not item.isHidden()]


def test_the_menu_of_a_chain_of_a_hundred_has_the_likely_ways_and_is_not_higher_than_any_screen(
    window: QWidget,
) -> None:
    menu = offers_menu(window, offers(100), lambda _: None)
    ways = [action.text() for action in menu.actions() if action.text().startswith(("Commit", "Pull"))]
    assert ways == [
        "Commit 1 overlay into snap098…",
        "Commit 2 overlays into snap097…",
        "Commit 99 overlays into base…",
        "Commit into another image (99)…",
        "Pull 99 images, snap098 to base, into snap099…",
        "Pull snap098 into snap099…",
        "Pull 98 images, snap098 to snap001, into snap099…",
        "Pull other images (99)…",
    ]
    assert menu.sizeHint().height() < 400


def test_a_short_chain_has_every_way_in_its_menu(window: QWidget) -> None:
    menu = offers_menu(window, offers(FEW), lambda _: None)
    assert len(menu.actions()) == len(offers(FEW))


def test_all_ways_are_reached_by_keys_alone(window: QWidget) -> None:
    asked: list[Offer] = []
    menu = offers_menu(window, offers(100), asked.append)
    menu.popup(window.mapToGlobal(window.rect().topLeft()))
    while not menu.activeAction().text().startswith("Commit into another"):
        QTest.keyClick(menu, Qt.Key.Key_Down)
    QTest.keyClick(menu, Qt.Key.Key_Return)
    dialog = chooser(window)
    QTest.keyClicks(dialog.field, "into snap04")
    assert len(shown(dialog)) == 10
    QTest.keyClick(dialog.field, Qt.Key.Key_Down)
    QTest.keyClick(dialog.field, Qt.Key.Key_Return)
    assert [offer.title for offer in asked] == ["Commit 51 overlays into snap048"]
    assert not dialog.isVisible()


def test_what_is_nowhere_found_is_said_and_nothing_can_be_taken(window: QWidget) -> None:
    asked: list[Offer] = []
    dialog = OfferChooser(window, Many("Commit into another image", offers(30)), asked.append)
    dialog.show()
    dialog.field.setText("no such image")
    QTest.keyClick(dialog.field, Qt.Key.Key_Return)
    assert dialog._count.text() == "None has this in it."
    assert not asked
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_what_cannot_be_had_is_listed_with_its_reason_and_passed_over(window: QWidget) -> None:
    asked: list[Offer] = []
    first, *rest = offers(30)[1:]
    dialog = OfferChooser(window, Many("Commit", (replace(first, reason="A job holds it."), *rest)), asked.append)
    dialog.show()
    assert shown(dialog)[0].endswith(": A job holds it.")
    QTest.keyClick(dialog.field, Qt.Key.Key_Return)
    assert asked == [rest[0]]


def test_the_first_that_can_be_had_is_lit(window: QWidget) -> None:
    asked: list[Offer] = []
    first, *rest = offers(4)
    menu = offers_menu(window, (replace(first, reason="Not now."), *rest), asked.append)
    menu.popup(window.mapToGlobal(window.rect().topLeft()))
    QTest.keyClick(menu, Qt.Key.Key_Return)
    assert asked == [rest[0]]


def test_the_inspector_groups_them_too(window: QWidget, qtbot: QtBot) -> None:
    from_list: list[Offer] = []
    inspector = Inspector()
    qtbot.addWidget(inspector)
    inspector.chosen.connect(from_list.append)
    inspector.show_facts(None, offers(100))
    ways = [way.title for way in grouped(offers(100))]
    assert len(ways) < 20
    link = inspector.findChild(Link, f"inspectorOffer{ways.index('Commit into another image') + 1}")
    assert link is not None
    link.click()
    dialog = chooser(inspector)
    dialog.field.setText("into base")
    QTest.keyClick(dialog.field, Qt.Key.Key_Return)
    assert [offer.title for offer in from_list] == ["Commit 99 overlays into base"]
