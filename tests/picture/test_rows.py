"""The chain view's places."""

from __future__ import annotations

from dataclasses import replace

from diskchain.model.graph import BlockGraph
from diskchain.model.ledger import LedgerEntry
from diskchain.model.node import Edge
from diskchain.model.state import State
from diskchain.picture.look import CardLook, FoldLook, LineLook, SlimLook
from diskchain.picture.plan import Plan
from diskchain.picture.rows import Wish, place
from diskchain.picture.telling import Telling
from tests.support import graphs


def placed(state: State, wish: Wish | None = None, *ledger: LedgerEntry) -> Plan:
    return place(Telling(state), wish or Wish(room=1100, width=885), ledger)


def test_a_chain_reads_from_the_base_at_the_left_to_the_active_node_at_the_right() -> None:
    plan = placed(graphs.talk())
    row = [plan.spots[f"node:{name}"] for name in ("base", "overlay1", "overlay2", "overlay3")]
    assert [spot.x for spot in row] == sorted(spot.x for spot in row)
    assert len({spot.y for spot in row}) == 1
    device = plan.spots["device:vda"]
    assert device.bottom < row[-1].y
    assert row[-1].x < device.x + device.w / 2 < row[-1].right
    assert plan.links["backing:node:overlay3"].end == "node:overlay2"


def test_protocol_nodes_are_folded_into_their_cards_but_stay_where_there_is_no_format_node() -> None:
    plan = placed(graphs.talk())
    assert not any(key.endswith("-file") for key in plan.spots)
    bare = graphs.state([([graphs.image("x", 1)[0][1]], [])], [graphs.disk("vda", "x-file")])
    assert "node:x-file" in placed(bare).spots


def test_nothing_overlaps() -> None:
    for state in (
        graphs.talk(),
        graphs.mirroring(),
        graphs.committing(),
        graphs.shared(),
        graphs.hostile(),
        graphs.crowd(),
    ):
        spots = [spot for spot in placed(state).spots.values() if not spot.key.startswith("title:")]
        for at, one in enumerate(spots):
            for other in spots[at + 1 :]:
                apart = one.right <= other.x or other.right <= one.x or one.bottom <= other.y or other.bottom <= one.y
                assert apart, (one.key, other.key)


def test_a_shared_base_is_drawn_once_with_branches_hanging_on_it() -> None:
    plan = placed(graphs.shared())
    assert sum(spot.node == "base" for spot in plan.spots.values()) == 1
    assert plan.links["branch:node:db"].end == "node:base"
    assert plan.links["branch:node:branch"].end == "node:web"
    assert plan.spots["node:db"].y > plan.spots["node:base"].bottom


def test_filters_stand_slim_on_their_edges() -> None:
    plan = placed(graphs.committing())
    slim = plan.spots["node:diskchain-7-filter"]
    assert isinstance(slim.look, SlimLook)
    assert slim.look.word == "commit"
    assert plan.spots["node:overlay2"].right < slim.x < slim.right < plan.spots["node:overlay3"].x
    over = placed(graphs.shared()).spots
    assert over["device:vda"].bottom < over["node:limit0"].y < over["node:web-top"].y


def test_a_running_job_is_a_flow_with_a_pill() -> None:
    plan = placed(graphs.mirroring())
    link = plan.links["job:m1"]
    assert (link.start, link.end, link.kind, link.moving) == ("node:data-top", "node:copy", "across", True)
    assert plan.spots["node:copy"].y == plan.spots["node:data-top"].y
    under = placed(graphs.committing()).links["job:diskchain-7"]
    assert (under.start, under.end, under.kind) == ("node:overlay2", "node:base", "under")


def test_a_long_chain_folds_and_opens_where_something_is_selected() -> None:
    state = graphs.long_chain()
    folds = [spot.look for spot in placed(state).spots.values() if isinstance(spot.look, FoldLook)]
    assert folds == [FoldLook("26 overlays", "3.4 GiB")]
    plan = placed(state, Wish(room=1100, selected=frozenset({"snap012"})))
    assert plan.shows["snap012"] == "node:snap012"
    whole = placed(state, Wish(room=1100, unfolded=frozenset({"disk:vda"})))
    assert not any(isinstance(spot.look, FoldLook) for spot in whole.spots.values())


def test_from_four_disks_on_rows_that_are_not_selected_are_lines() -> None:
    plan = placed(graphs.crowd(), Wish(room=1100, width=885, selected=frozenset({"d4-1"})))
    lines = [spot for spot in plan.spots.values() if isinstance(spot.look, LineLook)]
    assert len(lines) == 11
    assert "node:d4-1" in plan.spots
    assert plan.shows["d5-0"] == "row:disk:vdf"
    assert plan.size[1] < 568 / 0.75, "twelve disks do not fit a window of 900 pixels at a readable zoom"


def test_images_that_qemu_no_longer_shows_stay_visible() -> None:
    entry = LedgerEntry("/images/overlay1.qcow2", "overlay1", "invalid", "It was committed into base.", disk="vda")
    look = placed(graphs.talk(), None, entry).spots["ledger:/images/overlay1.qcow2"].look
    assert isinstance(look, CardLook)
    assert look.hatched
    assert look.badges[0].text == "INVALID"


def test_every_node_is_shown_somewhere_even_in_a_loop() -> None:
    state = graphs.talk()
    looped = replace(
        state,
        graph=BlockGraph(state.graph.nodes, (*state.graph.edges, Edge("base", "overlay1", "backing"))),
        devices=(),
    )
    assert {"base", "overlay1"} <= set(placed(looped).shows)


def test_two_hundred_images_in_one_chain_are_placed() -> None:
    plan = placed(graphs.long_chain(200))
    assert len(plan.shows) == 200


def test_an_empty_state_is_an_empty_picture() -> None:
    assert placed(State()).size == (0.0, 0.0)
