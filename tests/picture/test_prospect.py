"""A preview as a picture: now, and after below it."""

from __future__ import annotations

from diskchain.model.state import State
from diskchain.operations.commit import Commit
from diskchain.operations.operation import Operation
from diskchain.operations.preview import Surroundings, prepare
from diskchain.operations.snapshot import Snapshot
from diskchain.operations.stream import Stream
from diskchain.picture.look import CardLook, LineLook, PillLook
from diskchain.picture.plan import Plan
from diskchain.picture.prospect import place_preview
from diskchain.picture.rows import Wish
from diskchain.picture.telling import Telling
from tests.support import graphs


def shown(operation: Operation, state: State | None = None) -> Plan:
    state = state or graphs.talk()
    preview = prepare(operation, state, Surroundings(stamp="20261123-193000"))
    return place_preview(preview, Telling(state), Wish(room=1100, width=885))


def words(plan: Plan, key: str) -> list[str]:
    look = plan.spots[key].look
    assert isinstance(look, CardLook)
    return [badge.text for badge in look.badges]


def test_a_commit_marks_what_changes_and_what_becomes_invalid() -> None:
    plan = shown(Commit("overlay2", "base"))
    assert words(plan, "node:base") == ["WILL CHANGE"]
    assert words(plan, "node:overlay1") == words(plan, "node:overlay2") == ["WILL BE INVALID"]
    assert words(plan, "node:overlay3") == ["ACTIVE"]
    pill = plan.spots["flow:preview"].look
    assert isinstance(pill, PillLook)
    assert pill.title == "up to 1.6 GiB moves down"
    assert (plan.links["flow:preview"].start, plan.links["flow:preview"].end) == ("node:overlay2", "node:base")


def test_after_stands_below_now_in_the_same_columns() -> None:
    plan = shown(Commit("overlay2", "base"))
    assert "after:node:overlay1" not in plan.spots
    for name in ("base", "overlay3"):
        now, after = plan.spots[f"node:{name}"], plan.spots[f"after:node:{name}"]
        assert (after.x, after.y > now.bottom) == (now.x, True)
    assert plan.links["backing:after:node:overlay3"].label == "reads cross 2 images instead of 4"
    assert isinstance(plan.spots["row:disk:vdb"].look, LineLook)


def test_a_stream_moves_up() -> None:
    pill = shown(Stream("overlay3", "base")).spots["flow:preview"].look
    assert isinstance(pill, PillLook)
    assert pill.title.endswith("moves up")


def test_a_snapshot_adds_a_card_to_each_disk() -> None:
    plan = shown(Snapshot())
    new = [spot for spot in plan.spots.values() if spot.key.startswith("after:node:vd")]
    assert len(new) == 2
    assert all(isinstance(spot.look, CardLook) and spot.look.ghost and spot.look.active for spot in new)


def test_what_a_preview_speaks_of_is_not_folded_away() -> None:
    plan = shown(Commit("snap012", "snap009"), graphs.long_chain())
    assert {"node:snap012", "node:snap009"} <= set(plan.spots)
    assert "flow:preview" in plan.links
