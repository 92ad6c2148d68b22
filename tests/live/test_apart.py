"""Files that were opened apart from their images, each by an object of its own: they stay open, and may be read-only for good."""

from __future__ import annotations

import pytest

from diskchain.operations.preview import Preview
from diskchain.session.carriage import Phase, Result
from diskchain.session.session import Session
from tests.support.live_session import done, with_session
from tests.support.machine import Machine

pytestmark = pytest.mark.live

_CHAIN = {"vda": "base <- one <- two <- three"}
_MIDDLE = {"top": "two", "base": "base"}
_ACTIVE = {"top": "three", "base": "one", "finish": "pivot"}


def _run(machine: Machine, name: str, keys: dict[str, str]) -> tuple[Preview, Result]:
    async def run(session: Session) -> tuple[Preview, Result]:
        return await done(session, name, keys)

    return with_session(machine, run)


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
