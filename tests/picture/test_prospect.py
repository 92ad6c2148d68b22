"""A preview as a picture: now, and after below it."""

from __future__ import annotations

import pytest

from diskchain.model.ledger import LedgerEntry
from diskchain.model.state import State
from diskchain.operations.attach import Attach
from diskchain.operations.backup import TakeBackup
from diskchain.operations.commit import Commit
from diskchain.operations.export import Export
from diskchain.operations.mirror import Mirror
from diskchain.operations.operation import Operation
from diskchain.operations.preview import prepare
from diskchain.operations.snapshot import Snapshot
from diskchain.operations.stream import Stream
from diskchain.operations.surroundings import Surroundings
from diskchain.picture.brush import box_of
from diskchain.picture.edge import route
from diskchain.picture.look import Badge, CardLook, FoldLook, LineLook, PillLook
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
    assert words(plan, "node:overlay3") == ["WILL CHANGE", "ACTIVE"], "its header will name base"
    pill = plan.spots["flow:preview"].look
    assert isinstance(pill, PillLook)
    assert pill.title == "about 1.6 GiB moves down"
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


def of_files(plan: Plan, state: State) -> dict[str, str]:
    """File -> the mark on the card of its image, of those that have one."""
    found = {}
    for spot in plan.spots.values():
        if isinstance(spot.look, CardLook) and spot.look.marks and not spot.key.startswith("after:"):
            found[state.graph.nodes[spot.node].file or ""] = spot.look.badges[0].text
    return found


@pytest.mark.parametrize(
    "operation",
    [
        Commit("overlay3", "overlay2"),
        Commit("overlay3", "base"),
        Commit("overlay2", "overlay1"),
        Stream("overlay3"),
        Stream("overlay3", "base"),
        Stream("overlay2", "base"),
        Snapshot(),
    ],
    ids=str,
)
def test_exactly_the_files_that_the_sheet_names_are_marked(operation: Operation) -> None:
    """The active image too: it is the one that a stream writes into, and the one that a pivot leaves behind."""
    state = graphs.talk()
    draft = prepare(operation, state, Surroundings(stamp="20261123-193000")).draft
    assert of_files(shown(operation), state) == {
        **dict.fromkeys(draft.changed, "WILL CHANGE"),
        **dict.fromkeys(draft.invalid, "WILL BE INVALID"),
    }


def test_a_crowd_that_becomes_invalid_stays_folded_and_is_counted() -> None:
    plan = shown(Commit("snap028", "snap002"), graphs.long_chain())
    (fold,) = [spot for spot in plan.spots.values() if isinstance(spot.look, FoldLook) and spot.look.marks]
    assert isinstance(fold.look, FoldLook)
    assert [mark.text for mark in fold.look.marks] == ["24 WILL BE INVALID"]
    assert "Will be invalid: snap003, snap004" in fold.about
    assert words(plan, "node:snap002") == words(plan, "node:snap029")[:1] == ["WILL CHANGE"]


def test_a_few_that_become_invalid_are_shown_each() -> None:
    plan = shown(Commit("snap012", "snap008"), graphs.long_chain())
    for name in ("snap009", "snap010", "snap011", "snap012"):
        assert words(plan, f"node:{name}") == ["WILL BE INVALID"]


def test_what_the_ledger_says_stays_said_in_a_preview() -> None:
    state = graphs.talk()
    told = Telling(state, spoilt={"overlay1": Badge("CHANGED", "amber"), "data-base": Badge("INVALID", "red")})
    gone = LedgerEntry("/images/old.qcow2", "old", "invalid", "It was committed into base.")
    preview = prepare(Commit("overlay2", "base"), state, Surroundings())
    plan = place_preview(preview, told, Wish(room=1100, width=885), [gone])
    assert words(plan, "node:overlay1") == ["WILL BE INVALID", "CHANGED"]
    line = plan.spots["row:disk:vdb"].look
    assert isinstance(line, LineLook)
    assert [mark.text for mark in line.marks] == ["1 INVALID"]
    assert words(plan, "ledger:/images/old.qcow2") == ["INVALID"]


def test_what_a_preview_speaks_of_is_not_folded_away() -> None:
    plan = shown(Commit("snap012", "snap009"), graphs.long_chain())
    assert {"node:snap012", "node:snap009"} <= set(plan.spots)
    assert "flow:preview" in plan.links


@pytest.mark.parametrize(("top", "base"), [("overlay3", "overlay2"), ("overlay2", "base"), ("overlay3", "base")])
def test_the_pill_of_a_flow_never_covers_its_arrow(top: str, base: str) -> None:
    """Between neighbours it is wider than the way."""
    plan = shown(Commit(top, base))
    link = plan.links["flow:preview"]
    start, end, via = (box_of(plan.spots[key]) for key in (link.start, link.end, link.via))
    way = route(link, start, end, via)
    assert not way.head.boundingRect().intersects(via)
    assert way.path.boundingRect().top() > start.bottom()


