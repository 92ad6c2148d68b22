"""What the ledger remembers, on the canvas."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from pytestqt.qtbot import QtBot

from diskchain.model.diff import Diff
from diskchain.model.ledger import LedgerEntry
from diskchain.picture.look import FoldLook, LineLook
from diskchain.widgets.canvas.batch import batches
from tests.support import graphs
from tests.support.canvas import Window


def tell(window: Window, *nodes: str, word: str = "invalid") -> None:
    """Let the ledger mark the images of these nodes."""
    for node in nodes:
        path = window.state.graph.nodes[node].file if node in window.state.graph.nodes else f"/images/{node}.qcow2"
        window.ledger.note(LedgerEntry(path or "", node, word, "A commit was not finished."))
    window.view.show_state(window.state, Diff(others=frozenset({"ledger"})), window.ledger, None)


def test_a_new_mark_shows_at_once_also_on_a_fold_and_on_a_line(qtbot: QtBot) -> None:
    folded, crowd = Window(qtbot, graphs.long_chain()), Window(qtbot, graphs.crowd())
    tell(folded, "snap010", "snap011")
    tell(crowd, "d7-1", word="changed")
    plan = folded.view.canvas.plan
    fold, line = plan.spots[plan.shows["snap010"]].look, crowd.view.canvas.plan.spots["row:disk:vdh"].look
    assert isinstance(fold, FoldLook)
    assert isinstance(line, LineLook)
    assert [mark.text for mark in fold.marks] == ["2 INVALID"]
    assert [mark.text for mark in line.marks] == ["1 CHANGED"]
    folded.view.select("snap010")
    assert folded.words("snap010") == ["INVALID"]
    folded.ledger.dismiss("/images/snap010.qcow2")
    tell(folded)
    assert folded.words("snap010") == ["READ-ONLY"]


def test_images_that_are_closed_stay_in_sight_in_full_graph(qtbot: QtBot) -> None:
    window = Window(qtbot, graphs.talk())
    window.view.set_mode("full")
    tell(window, "gone")
    spot = window.view.canvas.plan.spots["ledger:/images/gone.qcow2"]
    others = [other for other in window.view.canvas.plan.spots.values() if other.row != "ledger"]
    assert spot.y > max(other.bottom for other in others)


def test_far_away_a_mark_is_a_cross(qtbot: QtBot) -> None:
    window = Window(qtbot, graphs.talk())
    tell(window, "overlay1")
    plan, looks = window.view.canvas.plan, window.view.looks
    (item,) = dict.fromkeys(batches(plan, looks).values())
    spot = plan.spots["node:overlay1"]
    box = QRectF(spot.x, spot.y, spot.w, spot.h)
    assert box in item._boxes["red"]
    assert [(line.p1(), line.p2()) for line in item._crosses] == [
        (box.topLeft(), box.bottomRight()),
        (box.bottomLeft(), box.topRight()),
    ]
