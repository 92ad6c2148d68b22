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


def test_while_a_commit_is_at_work_its_images_are_not_called_changed(qtbot: QtBot) -> None:
    """The ledger holds them from its first block on, so that nothing is forgotten should the line be lost."""
    window = Window(qtbot, graphs.committing())
    tell(window, "base", "overlay1", "overlay2", "data-base", word="changed")
    assert window.words("base") == ["COMMIT TARGET", "READ-ONLY"]
    assert window.words("overlay2") == ["READ-ONLY"]
    assert window.words("data-base") == ["CHANGED"]
    window.view.set_connection(False, "The line to build-vm was lost.")
    assert [window.words(name)[0] for name in ("base", "overlay1", "overlay2")] == ["CHANGED"] * 3
    window.view.set_connection(True, "")
    tell(window, "overlay1")
    assert window.words("overlay1") == ["INVALID"], "what is invalid stays so"
    window.show(graphs.talk())
    assert window.words("base") == ["CHANGED"], "it ended, and nobody took the word back"
