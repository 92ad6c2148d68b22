"""What is in sight by itself, and stays so."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from diskchain.model.diff import Diff
from diskchain.operations.commit import Commit
from diskchain.operations.operation import Operation
from diskchain.operations.preview import prepare
from diskchain.operations.snapshot import Snapshot
from diskchain.operations.stream import Stream
from diskchain.operations.surroundings import Surroundings
from diskchain.picture import text
from diskchain.picture.brush import box_of
from diskchain.picture.label import LABELS, label_of
from diskchain.picture.look import FoldLook, LineLook
from diskchain.widgets.canvas.camera import COMFORTABLE, READABLE, READABLE_FULL
from diskchain.widgets.canvas.scene import area_of
from tests.support import graphs
from tests.support.canvas import Window


def all_in_sight(window: Window) -> bool:
    view = window.view
    bars = (view.horizontalScrollBar(), view.verticalScrollBar())
    return view.sight().contains(area_of(view.canvas.plan)) and all(bar.maximum() == bar.minimum() for bar in bars)


def resize(window: Window, width: int, height: int) -> None:
    window.view.resize(width, height)
    for _ in range(4):
        QApplication.processEvents()


@pytest.mark.parametrize(
    "size", [QSize(680, 560), QSize(857, 568), QSize(885, 360), QSize(1120, 700), QSize(1500, 800)]
)
def test_full_graph_is_in_sight_by_itself_and_with_its_words(qtbot: QtBot, size: QSize) -> None:
    window = Window(qtbot, graphs.talk(), size.width(), size.height())
    window.view.set_mode("full")
    QApplication.processEvents()
    assert all_in_sight(window)
    assert window.view.camera.scale >= LABELS


def test_it_stays_in_sight_when_the_window_or_a_splitter_changes_its_room(qtbot: QtBot) -> None:
    window = Window(qtbot, graphs.talk(), 1200, 700)
    window.view.set_mode("full")
    for width, height in ((900, 700), (900, 400), (1300, 400), (1300, 800)):
        resize(window, width, height)
        assert all_in_sight(window), (width, height)


def test_what_was_fitted_by_the_user_stays_fitted_until_he_zooms_or_pans(qtbot: QtBot) -> None:
    window = Window(qtbot, graphs.crowd(40, 5))
    window.view.set_mode("full")
    assert not all_in_sight(window), "forty disks are not readable when all are in sight"
    window.key(Qt.Key.Key_F)
    for width, height in ((885, 568), (700, 568), (700, 400), (1000, 700)):
        resize(window, width, height)
        assert all_in_sight(window), (width, height)
    window.show(graphs.crowd(42, 5))
    assert all_in_sight(window)
    window.view.zoom_in()
    scale = window.view.camera.scale
    resize(window, 600, 500)
    assert window.view.camera.scale == scale
    window.view.set_mode("chain")
    window.view.set_mode("full")
    assert window.view.camera.scale == pytest.approx(READABLE_FULL), "another view is fitted anew"


def shown_whole(window: Window, *keys: str) -> bool:
    spots = window.view.canvas.plan.spots
    return all(window.view.sight().contains(box_of(spots[key])) for key in keys)


@pytest.mark.parametrize("length", [30, 100])
def test_what_does_not_fit_opens_on_the_active_image_with_its_device(qtbot: QtBot, length: int) -> None:
    window = Window(qtbot, graphs.long_chain(length), 857, 568)
    window.view.set_mode("full")
    QApplication.processEvents()
    top = f"node:snap{length - 1:03}"
    assert shown_whole(window, top, "device:vda")
    assert window.view.camera.scale == pytest.approx(READABLE), "nothing is won by smaller cards"
    window.show(graphs.long_chain(length + 1))
    assert shown_whole(window, f"node:snap{length:03}"), "after a change too"


def test_a_selected_disk_is_what_opens_and_a_click_does_not_move_the_picture(qtbot: QtBot) -> None:
    window = Window(qtbot, graphs.crowd(40, 5), 857, 568)
    window.view.set_mode("full")
    assert window.view.sight().topLeft() == QPointF(0, 0), "the first disk is at the left upper end"
    window.view.select("d0-2")
    assert window.view.sight().topLeft() == QPointF(0, 0)
    window.view.set_mode("chain")
    window.view.select("d33-4")
    window.view.set_mode("full")
    assert shown_whole(window, "node:d33-4", "device:disk33")


def test_everything_in_sight_folds_what_could_not_be_read(qtbot: QtBot) -> None:
    window = Window(qtbot, graphs.long_chain(30), 857, 568)
    (folded,) = (spot for spot in window.view.canvas.plan.spots.values() if isinstance(spot.look, FoldLook))
    window.view.unfold(folded.row)
    assert not all_in_sight(window)
    window.key(Qt.Key.Key_F)
    assert all_in_sight(window)
    assert window.view.camera.scale >= READABLE
    window.view.unfold(folded.row)
    assert "node:snap015" in window.view.canvas.plan.spots, "it opens again by a click"


@pytest.mark.parametrize(
    ("width", "height", "scale"), [(857, 568, 1.0), (1338, 748, 748 / 600), (1976, 1108, 1.5), (3200, 1700, 1.5)]
)
def test_a_small_picture_is_larger_in_a_large_window(qtbot: QtBot, width: int, height: int, scale: float) -> None:
    """The canvas in windows of 1440 x 900, 1920 x 1080, 2560 x 1440 and more."""
    pair = graphs.state([graphs.chain(graphs.TALK[:2])], [graphs.disk("vda", "overlay1")])
    window = Window(qtbot, pair, width, height)
    assert window.view.camera.scale == pytest.approx(scale, rel=0.01)
    assert all_in_sight(window)
    window.view.zoom_reset()
    assert window.view.camera.scale == 1


@pytest.mark.parametrize("width", [857, 1976])
def test_lines_of_many_disks_fill_the_width_at_any_size(qtbot: QtBot, width: int) -> None:
    window = Window(qtbot, graphs.crowd(5, 3), width, 1108)
    view = window.view
    rights = [spot.right for spot in view.canvas.plan.spots.values() if isinstance(spot.look, LineLook)]
    assert rights
    assert all(width - 40 < right * view.camera.scale < width for right in rights)
    assert all_in_sight(window)


def test_another_machine_is_fitted_anew(qtbot: QtBot) -> None:
    window = Window(qtbot, graphs.talk())
    window.view.zoom_in()
    window.view.show_state(None, Diff(), None, None)
    window.show(graphs.talk())
    assert all_in_sight(window)


def test_words_of_edges_stay_within_what_is_painted_of_them(qtbot: QtBot) -> None:
    window = Window(qtbot, graphs.talk())
    window.view.set_mode("full")
    for item in window.view.canvas.links_by_key.values():
        size = text.at_scale(10, LABELS)
        word = item.link.label.split(" ")[0]
        box = item.boundingRect()
        assert box.height() >= 1.6 * size, "its first word"
        assert box.height() >= 2 * text.metrics(19, mono=True).height(), "and two lines where there is room"
        assert box.width() >= text.width(word, size, mono=True) + 8, "even from afar its role is said"


def test_in_a_window_of_1440_pixels_all_roles_have_their_letters(qtbot: QtBot) -> None:
    """Beside the list of machines and the inspector, the canvas of such a window is 857 pixels wide."""
    window = Window(qtbot, graphs.talk(), 857, 568)
    window.view.set_mode("full")
    for item in window.view.canvas.links_by_key.values():
        label = label_of(item.link, item._way, window.view.camera.scale)
        assert label is not None
        assert " ".join(label.lines) == item.link.label
        assert item.boundingRect().contains(label.box(item._way))


OPERATIONS = [
    Snapshot(),
    Snapshot(("vda",)),
    Commit("snap005", "base"),
    Commit("snap003", "snap001"),
    Stream("snap005"),
]


@pytest.mark.parametrize("width", [606, 530])
@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_a_preview_shows_what_it_previews_in_a_small_window(qtbot: QtBot, operation: Operation, width: int) -> None:
    """The canvas in windows of 1100 x 700 and 1024 x 700."""
    window = Window(qtbot, graphs.long_chain(6), width, 400)
    view = window.view
    view.show_preview(prepare(operation, window.state, Surroundings(stamp="20261123-193000")))
    QApplication.processEvents()
    assert view.canvas.plan.focus
    assert shown_whole(window, *view.canvas.plan.focus)
    assert view.camera.scale >= READABLE
    view.show_preview(None)
    view.zoom_by(3)
    view.show_preview(prepare(operation, window.state, Surroundings(stamp="20261123-193000")))
    assert shown_whole(window, view.canvas.plan.focus[0]), "also where the user has zoomed"


@pytest.mark.parametrize("disks", [8, 9, 10])
@pytest.mark.parametrize("size", [QSize(857, 548), QSize(606, 400)])
def test_lines_never_need_a_scroll_bar_below(qtbot: QtBot, size: QSize, disks: int) -> None:
    """Not even where one at the right takes some of the width; and for a few pixels of room there is none at all."""
    window = Window(qtbot, graphs.crowd(disks, 3), size.width(), size.height())
    across, down = window.view.horizontalScrollBar(), window.view.verticalScrollBar()
    assert across.maximum() == across.minimum()
    high = max(spot.bottom for spot in window.view.canvas.plan.spots.values())
    assert down.maximum() == down.minimum() or high * window.view.camera.scale > size.height() - 20


def test_rows_are_scrolled_rather_than_made_small_for_their_height(qtbot: QtBot) -> None:
    window = Window(qtbot, graphs.crowd(3, 3), 857, 400)
    assert window.view.camera.scale == pytest.approx(COMFORTABLE)
    window.key(Qt.Key.Key_F)
    assert all_in_sight(window)
