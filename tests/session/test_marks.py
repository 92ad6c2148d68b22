"""Which images a commit marks, and when a mark goes again."""

from __future__ import annotations

import pytest

from diskchain.model.ledger import Ledger
from diskchain.operations.commit import Commit
from diskchain.operations.operation import Operation
from diskchain.operations.preview import prepare
from diskchain.operations.snapshot import Snapshot
from diskchain.operations.stream import Stream
from diskchain.session.aftermath import entries, healed
from tests.operations.table import FOUR
from tests.support.states import FOLDER, NOTHING_ELSE, machine, path


def named(*images: str) -> set[str]:
    return {path(image) for image in images}


@pytest.mark.parametrize(
    ("operation", "changed", "invalid"),
    [
        # through the top all reads as before, however far it came
        (Commit("two", "base"), {"base", "one"}, {"one", "two"}),
        (Commit("three", "one", "pivot"), {"one", "two"}, {"two", "three"}),
        (Stream("three"), set(), set()),
        (Snapshot(), set(), set()),
    ],
)
def test_what_is_marked(operation: Operation, changed: set[str], invalid: set[str]) -> None:
    preview = prepare(operation, machine(FOUR), NOTHING_ELSE)
    for word, wanted in (("changed", changed), ("invalid", invalid)):
        found = entries(preview, word)
        assert {entry.path for entry in found} == named(*wanted)
        assert {(entry.word, entry.disk) for entry in found} <= {(word, "vda")}
        assert all(entry.why.endswith(".") for entry in found)
        # A job's id, as in the title of its dismissal, would say nothing any more.
        assert all("the commit of" in entry.why for entry in found if word == "invalid")
        top = getattr(operation, "top", "")
        assert {entry.sources for entry in found} <= {(path(top),) if word == "changed" else ()}


@pytest.mark.parametrize(
    ("operation", "marked", "moving", "gone"),
    [
        # a commit that was not finished before is finished now
        (Commit("two", "base"), {"base", "one"}, {"two"}, {"base"}),
        (Commit("three", "base", "pivot"), {"base", "one", "two"}, {"three"}, {"base"}),
        # data of three is still in base, or in what lies below
        (Commit("two", "base"), {"base", "one", "two"}, {"three"}, set()),
        (Commit("two", "one"), {"base", "one", "two"}, {"three"}, set()),
        (Stream("two"), {"base", "one", "two"}, {"three"}, set()),
        # the view through the top was right all the time
        (Commit("two", "one"), {"base", "one"}, {"two"}, {"one"}),
        (Commit("one", "base"), {"base", "one"}, {"two"}, set()),
        (Stream("two"), {"base", "one"}, {"two"}, set()),
        (Stream("three"), {"base", "one", "two"}, {"three"}, set()),
        # the journal of an earlier version marks the top too
        (Commit("two", "base"), {"base", "one", "two", "three"}, set(), set()),
        (Stream("three"), {"base", "one", "two", "three"}, set(), {"three"}),
        # another header is no other content
        (Commit("one", "base"), {"two"}, set(), set()),
    ],
)
def test_when_a_mark_goes(operation: Operation, marked: set[str], moving: set[str], gone: set[str]) -> None:
    preview = prepare(operation, machine(FOUR), NOTHING_ELSE)
    assert set(healed(preview, named(*marked), named(*moving))) & named(*marked) == named(*gone)


def test_data_that_moved_down_before_are_not_forgotten() -> None:
    first, second = (
        {entry.path: entry for entry in entries(prepare(Commit(top, "base"), machine(FOUR), NOTHING_ELSE), "changed")}
        for top in ("three", "two")
    )
    ledger = Ledger()
    for entry in (*first.values(), *second.values()):
        ledger.note(entry.after(ledger.entry(entry.path)))
    assert ledger.entries[-1].sources == (path("three"), path("two"))
    assert ledger.sources() == named("three", "two")
    ledger.dismiss(path("base"))
    ledger.dismiss(path("one"))
    ledger.dismiss(path("two"))
    assert not ledger.sources()
    assert second[path("base")].after(None) is second[path("base")]


@pytest.mark.parametrize("top", ["two", "three"])
def test_the_preview_names_what_is_marked_when_it_is_stopped(top: str) -> None:
    preview = prepare(Commit(top, "base"), machine(FOUR), NOTHING_ELSE)
    marked = [entry.node for entry in entries(preview, "changed")]
    assert all(name in preview.draft.stop for name in marked)
    assert top not in preview.draft.stop


def test_a_new_file_under_an_old_name_has_no_mark() -> None:
    preview = prepare(Snapshot(files={"vda": f"{FOLDER}/old.qcow2"}), machine(FOUR), NOTHING_ELSE)
    assert healed(preview, named("old"), set()) == (f"{FOLDER}/old.qcow2",)
