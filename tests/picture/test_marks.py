"""Marks of images that are drawn as one thing with others: in a fold, in a disk's line, far away."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication

from diskchain.model.state import State
from diskchain.picture import about
from diskchain.picture.brush import paint_look
from diskchain.picture.look import Badge, CardLook, FoldLook, LineLook, Look
from diskchain.picture.palette import LIGHT
from diskchain.picture.plan import Plan, Spot
from diskchain.picture.rows import Wish, place
from diskchain.picture.telling import Telling
from tests.support import graphs

INVALID, CHANGED = Badge("INVALID", "red"), Badge("CHANGED", "amber")


def spot_of(state: State, spoilt: dict[str, Badge], node: str) -> Spot:
    plan: Plan = place(Telling(state, spoilt=spoilt), Wish(room=1100, width=885))
    return plan.spots[plan.shows[node]]


def test_a_fold_counts_what_is_marked_in_it_and_names_it() -> None:
    spot = spot_of(graphs.long_chain(), {"snap004": CHANGED, "snap005": INVALID, "snap006": INVALID}, "snap005")
    assert spot.look == FoldLook(
        "26 overlays", "3.4 GiB", (Badge("2 INVALID", "red"), Badge("1 CHANGED", "amber")), hatched=True
    )
    assert about.short(spot) == "26 overlays folded, 3.4 GiB, 2 invalid, 1 changed"
    told = about.long(spot, graphs.long_chain())
    assert told[1:] == ["Changed: snap004.", "Invalid: snap005, snap006."]


def test_a_disk_in_one_line_counts_what_is_marked_in_it_and_names_it() -> None:
    state = graphs.crowd()
    spot = spot_of(state, {"d5-0": INVALID, "d5-1": INVALID}, "d5-1")
    assert isinstance(spot.look, LineLook)
    assert spot.look.marks == (Badge("2 INVALID", "red"),)
    assert spot.look.hatched
    assert "2 invalid" in about.short(spot)
    assert "Invalid: d5-0, d5-1." in about.long(spot, state)
    other = spot_of(state, {"d5-0": INVALID}, "d6-1").look
    assert isinstance(other, LineLook)
    assert (other.marks, other.hatched) == ((), False)


def test_an_image_that_is_open_and_marked_is_hatched_as_one_that_is_not() -> None:
    look = spot_of(graphs.talk(), {"overlay1": CHANGED}, "overlay1").look
    assert isinstance(look, CardLook)
    assert (look.hatched, look.marks, look.badges) == (True, 1, (CHANGED,))


MARKS = (Badge("24 WILL BE INVALID", "red"), Badge("3 CHANGED", "amber"))


@pytest.mark.parametrize("scale", [1.0, 0.75, 0.6, 0.5, 0.36])
@pytest.mark.parametrize(
    ("look", "w", "h"),
    [
        (FoldLook("26 overlays", "3.4 GiB", MARKS), 190, 76),
        (LineLook("vda", "base ← overlay" * 20, Badge("ACTIVE", "blue"), "note " * 40, "green", MARKS), 640, 34),
        (LineLook("long-name-of-a-disk" * 4, "base", None, "", "green", MARKS), 640, 34),
    ],
    ids=["fold", "line", "long"],
)
def test_the_mark_is_painted_whatever_else_there_is(
    qapp: QApplication, look: Look, w: float, h: float, scale: float
) -> None:
    image = QImage(int(w), int(h), QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    paint_look(painter, QRectF(0, 0, w, h), look, LIGHT, scale)
    painter.end()
    reds = sum(image.pixelColor(x, y).name() == LIGHT.red for x in range(image.width()) for y in range(image.height()))
    assert reds > 500


def test_a_node_that_nobody_named_is_called_like_its_file() -> None:
    """The badges are left to what matters: whether it is active, read-only, or will change."""
    disk = graphs.chain([("#block524", 1.0), ("#block194", 1.0)])
    nodes = [replace(node, file=f"/im/{node.name[6:]}.qcow2") for node in disk[0]]
    state = graphs.state([(nodes, disk[1])], [graphs.disk("vda", "#block194")])
    telling = Telling(state, prospects={"#block524": Badge("WILL CHANGE", "amber")})
    look = telling.card("#block194")
    assert (look.name, look.file) == ("194.qcow2", "#block194")
    assert [badge.text for badge in look.badges] == ["ACTIVE"]
    plan = place(telling, Wish())
    spot = plan.spots["node:#block194"]
    assert about.short(spot).startswith("194.qcow2, #block194, qcow2 node, active")
    line = place(telling, Wish(only=frozenset())).spots["row:disk:vda"].look
    assert isinstance(line, LineLook)
    assert line.chain == "524.qcow2 ← 194.qcow2"
    unknown = graphs.state([([replace(nodes[0], file=None)], [])])
    look = Telling(unknown).card("#block524")
    assert (look.name, look.file) == ("#block524", "no file")
    assert not Telling(graphs.hostile()).card("31-characters-long-node-name-xx").nameless


def test_a_filter_of_our_own_is_called_by_its_job_alone() -> None:
    look = Telling(graphs.committing()).slim("diskchain-7-filter")
    assert (look.word, look.name, look.named) == ("commit", "diskchain-7-filter", False)
    assert Telling(graphs.mirroring()).slim("mirror-filter").named
