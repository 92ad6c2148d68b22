"""What is done to bitmaps, judged without QEMU."""

from __future__ import annotations

from dataclasses import replace

import pytest

from diskchain.model.backup import Since
from diskchain.model.bitmap import Bitmap
from diskchain.model.state import State
from diskchain.operations import catalog
from diskchain.operations.bitmap import ChangeBitmap
from diskchain.operations.commit import Commit
from diskchain.operations.keys import UsageError
from diskchain.operations.preview import prepare
from diskchain.session.check import differences
from tests.support.states import NOTHING_ELSE, machine, path, with_filter

_DAILY = Bitmap("daily", 65536, 65536, recording=True, busy=False, persistent=False, inconsistent=False)
_CHAIN = {"vda": "base:raw <- top"}


def _with(*bitmaps: Bitmap, node: str = "top") -> State:
    state = machine(_CHAIN)
    return replace(state, graph=state.graph.with_nodes([replace(state.graph.nodes[node], bitmaps=bitmaps)]))


def _said(operation: ChangeBitmap, state: State) -> str:
    return " ".join(objection.text for objection in prepare(operation, state, NOTHING_ELSE).objections)


@pytest.mark.parametrize(
    "operation",
    [
        ChangeBitmap("add", "top", "b=1", True, 4096),
        ChangeBitmap("add", "top", "ü b"),
        ChangeBitmap("merge", "top", "daily", source="other"),
        *[ChangeBitmap(do, "top", "daily") for do in ("remove", "clear", "enable", "disable")],
    ],
)
def test_keys_go_round(operation: ChangeBitmap) -> None:
    assert catalog.parse(operation.name, operation.keys(), "/") == operation


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"do": "add", "node": "top"}, "name= is missing."),
        ({"do": "merge", "node": "top", "name": "daily"}, "from= is missing."),
        ({"do": "clear", "node": "top", "name": "daily", "from": "x"}, "from= belongs to do=merge only."),
        ({"do": "clear", "node": "top", "name": "d", "persistent": "yes"}, "persistent= and granularity= belong to do=add only."),
        ({"do": "reset", "node": "top", "name": "d"}, "do=reset is not known: say add, clear, enable, disable, remove or merge."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(keys: dict[str, str], says: str) -> None:
    with pytest.raises(UsageError) as caught:
        catalog.parse("bitmap", keys, "/")
    assert str(caught.value) == says


@pytest.mark.parametrize(
    ("operation", "state", "says"),
    [
        (ChangeBitmap("add", "nobody", "b"), _with(), "no node nobody"),
        (ChangeBitmap("add", "top-file", "b"), _with(), "top-file is no image: say node=top."),
        (ChangeBitmap("add", "throttle-over-top", "b"), with_filter(_with(), "top"), "is no image: say node=top."),
        (ChangeBitmap("add", "top", "daily"), _with(_DAILY), "a bitmap daily on top already"),
        (ChangeBitmap("add", "top", "x" * 1024), _with(), "too long"),
        (ChangeBitmap("add", "top", "b", granularity=1000), _with(), "a power of 2"),
        (ChangeBitmap("add", "top", "b", granularity=256), _with(), "a power of 2"),
        (ChangeBitmap("add", "base", "b", persistent=True), _with(), "only qcow2 keeps bitmaps"),
        (ChangeBitmap("clear", "top", "weekly"), _with(_DAILY), "no bitmap weekly on top. It has daily."),
        (ChangeBitmap("clear", "top", ""), _with(replace(_DAILY, name="")), "It has none."),
        (ChangeBitmap("clear", "top", "daily"), _with(replace(_DAILY, busy=True)), "in use by a job or an export"),
        (ChangeBitmap("remove", "top", "daily"), _with(replace(_DAILY, busy=True)), "in use by a job or an export"),
        (ChangeBitmap("clear", "top", "daily"), _with(replace(_DAILY, inconsistent=True)), "is inconsistent"),
        (ChangeBitmap("enable", "top", "daily"), _with(_DAILY), "records already"),
        (ChangeBitmap("disable", "top", "daily"), _with(replace(_DAILY, recording=False)), "does not record as it is"),
        (ChangeBitmap("merge", "top", "daily", source="daily"), _with(_DAILY), "into itself"),
        (ChangeBitmap("merge", "top", "daily", source="weekly"), _with(_DAILY), "no bitmap weekly"),
        (ChangeBitmap("merge", "top", "daily", source="w"),
         _with(_DAILY, replace(_DAILY, name="w", inconsistent=True)), "w is inconsistent"),
    ],
)  # fmt: skip
def test_what_speaks_against_it(operation: ChangeBitmap, state: State, says: str) -> None:
    assert says in _said(operation, state)
    assert all(offer.title for offer in catalog.offers_for_node(state, "top"))


def test_an_inconsistent_bitmap_can_be_removed() -> None:
    assert not _said(ChangeBitmap("remove", "top", "daily"), _with(replace(_DAILY, inconsistent=True)))


def test_a_bitmap_kept_in_a_read_only_image_stays_as_it_is() -> None:
    state = _with(replace(_DAILY, persistent=True))
    frozen = replace(state.graph.nodes["top"], read_only=True)
    state = replace(state, graph=state.graph.with_nodes([frozen]))
    for do in ("clear", "disable", "remove"):
        assert "is read-only" in _said(ChangeBitmap(do, "top", "daily"), state)
    assert "is read-only" in _said(ChangeBitmap("add", "top", "new", persistent=True), state)


@pytest.mark.parametrize("do", ["add", "remove", "enable", "disable"])
def test_an_act_that_did_nothing_is_noticed(do: str) -> None:
    before = _with(*(() if do == "add" else (replace(_DAILY, recording=do != "enable"),)))
    preview = prepare(ChangeBitmap(do, "top", "daily"), before, NOTHING_ELSE)
    assert preview.allowed, preview.objections
    assert differences(preview.draft, before, preview.after) == ()
    assert differences(preview.draft, before, before)


def test_an_image_offers_what_its_bitmaps_allow() -> None:
    offers = [
        offer for offer in catalog.offers_for_node(_with(_DAILY), "top") if isinstance(offer.operation, ChangeBitmap)
    ]
    told = [
        (offer.operation.do, offer.operation.bitmap) for offer in offers if isinstance(offer.operation, ChangeBitmap)
    ]
    assert told == [("add", "bitmap0"), ("clear", "daily"), ("disable", "daily"), ("remove", "daily")]
    assert not any(offer.reason for offer in offers)


def _larger(state: State) -> State:
    top = state.graph.nodes["top"]
    return replace(state, graph=state.graph.with_nodes([replace(top, virtual_size=16 << 20)]))


_PIVOT = Commit("top", "low", finish="pivot")
_SINCE = {(path("top"), "daily"): Since("b", "/b.qcow2"), (path("low"), "daily"): Since("a", "/a.qcow2")}


def _stack(top: Bitmap, *low: Bitmap) -> State:
    state = machine({"vda": "low <- top"})
    nodes = state.graph.nodes
    held = [replace(nodes["top"], bitmaps=(top,)), replace(nodes["low"], bitmaps=low)]
    return replace(state, graph=state.graph.with_nodes(held))


def test_a_bitmap_of_the_active_image_goes_down_with_a_commit() -> None:
    before = _stack(_DAILY)
    preview = prepare(_PIVOT, before, replace(NOTHING_ELSE, since=_SINCE))
    assert preview.allowed, preview.objections
    assert not preview.draft.confirm
    assert preview.draft.closes == ("top",)
    assert [bitmap.name for bitmap in preview.after.graph.nodes["low"].bitmaps] == ["daily"]
    assert [(mark.was, mark.becomes) for mark in preview.draft.marks] == [tuple(_SINCE.values())[::-1]]
    merge = next(command for command in preview.commands if command.name == "transaction")
    assert [part.name for part in merge.parts] == ["block-dirty-bitmap-add", "block-dirty-bitmap-merge"]


@pytest.mark.parametrize(
    "before",
    [
        _stack(replace(_DAILY, recording=False)),
        _stack(_DAILY, replace(_DAILY, recording=False)),
        _stack(_DAILY, replace(_DAILY, inconsistent=True)),
        _larger(_stack(_DAILY)),
    ],
    ids=["it does not record", "the one below does not record", "the one below is inconsistent", "another length"],
)
def test_a_bitmap_that_cannot_go_down_stays_and_wants_one_more_yes(before: State) -> None:
    preview = prepare(_PIVOT, before, replace(NOTHING_ELSE, since=_SINCE))
    assert "stays behind there and stops recording" in " ".join(preview.draft.confirm)
    assert "top" not in preview.draft.closes
    assert not preview.draft.marks
    assert "transaction" not in [command.name for command in preview.commands]


def test_a_commit_further_down_leaves_the_active_bitmap_alone() -> None:
    state = machine({"vda": "base <- mid <- top"})
    state = replace(state, graph=state.graph.with_nodes([replace(state.graph.nodes["top"], bitmaps=(_DAILY,))]))
    preview = prepare(Commit("mid", "base"), state, replace(NOTHING_ELSE, since=_SINCE))
    assert not preview.draft.marks
    assert not preview.draft.confirm
