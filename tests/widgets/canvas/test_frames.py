"""How cards come to be painted while there is little time for each frame."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtGui import QFont, QImage, QPixmap
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from diskchain.widgets.canvas.node_item import SpotItem
from tests.support import graphs
from tests.support.canvas import Window


def test_cards_are_soon_painted_though_no_frame_has_time(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a slow machine the ground alone takes all of a frame: still each frame paints one card, and the next one comes."""
    monkeypatch.setattr("diskchain.widgets.canvas.ground._FRAME", -1.0)
    painted: list[str] = []
    paint = SpotItem._paint_anew

    def noted(item: SpotItem) -> QPixmap:
        painted.append(item.spot.key)
        return paint(item)

    monkeypatch.setattr(SpotItem, "_paint_anew", noted)
    window = Window(qtbot, graphs.talk())
    window.view.zoom_by(0.8)
    painted.clear()
    for item in window.view.canvas.items_by_key.values():
        window.view.looks.store.drop(id(item))
    window.view.viewport().update()
    cards = {key for key in window.view.canvas.plan.spots if not key.startswith("title:")}
    qtbot.waitUntil(lambda: cards <= set(painted), timeout=3000)
    qtbot.waitUntil(lambda: not window.view.looks.blurred, timeout=3000)
    count = len(painted)
    qtbot.wait(60)
    assert len(painted) == count, "then it rests"


def settled(bot: QtBot, window: Window) -> QImage:
    """A card on the canvas once all is painted sharply."""
    looks = window.view.looks
    bot.waitUntil(lambda: not looks.zooming, timeout=3000)
    window.view.grab()
    bot.waitUntil(lambda: not looks.blurred, timeout=3000)
    item = window.view.canvas.item_of("overlay1")
    assert item is not None
    return window.view.grab(window.view.mapFromScene(item.box()).boundingRect()).toImage()


def test_another_font_is_seen_at_once(qtbot: QtBot) -> None:
    window = Window(qtbot, graphs.talk())
    window.view.set_mode("full")
    before = settled(qtbot, window)
    assert settled(qtbot, window) == before
    font = QApplication.font()
    other = QFont(font)
    other.setItalic(not font.italic())
    QApplication.setFont(other)
    try:
        QApplication.sendEvent(window.view, QEvent(QEvent.Type.ApplicationFontChange))
        assert settled(qtbot, window) != before
    finally:
        QApplication.setFont(font)
        QApplication.sendEvent(window.view, QEvent(QEvent.Type.ApplicationFontChange))
    assert settled(qtbot, window) == before


def test_the_words_of_edges_are_written_once_for_each_zoom(qtbot: QtBot) -> None:
    window = Window(qtbot, graphs.crowd(3, 4))
    window.view.set_mode("full")
    window.view.grab()
    kept = window.view.looks.words._kept
    assert 0 < len(kept) <= len({link.label for link in window.view.canvas.plan.links.values()})
    window.view.grab()
    assert window.view.looks.words._kept is kept
