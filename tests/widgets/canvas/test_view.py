"""The canvas by mouse and keyboard, as a user works it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from diskchain.model.graph import BlockGraph
from diskchain.model.state import State
from diskchain.operations.commit import Commit
from diskchain.operations.preview import prepare
from diskchain.operations.stream import Stream
from diskchain.operations.surroundings import Surroundings
from diskchain.picture.look import CardLook, FoldLook, PillLook
from tests.support import graphs
from tests.support.canvas import LEFT, NONE, Busy, Window


@pytest.fixture
def talk(qtbot: QtBot) -> Window:
    return Window(qtbot, graphs.talk())


def test_dropping_an_overlay_on_a_node_below_it_offers_a_commit(talk: Window) -> None:
    talk.drag("overlay2", talk.at("base"))
    assert [offer.operation for offer in talk.dropped] == [Commit("overlay2", "base")]
    assert talk.view.carried is None


def test_dropping_a_node_on_an_overlay_above_it_offers_a_stream(talk: Window) -> None:
    talk.drag("overlay1", talk.at("overlay3"))
    assert [offer.operation for offer in talk.dropped] == [Stream("overlay3", "base")]


@pytest.mark.parametrize("target", ["data-top", "overlay2"])
def test_dropping_where_nothing_is_offered_does_nothing(talk: Window, target: str) -> None:
    talk.drag("overlay2", talk.at(target) + QPoint(1, 1))
    assert talk.dropped == []


def test_dropping_on_the_ground_or_escape_cancels(talk: Window) -> None:
    before = set(talk.view.canvas.items())
    talk.drag("overlay2", QPoint(860, 540))
    talk.lift("overlay2", talk.at("base"))
    assert talk.view.carried is not None
    talk.key(Qt.Key.Key_Escape)
    QTest.mouseRelease(talk.view.viewport(), LEFT, NONE, talk.at("base"))
    assert talk.dropped == []
    assert set(talk.view.canvas.items()) == before
    assert all(item.opacity() == 1 for item in talk.view.canvas.items_by_key.values())


def test_a_small_move_is_a_click(talk: Window) -> None:
    talk.drag("overlay2", talk.at("overlay2") + QPoint(3, 2))
    assert talk.view.selected == "overlay2"
    assert talk.dropped == []


def test_in_a_large_window_the_hint_is_as_much_larger_as_the_cards(qtbot: QtBot) -> None:
    sizes = []
    for width, height in ((857, 568), (1976, 1108)):
        window = Window(qtbot, graphs.talk(), width, height)
        window.lift("overlay2", window.at("base"))
        carried = window.view.carried
        assert carried is not None
        hint = QRectF(QPointF(window.view.mapFromScene(carried._hint.pos())), carried._hint.size)
        sizes.append(carried._hint.size.width())
        card = window.view.canvas.items_by_key["node:base"]
        assert not hint.intersects(QRectF(window.view.mapFromScene(card.box()).boundingRect()))
    assert sizes[1] == 1.5 * sizes[0]


def test_the_card_in_hand_and_its_hint_never_cover_the_target(talk: Window) -> None:
    for source, target in (
        ("overlay2", "base"),
        ("overlay3", "overlay1"),
        ("base", "overlay3"),
        ("data-base", "data-top"),
    ):
        talk.lift(source, talk.at(target))
        carried = talk.view.carried
        assert carried is not None
        assert carried.target == target
        card = talk.view.canvas.item_of(target)
        assert card is not None
        for floating in (carried._ghost, carried._hint):
            assert not floating.sceneBoundingRect().adjusted(4, 4, -4, -4).intersects(card.box())
        QTest.mouseRelease(talk.view.viewport(), LEFT, NONE, QPoint(870, 560))
    assert len(talk.dropped) == 0


def test_each_candidate_is_asked_for_once(talk: Window) -> None:
    talk.drag("overlay2", talk.at("base"))
    assert sorted(talk.asked) == sorted(set(talk.asked))


def test_dragging_the_ground_pans(qtbot: QtBot) -> None:
    window = Window(qtbot, graphs.crowd(3, 12), 500, 300)
    window.view.zoom_reset()
    before = window.view.mapToScene(0, 0)
    area = window.view.viewport()
    start = next(
        point
        for point in (QPoint(x, y) for x in range(60, 460, 20) for y in range(60, 280, 10))
        if window.view.item_at(point) is None
    )
    QTest.mousePress(area, LEFT, NONE, start)
    QTest.mouseMove(area, start - QPoint(20, 12))
    QTest.mouseMove(area, start - QPoint(40, 24))
    QTest.mouseRelease(area, LEFT, NONE, start - QPoint(40, 24))
    assert window.view.mapToScene(0, 0) != before
    assert window.view.selected is None


def test_shift_drag_on_the_ground_selects_what_it_covers(talk: Window) -> None:
    told: list[frozenset[str]] = []
    talk.view.selection_changed.connect(told.append)
    area, start = talk.view.viewport(), QPoint(4, 90)
    end = talk.at("overlay1")
    QTest.mousePress(area, LEFT, Qt.KeyboardModifier.ShiftModifier, start)
    QTest.mouseMove(area, (start + end) / 2)
    QTest.mouseMove(area, end)
    QTest.mouseRelease(area, LEFT, Qt.KeyboardModifier.ShiftModifier, end)
    assert told == [frozenset({"base", "overlay1"})]


def test_arrows_travel_along_the_chain(talk: Window) -> None:
    talk.view.select("overlay3")
    talk.key(Qt.Key.Key_Left)
    assert talk.view.selected == "overlay2"
    talk.key(Qt.Key.Key_Home)
    assert talk.view.selected == "base"
    talk.key(Qt.Key.Key_Left, Qt.Key.Key_Right)
    assert talk.view.selected == "overlay1"
    talk.key(Qt.Key.Key_End, Qt.Key.Key_Down)
    assert talk.view.selected == "data-top"
    talk.key(Qt.Key.Key_Up)
    assert talk.view.selected in ("overlay1", "overlay2")


def test_travel_opens_folds_and_lines(qtbot: QtBot) -> None:
    folded = Window(qtbot, graphs.long_chain())
    folded.view.select("base")
    folded.key(Qt.Key.Key_Right)
    assert folded.view.selected == "snap001"
    assert folded.view.canvas.plan.shows["snap001"] == "node:snap001"
    crowd = Window(qtbot, graphs.crowd())
    crowd.view.select("d0-2")
    crowd.key(Qt.Key.Key_Down)
    assert crowd.view.selected == "d1-2"
    assert "node:d1-0" in crowd.view.canvas.plan.spots


def test_a_drag_by_keyboard(talk: Window) -> None:
    talk.view.select("overlay2")
    talk.key(Qt.Key.Key_C)
    assert talk.view.carried is not None
    assert talk.view.carried.target == "overlay1"
    talk.key(Qt.Key.Key_Left, Qt.Key.Key_Return)
    assert [offer.operation for offer in talk.dropped] == [Commit("overlay2", "base")]
    talk.view.select("overlay1")
    talk.key(Qt.Key.Key_S, Qt.Key.Key_Escape)
    assert len(talk.dropped) == 1
    talk.key(Qt.Key.Key_S, Qt.Key.Key_Right, Qt.Key.Key_Enter)
    assert talk.dropped[1].operation == Stream("overlay3", "base")


def test_enter_opens_the_menu_of_the_selected_node(talk: Window) -> None:
    menus: list[str] = []
    talk.view.context_requested.connect(lambda node, _: menus.append(node))
    talk.view.select("overlay1")
    talk.key(Qt.Key.Key_Return)
    QTest.mousePress(talk.view.viewport(), Qt.MouseButton.RightButton, NONE, talk.at("base"))
    pill = talk.view.canvas.items_by_key["device:vdb"]
    where = talk.view.mapFromScene(pill.box().center())
    QTest.mousePress(talk.view.viewport(), Qt.MouseButton.RightButton, NONE, where)
    assert menus == ["overlay1", "base", "vdb"]


def test_search_marks_and_goes_from_hit_to_hit(talk: Window) -> None:
    assert talk.view.search("OVERLAY") == ["overlay1", "overlay2", "overlay3"]
    item = talk.view.canvas.item_of("overlay2")
    assert item is not None
    assert item.found
    assert talk.view.next() == "overlay1"
    assert talk.view.prev() == "overlay3"
    assert talk.view.search("") == []
    assert not item.found


def test_search_finds_what_is_drawn(talk: Window) -> None:
    """In the chain view a file node is in the card of its image, in the full graph it has one of its own."""
    assert talk.view.search("overlay2-file") == ["overlay2"]
    talk.view.set_mode("full")
    QApplication.processEvents()
    assert talk.view.search("overlay2") == ["overlay2", "overlay2-file"]
    assert talk.view.search("overlay2-file") == ["overlay2-file"]


def test_a_click_opens_a_fold_and_another_closes_it(qtbot: QtBot) -> None:
    window = Window(qtbot, graphs.long_chain())

    def folds() -> list[str]:
        return [key for key, spot in window.view.canvas.plan.spots.items() if isinstance(spot.look, FoldLook)]

    fold = window.view.canvas.items_by_key[folds()[0]]
    QTest.mouseClick(window.view.viewport(), LEFT, NONE, window.view.mapFromScene(fold.box().center()))
    assert folds() == []
    title = window.view.canvas.items_by_key["title:disk:vda"]
    window.view.click(title)
    assert len(folds()) == 1


def test_one_changed_node_touches_only_its_item(talk: Window) -> None:
    items = dict(talk.view.canvas.items_by_key)
    before = {key: item.spot for key, item in items.items()}
    nodes = dict(talk.state.graph.nodes)
    nodes["base"] = replace(nodes["base"], allocated=graphs.GIB)
    talk.show(replace(talk.state, graph=BlockGraph(nodes, talk.state.graph.edges)))
    assert talk.view.canvas.items_by_key == items
    assert [key for key, item in items.items() if item.spot is not before[key]] == ["node:base"]
    look = items["node:base"].spot.look
    assert isinstance(look, CardLook)
    assert look.size == "1 of 8 GiB"


def test_a_device_told_differently_touches_only_its_pill(talk: Window) -> None:
    items = dict(talk.view.canvas.items_by_key)
    before = {key: item.spot for key, item in items.items()}
    devices = tuple(replace(one, io_status="nospace") if one.name == "vda" else one for one in talk.state.devices)
    talk.show(replace(talk.state, devices=devices))
    assert talk.view.canvas.items_by_key == items
    assert [key for key, item in items.items() if item.spot is not before[key]] == ["device:vda"]
    look = items["device:vda"].spot.look
    assert isinstance(look, PillLook)
    assert (look.note, look.tone) == ("virtio-blk · no space", "red")


def test_items_keep_their_identity_when_the_graph_changes(talk: Window) -> None:
    kept = {name: talk.view.canvas.item_of(name) for name in ("base", "overlay3", "data-top")}
    talk.show(graphs.committing())
    assert {name: talk.view.canvas.item_of(name) for name in kept} == kept
    assert "job:diskchain-7" in talk.view.canvas.items_by_key


def test_a_preview_comes_and_goes(talk: Window) -> None:
    view = talk.view
    view.show_preview(prepare(Commit("overlay2", "base"), talk.state, Surroundings()))
    assert "after:node:base" in view.canvas.items_by_key
    assert not view.pick_up(view.canvas.items_by_key["node:base"], view.canvas.items_by_key["node:base"].box().center())
    view.show_preview(None)
    assert "after:node:base" not in view.canvas.items_by_key


def test_a_drag_ends_when_its_card_goes_away(talk: Window) -> None:
    talk.lift("overlay2", talk.at("base"))
    talk.show(graphs.state([graphs.chain([("base", 1), ("overlay3", 1)])], [graphs.disk("vda", "overlay3")]))
    assert talk.view.carried is None
    QTest.mouseRelease(talk.view.viewport(), LEFT, NONE, QPoint(100, 150))
    assert talk.dropped == []


def test_full_graph_shows_every_node_edge_and_root(qtbot: QtBot) -> None:
    window = Window(qtbot, graphs.mirroring())
    window.view.set_mode("full")
    plan = window.view.canvas.plan
    assert set(plan.shows) == set(window.state.graph.nodes)
    labels = {link.label for link in plan.links.values()}
    assert {"root", "main node", "source", "target"} <= labels
    assert "file wr_s/_r__" in labels
    window.view.set_mode("chain")
    assert "node:overlay3-file" not in window.view.canvas.items_by_key


def test_zoom_and_fit(talk: Window) -> None:
    view = talk.view
    view.zoom_out()
    assert view.camera.scale < 1
    view.zoom_reset()
    assert view.camera.scale == pytest.approx(1)
    for _ in range(12):
        view.zoom_out()
    assert all(not item.isVisible() for item in view.canvas.items_by_key.values())
    view.fit()
    assert all(item.isVisible() for item in view.canvas.items_by_key.values())


@pytest.mark.parametrize("make", [graphs.hostile, graphs.shared, graphs.crowd, graphs.mirroring, State])
def test_every_state_can_be_painted_at_every_zoom(qtbot: QtBot, make: object) -> None:
    assert callable(make)
    window = Window(qtbot, make())
    for scale in (2.0, 1.0, 0.6, 0.5, 0.4, 0.3, 0.1):
        window.view.zoom_by(scale / window.view.camera.scale)
        assert not window.view.grab().isNull()
    window.view.set_connection(False, "The line to build-vm was lost 12 s ago.")
    assert not window.view.grab().isNull()


def test_dashes_move_only_while_they_can_be_seen(qtbot: QtBot) -> None:
    window = Window(qtbot, graphs.mirroring())

    def moving() -> bool:
        return window.view._flowing.active

    assert not moving(), "motion is reduced"
    window.view.set_reduced_motion(False)
    assert moving()
    window.view.hide()
    assert not moving()
    window.view.show()
    window.show(graphs.talk())
    assert not moving()


def test_measurements_change_words_and_nothing_else(qtbot: QtBot) -> None:
    window = Window(qtbot, graphs.mirroring())
    window.view.planner.meter = Busy()
    window.view.show_preview(prepare(Commit("overlay3", "overlay2"), window.state, Surroundings()))
    window.view.show_sample()
    spots = window.view.canvas.plan.spots
    now, after = spots["node:overlay3"].look, spots["after:node:overlay2"].look
    assert isinstance(now, CardLook)
    assert isinstance(after, CardLook)
    assert (now.rate, now.badges[0].text) == ("18 MiB/s w", "WILL BE INVALID")
    assert (after.rate, after.ghost) == ("", True)
    window.view.show_preview(None)
    window.view.show_sample()
    pill = window.view.canvas.plan.spots["job:m1"].look
    assert isinstance(pill, PillLook)
    assert (pill.title, pill.note) == ("mirror 62 %", "212 MiB/s")
