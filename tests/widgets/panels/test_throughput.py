"""The plot of what moves."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from typing import cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QToolTip
from pytestqt.qtbot import QtBot

from diskchain.model.measured import Mark
from diskchain.picture.palette import DARK, LIGHT, Palette, contrast
from diskchain.session.session import Session
from diskchain.widgets.panels.axes import ceiling, rate_ticks, time_steps, time_ticks
from diskchain.widgets.panels.curve_colours import all_colours, guest_curve, job_curve
from diskchain.widgets.panels.legend import Entry, Legend
from diskchain.widgets.panels.marks import Shown, shown_marks
from diskchain.widgets.panels.peaks import lasting
from diskchain.widgets.panels.throughput import ThroughputPlot
from tests.support.fake_session import BACKUP, MIB, MIRROR, FakeSession

Plotted = tuple[ThroughputPlot, FakeSession, list[float]]


@pytest.fixture
def plotted(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Plotted:
    """A plot in sight with its machine, and the moments of its drawings."""
    session = FakeSession(at=1000.0)
    plot = ThroughputPlot(clock=lambda: session.now)
    qtbot.addWidget(plot)
    plot.set_theme(DARK)
    plot.resize(700, 260)
    plot.set_session(cast("Session", session))
    plot.show()
    qtbot.waitUntil(lambda: plot._canvas is not None)
    qtbot.wait(20)
    drawn: list[float] = []
    canvas = plot._canvas
    assert canvas is not None
    draw = cast("Callable[..., float]", canvas.draw)

    def noted(*arguments: object) -> float:
        drawn.append(session.now)
        return draw(*arguments)

    monkeypatch.setattr(canvas, "draw", noted)
    return plot, session, drawn


def run(session: FakeSession, seconds: float, **speeds: float) -> None:
    for _ in range(round(seconds / 0.25)):
        session.sample(0.25, {name.replace("_", "-"): speed / 4 for name, speed in speeds.items()})


def entries(plot: ThroughputPlot) -> list[str]:
    return [entry.label for entry in plot._legend._entries]


def test_jobs_and_guest_on_one_axis(plotted: Plotted) -> None:
    plot, session, _ = plotted
    session.be(MIRROR, BACKUP)
    session.happen("started", BACKUP.id)
    run(session, 20, diskchain_1=200 * MIB, b0=50 * MIB)
    plot.redraw()
    assert entries(plot) == ["mirror vdb", "backup vdc", "guest reads", "guest writes"]
    canvas = plot._canvas
    assert canvas is not None
    highest = {key: float(curve.getData()[1].max()) for key, curve in canvas._curves.items()}
    assert highest["diskchain-1#1"] == pytest.approx(200, rel=0.05)
    assert highest["b0#2"] == pytest.approx(50, rel=0.05)
    assert highest["written"] == pytest.approx(18, rel=0.05)
    assert canvas._end == 240
    assert [mark.text for mark in canvas._marks.marks] == ["backup vdc started"]
    assert "mirror vdb 200 MiB/s" in plot.accessibleDescription()


def test_it_draws_at_most_four_times_a_second(plotted: Plotted, qtbot: QtBot) -> None:
    _, session, drawn = plotted
    session.be(MIRROR)
    qtbot.wait(300)
    drawn.clear()
    for _ in range(50):
        session.sample(0.02, {"diskchain-1": MIB})
        qtbot.wait(10)
    assert 1 <= len(drawn) <= 4


def test_a_plot_on_which_nothing_moves_is_hardly_drawn(plotted: Plotted, qtbot: QtBot) -> None:
    plot, session, drawn = plotted
    for _ in range(280):
        session.sample(0.25, writing=0)
    qtbot.wait(300)
    plot.redraw()
    drawn.clear()
    for _ in range(4):
        session.sample(1, writing=0)
        qtbot.wait(300)
    assert drawn == []
    session.sample(1, writing=0)
    session.sample(1, writing=0)
    qtbot.wait(300)
    assert len(drawn) == 1, "the line grows now and then"
    run(session, 1)
    qtbot.wait(600)
    assert len(drawn) > 1, "what moves again is seen at once"
    session.sample(6, writing=0)
    qtbot.wait(300)
    assert not plot._flat, "what moved within the window is still in sight"


def test_it_draws_nothing_while_hidden_or_while_nothing_comes(plotted: Plotted, qtbot: QtBot) -> None:
    plot, session, drawn = plotted
    qtbot.wait(600)
    drawn.clear()
    qtbot.wait(600)
    assert drawn == []
    plot.hide()
    run(session, 5)
    qtbot.wait(400)
    assert drawn == []
    plot.show()
    assert len(drawn) == 1


def test_curves_come_and_go(plotted: Plotted) -> None:
    plot, session, _ = plotted
    session.be(MIRROR)
    run(session, 5, diskchain_1=100 * MIB)
    session.be()
    run(session, 30)
    plot.redraw()
    assert "mirror vdb" in entries(plot)
    run(session, 60)
    plot.redraw()
    assert "mirror vdb" not in entries(plot)
    plot.show_window(600.0)
    assert "mirror vdb" in entries(plot)
    run(session, 600)
    plot.redraw()
    assert entries(plot) == ["guest reads", "guest writes"]


def test_the_window_is_chosen_by_a_button(plotted: Plotted) -> None:
    plot, _, _ = plotted
    button = plot.findChild(QPushButton, "plot-10min")
    assert button is not None
    QTest.keyClick(button, Qt.Key.Key_Space)
    assert plot._canvas is not None
    assert plot._canvas._window == 600.0


def test_another_machine_or_none(plotted: Plotted) -> None:
    plot, first, _ = plotted
    run(first, 5)
    plot.set_session(None)
    plot.redraw()
    assert entries(plot) == []
    plot.set_theme(LIGHT)
    plot.redraw()


def test_pyqtgraph_is_imported_late() -> None:
    code = (
        "import sys; import diskchain.widgets.panels.throughput; "
        "sys.exit(any(name in sys.modules for name in ('pyqtgraph', 'numpy')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=30).returncode == 0


@pytest.mark.parametrize("palette", [DARK, LIGHT])
def test_colours_can_be_seen_and_mean_no_state(palette: Palette) -> None:
    colours = all_colours(palette.dark)
    assert len(set(colours)) == len(colours) == 5
    assert min(contrast(colour, palette.raised) for colour in colours) >= 4.5
    states = {palette.green, palette.amber, palette.red, palette.blue}
    assert not states & set(colours)
    looks = [job_curve(number, palette.dark) for number in range(8)]
    assert len({*looks, guest_curve("read", palette.dark), guest_curve("written", palette.dark)}) == 10


def marks(*at_and_word: tuple[float, str]) -> list[Mark]:
    return [Mark(at, word, "j") for at, word in at_and_word]


def shown(found: list[Mark]) -> list[Shown]:
    return shown_marks(found, 100.0, 60.0, lambda _: "job", lambda text: 6.0 * len(text), 600.0)


def test_marks_inside_the_window() -> None:
    assert [(mark.at, mark.text) for mark in shown(marks((10, "started"), (70, "ready"), (120, "failed")))] == [
        (-30.0, "job ready")
    ]


def test_texts_do_not_cover_one_another() -> None:
    found = shown(marks((60, "started"), (60.5, "limit changed"), (61, "paused"), (99.9, "ready")))
    assert [(mark.text, mark.left, mark.row) for mark in found] == [
        ("job ready", True, 0), ("job paused", False, 0), ("job limit changed", True, 0), ("job started", True, 1),
    ]  # fmt: skip
    crowd = shown(marks(*((90.0, "failed") for _ in range(8))))
    assert [mark.text for mark in crowd].count("") == 4


@pytest.mark.parametrize(
    ("width", "labels"),
    [(900, ["commit vda → base", "guest reads", "guest writes"]), (190, 1), (130, 1), (20, 0)],
)
def test_a_narrow_legend_still_names_its_first_curve(qtbot: QtBot, width: int, labels: list[str] | int) -> None:
    legend = Legend()
    qtbot.addWidget(legend)
    curve = guest_curve("read", dark=True)
    legend.show_entries(tuple(Entry(label, curve) for label in ("commit vda → base", "guest reads", "guest writes")))
    legend.resize(width, 20)
    shown = [entry.label for entry in legend.shown]
    if isinstance(labels, list):
        assert shown == labels
    else:
        assert len(shown) == labels
        assert all(label.startswith("c") for label in shown)
    legend.grab()


def test_a_job_that_ends_at_once_is_one_mark() -> None:
    """The words of its end would stand left of those of its start."""
    found = shown(marks((60, "started"), (60.2, "completed"), (80, "started"), (83, "failed")))
    assert [mark.text for mark in found] == ["job failed", "job started", "job started, completed"]


def test_qemus_own_pauses_are_no_marks() -> None:
    assert shown(marks((80, "paused"), (80.1, "resumed"))) == []
    assert [mark.text for mark in shown(marks((80, "paused"), (90, "resumed")))] == ["job resumed", "job paused"]


@given(some.lists(some.floats(41, 100), max_size=30))
def test_no_two_texts_overlap(moments: list[float]) -> None:
    found = shown(marks(*((at, "completed") for at in sorted(moments))))
    for row in (0, 1):
        spans = sorted(_span(mark) for mark in found if mark.text and mark.row == row)
        assert all(first[1] <= second[0] for first, second in pairwise(spans))
        assert all(begin >= 0 and end <= 605 for begin, end in spans)


@given(some.lists(some.floats(41, 100), max_size=30))
def test_no_line_runs_through_the_words_of_another(moments: list[float]) -> None:
    found = [mark for mark in shown(marks(*((at, "completed") for at in sorted(moments)))) if mark.text]
    for mark in found:
        begin, end = _span(mark)
        above = [other.at / 60 * 600 + 600 for other in found if other.row <= mark.row and other is not mark]
        assert not [line for line in above if begin < line < end]


def test_words_without_room_are_told_where_the_mouse_is(plotted: Plotted) -> None:
    plot, session, _ = plotted
    session.be(MIRROR)
    run(session, 10, diskchain_1=MIB)
    for word in ("paused", "limit changed", "failed", "cancelled", "ready", "started"):
        session.happen(word, MIRROR.id)
    run(session, 10, diskchain_1=MIB)
    plot.redraw()
    assert plot._canvas is not None
    over = plot._canvas._marks
    assert [mark for mark in over.marks if not mark.text], "some have no room"
    area = plot._canvas.area
    place = QPoint(round(area.right() - area.width() / 6), round(area.center().y()))
    QApplication.sendEvent(over, QHelpEvent(QEvent.Type.ToolTip, place, over.mapToGlobal(place)))
    assert QToolTip.text().splitlines()[0] == "mirror vdb paused, 10 s ago"
    assert len(QToolTip.text().splitlines()) == 6
    assert over.told_at(area.left()) == ""


def test_a_burst_that_is_over_is_cut_off_and_told(plotted: Plotted) -> None:
    plot, session, _ = plotted
    session.be(MIRROR)
    run(session, 1, diskchain_1=4000 * MIB)
    run(session, 1, diskchain_1=10 * MIB)
    plot.redraw()
    canvas = plot._canvas
    assert canvas is not None
    assert canvas._end > 1000, "what is so now is never cut off"
    run(session, 20, diskchain_1=10 * MIB)
    plot._spoken_at = float("-inf")
    plot.redraw()
    assert canvas._end <= 40
    (cut,) = canvas.cuts
    assert cut.value > 1000
    assert cut.label == "mirror vdb"
    assert "mirror vdb reached" in plot.accessibleDescription()
    run(session, 60, diskchain_1=10 * MIB)
    plot.redraw()
    assert not canvas.cuts


@given(some.lists(some.floats(0, 1e4), min_size=1, max_size=240), some.floats(0, 1e4))
def test_what_lasts_is_never_cut_off(values: list[float], level: float) -> None:
    times = np.array([-0.25 * place for place in range(len(values), 0, -1)])
    found = lasting(times, np.array(values))
    assert found <= max(values)
    assert found >= max(values[-12:])
    assert lasting(np.append(times - 4, -4.0), np.append(values, level)) >= min(level, max(values, default=0))


def _span(mark: Shown) -> tuple[float, float]:
    line, width = mark.at / 60 * 600 + 600, 6.0 * len(mark.text)
    return (line - 5 - width, line - 5) if mark.left else (line + 5, line + 5 + width)


@given(some.floats(0, 1e7), some.floats(0, 1e7))
def test_the_rate_axis_holds_the_highest(highest: float, other: float) -> None:
    end = ceiling(highest)
    assert highest <= end <= max(2 * highest, 0.5)
    assert ceiling(highest, ceiling(other)) >= highest
    assert len(rate_ticks(end)) == 5


def test_the_axis_rests() -> None:
    end = ceiling(200)
    assert end == 240
    assert ceiling(120, end) == end
    assert ceiling(20, end) < end
    assert [text for _, text in time_ticks(600)] == ["-10 min", "-8 min", "-6 min", "-4 min", "-2 min", "now"]
    assert [text for _, text in time_ticks(60, 2)] == ["-60 s", "-30 s", "now"]


def test_labels_of_the_time_axis_do_not_touch(plotted: Plotted) -> None:
    assert [time_steps(room, 50) for room in (400, 250, 249, 100, 99, 0)] == [5, 5, 2, 2, 1, 1]
    plot, session, _ = plotted
    shown = []
    for wide in (700, 240):
        plot.resize(wide, 260)
        session.sample(0.25, {})
        run(session, 0.5)
        canvas = plot._canvas
        assert canvas is not None
        canvas.draw([], [], session.now, 60.0)
        shown.append(canvas._steps)
    assert shown == [5, 2]