def test_a_copy_stands_dashed_beside_its_image() -> None:
    plan = shown(Mirror("vda", "/images/new.qcow2"))
    card = plan.spots["copy:node:vda-copy"]
    source = plan.spots["node:overlay3"]
    assert isinstance(card.look, CardLook)
    assert card.look.ghost
    assert (card.y, card.x > source.right + 100) == (source.y, True)
    flow = plan.links["flow:vda-copy"]
    assert (flow.start, flow.end, flow.kind) == (source.key, card.key, "across")
    assert "after:node:vda-copy" in plan.spots


def test_what_is_about_another_disk_shows_that_one() -> None:
    state = graphs.talk()
    other = next(state.active_of(device) for device in state.devices if device.name == "vdb")
    assert other is not None
    plan = shown(Export(other, listen="/run/look.nbd"), state)
    assert isinstance(plan.spots[f"node:{other}"].look, CardLook)
    assert "EXPORT" in words(plan, f"after:node:{other}")
    assert isinstance(plan.spots["row:disk:vda"].look, LineLook)


def test_an_image_that_is_opened_stands_alone_as_after() -> None:
    plan = shown(Attach("/elsewhere/extra.qcow2", "qcow2"))
    assert isinstance(plan.spots["after:node:extra"].look, CardLook)
    assert {type(plan.spots[f"row:disk:{disk}"].look) for disk in ("vda", "vdb")} == {LineLook}


def test_a_disk_that_is_only_copied_is_drawn_once() -> None:
    plan = shown(TakeBackup("vda", target="/images/new.qcow2"))
    assert "copy:node:vda-backup" in plan.spots
    assert not [key for key in plan.spots if key.startswith("after:")]


def test_each_disk_that_is_copied_is_drawn_with_its_copy_and_its_own_figure() -> None:
    plan = shown(TakeBackup(disks=("vda", "vdb")))
    said = {}
    for name in ("vda-backup", "vdb-backup"):
        assert isinstance(plan.spots[f"copy:node:{name}"].look, CardLook)
        pill = plan.spots[f"flow:{name}"].look
        assert isinstance(pill, PillLook)
        said[name] = pill.title
        assert pill.title == f"about {pill.short} copied", "where there is no room for the words, the figure stays"
    assert "row:disk:vdb" not in plan.spots, "it is no line"
    alone = [shown(TakeBackup(name)).spots[f"flow:{name}-backup"].look for name in ("vda", "vdb")]
    assert list(said.values()) == [look.title for look in alone if isinstance(look, PillLook)]
    assert said["vda-backup"] != said["vdb-backup"]


@pytest.mark.parametrize(
    ("operation", "reckoned", "known"),
    [
        (Commit("overlay2", "base"), {"after:node:base"}, {"after:node:overlay3", "node:base"}),
        (Stream("overlay3", "base"), {"after:node:overlay3"}, {"after:node:base", "node:overlay3"}),
        (Mirror("vda", "/images/new.qcow2"), {"copy:node:vda-copy", "after:node:vda-copy"}, {"node:overlay3"}),
        (Snapshot(), set(), {"after:node:overlay3", "node:overlay3"}),
    ],
    ids=str,
)
def test_what_is_reckoned_is_told_as_the_most_that_it_can_be(
    operation: Operation, reckoned: set[str], known: set[str]
) -> None:
    """How much of the overlays the base holds already, nobody knows before."""
    plan = shown(operation)
    sizes = {key: spot.look.size for key, spot in plan.spots.items() if isinstance(spot.look, CardLook)}
    assert {key for key, size in sizes.items() if size.startswith("up to ")} == reckoned
    assert known <= set(sizes)


@pytest.mark.parametrize("sight", [970, 840])
@pytest.mark.parametrize(
    ("operation", "looked_at"),
    [
        (Snapshot(("vda",)), "after:node:vda-193000"),
        (Commit("snap005", "base"), "after:node:base"),
        (Stream("snap005", "base"), "after:node:snap005"),
    ],
    ids=str,
)
def test_in_a_small_window_chains_fold_until_what_is_new_is_in_sight(
    operation: Operation, looked_at: str, sight: float
) -> None:
    state = graphs.long_chain(6)
    preview = prepare(operation, state, Surroundings(stamp="20261123-193000"))
    plan = place_preview(preview, Telling(state), Wish(room=sight * 0.75, width=600, sight=sight))
    assert max(spot.right for spot in plan.spots.values() if not spot.key.startswith("title:")) <= sight
    assert plan.focus == (looked_at,)
    assert {"node:base", "node:snap005"} <= set(plan.spots)
    wide = place_preview(preview, Telling(state), Wish(room=1800, width=600, sight=1900))
    assert not any(isinstance(spot.look, FoldLook) for spot in wide.spots.values())
