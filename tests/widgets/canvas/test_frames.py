"""How cards come to be painted while there is little time for each frame."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QPixmap
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
