"""Files that were opened apart from their images, each by an object of its own: they stay open, and may be read-only for good."""

from __future__ import annotations

import pytest

from diskchain.operations.preview import Preview
from diskchain.session.carriage import Phase, Result
from diskchain.session.session import Session
from tests.support.live_session import done, prepared, with_session
from tests.support.machine import Machine

pytestmark = pytest.mark.live

_CHAIN = {"vda": "base <- one <- two <- three"}
_MIDDLE = {"top": "two", "base": "base"}
_ACTIVE = {"top": "three", "base": "one", "finish": "pivot"}


def _run(machine: Machine, name: str, keys: dict[str, str]) -> tuple[Preview, Result]:
    async def run(session: Session) -> tuple[Preview, Result]:
        return await done(session, name, keys)

    return with_session(machine, run)


def _reopen(machine: Machine, image: str) -> None:
    """What our words tell the user to do."""
    options = {"driver": "file", "node-name": f"{image}-file", "filename": str(machine.image(image))}
    machine.qmp("blockdev-reopen", options=[{**options, "read-only": False, "auto-read-only": True}])


@pytest.mark.parametrize(
    ("name", "keys", "left"),
    [
        ("commit", _MIDDLE, {"one", "two"}),
        ("commit", _ACTIVE, {"two", "three"}),
        ("commit", {**_ACTIVE, "close": "no"}, set()),
        ("stream", {"node": "three", "base": "base"}, {"one", "two"}),
        ("stream", {"node": "two"}, {"base", "one"}),
    ],
    ids=["commit in the middle", "active commit", "nothing closed", "stream", "stream of all below"],
)
def test_files_that_stay_open_are_no_surprise(name: str, keys: dict[str, str], left: set[str]) -> None:
    with Machine(_CHAIN, apart={"auto-read-only": True}) as machine:
        seen = machine.contents("vda")
        _, result = _run(machine, name, keys)
        assert (result.outcome, result.as_predicted) == (Phase.DONE, True), result
        told = {note.partition("-file")[0] for note in result.notes if "stays open" in note}
        assert told == left, result.notes
        assert {f"{image}-file" for image in left} <= machine.names()
        machine.settled(vda=seen)


@pytest.mark.parametrize(
    ("name", "keys", "apart"),
    [
        ("commit", _MIDDLE, "base-file"),
        ("commit", {"top": "one", "base": "base"}, "two-file"),
        ("commit", _ACTIVE, "one-file"),
        ("stream", {"node": "two", "base": "base"}, "two-file"),
    ],
    ids=["commit in the middle", "the overlay above", "active commit", "stream in the middle"],
)
def test_a_file_that_stays_read_only_is_refused_with_the_way_out(name: str, keys: dict[str, str], apart: str) -> None:
    with Machine(_CHAIN, apart={"read-only": True}) as machine:
        seen, shape = machine.contents("vda"), machine.shape()
        preview, result = _run(machine, name, keys)
        assert result.outcome is Phase.REFUSED, result
        assert f"Perhaps {apart} was opened with read-only=on" in result.text
        assert "Nothing was changed." in result.text
        assert machine.shape() == shape
        act = preview.act
        assert act is not None
        assert act.name == f"block-{name}"
        for image in ("base", "one", "two"):
            _reopen(machine, image)
        _, result = _run(machine, name, keys)
        assert (result.outcome, result.as_predicted) == (Phase.DONE, True), result
        machine.settled(vda=seen)


def test_the_end_of_another_clients_commit_is_refused_where_it_could_kill_qemu() -> None:
    """QEMU 7.2 dies where it cannot open the overlay above for writing at the end, and no command tries that out meanwhile."""
    with Machine(_CHAIN, apart={"read-only": True}) as machine:
        seen, base = machine.contents("vda"), str(machine.image("base"))
        _reopen(machine, "base")
        where = {"top_node": "one", "base_node": "base", "backing_file": base}
        machine.qmp("block-commit", job_id="theirs", device="three", **where, auto_finalize=False)
        machine.until(lambda: machine.qmp("query-jobs")[0]["status"] == "pending", "it does not wait")
        keys = {"do": "finalize", "id": "theirs", "foreign": "yes"}

        async def prepare(session: Session) -> Preview:
            return await prepared(session, "job", keys)

        preview = with_session(machine, prepare)
        assert any("Perhaps two-file was opened with read-only=on" in each.text for each in preview.objections)
        _reopen(machine, "two")
        _, result = _run(machine, "job", keys)
        assert (result.outcome, result.as_predicted) == (Phase.DONE, True), result
        assert machine.chain("vda") == ["three", "two", "base"]
        machine.settled(vda=seen)
