"""What the ledger remembers, on the canvas."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from diskchain.model.diff import Diff
from diskchain.model.ledger import KEPT, LedgerEntry
from diskchain.picture.brush import box_of
from diskchain.picture.look import CardLook, FoldLook, LineLook
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


def test_images_left_behind_do_not_make_the_others_small(qtbot: QtBot) -> None:
    """The sandbox after a commit, in a window of 1440 x 900 pixels."""
    window = Window(qtbot, graphs.talk(), 857, 568)
    tell(window, "gone", "lost")
    QApplication.processEvents()
    spots = window.view.canvas.plan.spots
    left = [spot for key, spot in spots.items() if key.startswith("ledger:")]
    assert all(spot.h < spots["node:base"].h / 2 for spot in left)
    assert all(window.view.sight().contains(box_of(spot)) for spot in spots.values())
    assert window.view.camera.scale > 0.85


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


def keep(window: Window, **below: str) -> None:
    """Let the ledger remember closed images of a kept branch: its node -> the node it was backed by."""
    for node, base in below.items():
        entry = LedgerEntry(f"/images/{node}.qcow2", node, KEPT, "vda left it.", f"/images/{base}.qcow2", "vda")
        window.ledger.note(entry)
    window.view.show_state(window.state, Diff(others=frozenset({"ledger"})), window.ledger, None)


def test_a_kept_branch_that_is_closed_hangs_from_the_image_it_shares(qtbot: QtBot) -> None:
    window = Window(qtbot, graphs.talk())
    keep(window, tip="left", left="base")
    plan = window.view.canvas.plan
    assert not [key for key in plan.spots if key.startswith("ledger:")]
    (branch,) = [link for link in plan.links.values() if link.kind == "branch"]
    assert (branch.start, branch.end) == ("node:left", "node:base")
    assert plan.spots["node:tip"].x > plan.spots["node:left"].x > plan.spots["node:base"].x
    for name in ("left", "tip"):
        assert window.words(name) == ["KEPT"]
        assert not window.card(name).hatched, "it is as good as ever"
    window.view.set_mode("full")
    look = window.view.canvas.plan.spots["ledger:/images/tip.qcow2"].look
    assert isinstance(look, CardLook)
    assert ([badge.text for badge in look.badges], look.hatched, look.marks) == (["KEPT"], False, 0)


def test_a_kept_branch_of_which_nothing_is_open_is_shown_by_itself(qtbot: QtBot) -> None:
    window = Window(qtbot, graphs.talk())
    keep(window, far="elsewhere", overlay1="base")
    spots = window.view.canvas.plan.spots
    assert "ledger:/images/far.qcow2" in spots
    assert "KEPT" not in window.words("overlay1"), "a disk stands on it: it is an image like any other"


def test_a_kept_branch_that_is_open_says_so(qtbot: QtBot) -> None:
    window = Window(qtbot, graphs.shared())
    keep(window, branch="web")
    assert "KEPT" in window.words("branch")
    assert not window.card("branch").hatched
