"""The canvas while the line to the machine is lost."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QRectF
from pytestqt.qtbot import QtBot

from diskchain.model.job import Job
from diskchain.picture.look import LineLook, PillLook
from tests.support import graphs
from tests.support.canvas import Busy, Window


def test_while_the_line_is_lost_nothing_looks_alive(qtbot: QtBot) -> None:
    window = Window(qtbot, graphs.mirroring())
    view = window.view
    view.planner.meter = Busy()
    view.set_reduced_motion(False)
    view.show_sample()

    def moving() -> bool:
        return view._flowing.active

    assert moving()
    view.set_connection(False, "The line to build-vm was lost. What is shown is 12 s old.")
    view.show_sample()
    spots = view.canvas.plan.spots
    assert not moving()
    assert not view.canvas.plan.links["job:m1"].moving
    assert view.canvas.plan.links["job:m1"].tone == "grey"
    assert spots["job:m1"].look == PillLook("mirror last known 62 %", "", "grey", "job", short="last known 62 %")
    assert spots["device:vdb"].look == PillLook("vdb", "virtio-blk", "blue")
    assert window.card("overlay3").rate == ""
    view.set_mode("full")
    assert view.canvas.plan.spots["job:m1"].look == PillLook(
        "mirror last known 62 %", "", "grey", "job", short="last known 62 %"
    )
    view.set_mode("chain")
    view.set_connection(True, "")
    assert moving()
    pill = view.canvas.plan.spots["job:m1"].look
    assert isinstance(pill, PillLook)
    assert (pill.title, pill.tone) == ("mirror 62 %", "green")


@pytest.mark.parametrize("covered", [0, 56])
def test_the_words_about_the_line_cover_nothing(qtbot: QtBot, covered: int) -> None:
    window = Window(qtbot, graphs.talk(), 857, 568)
    view = window.view
    view.set_connection(False, "The line to build-vm was lost. What is shown is 12 s old. Connecting again.")
    view.set_covered(covered)
    note, lines = view._note()
    assert lines
    assert note.bottom() <= view.viewport().height() - covered
    for item in view.canvas.items_by_key.values():
        assert not note.intersects(QRectF(view.mapFromScene(item.box()).boundingRect())), item.spot.key


def test_a_disk_in_one_line_tells_what_was_last_known_of_its_job(qtbot: QtBot) -> None:
    crowd = graphs.crowd()
    job = Job("c1", "commit", "running", 42, 100, nodes=(("main node", "d5-1"), ("base", "d5-0")))
    window = Window(qtbot, replace(crowd, jobs=(job,)))
    line = window.view.canvas.plan.spots["row:disk:vdf"].look
    assert isinstance(line, LineLook)
    assert (line.note, line.tone) == ("commit 42 %", "green")
    window.view.set_connection(False, "The line to build-vm was lost.")
    line = window.view.canvas.plan.spots["row:disk:vdf"].look
    assert isinstance(line, LineLook)
    assert (line.note, line.tone) == ("commit last known 42 %", "grey")
