"""Somebody moves the new file away while a job writes to it, and puts another one in its place."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from diskchain.session.carriage import Phase, Result
from diskchain.session.session import Session
from tests.support.live_session import prepared, with_session
from tests.support.machine import Machine

pytestmark = pytest.mark.live

_CHAIN = {"vda": "base <- one"}
_PRECIOUS = b"precious"


def _exchanged(machine: Machine, name: str, keys: Mapping[str, str], cancel: bool) -> Result:
    """Begin a slow copy, exchange its target, then cancel it or let it end."""
    target, moved = machine.folder / "copy.qcow2", machine.folder / "moved.qcow2"

    async def run(session: Session) -> Result:
        preview = await prepared(session, name, {"disk": "vda", "target": str(target), "speed": "2M", **keys})
        assert preview.allowed, preview.objections
        carriage = session.carry_out(preview, confirmed=True)
        begun = asyncio.Event()
        carriage.changed.connect(lambda: begun.set() if carriage.job else None)
        await asyncio.wait_for(begun.wait(), 20)
        target.rename(moved)
        target.write_bytes(_PRECIOUS)
        if cancel:
            carriage.cancel()
        async with asyncio.timeout(30):
            return await carriage.wait()

    return with_session(machine, run)


@pytest.mark.parametrize("name", ["backup", "mirror"])
def test_the_file_of_somebody_else_stays(name: str) -> None:
    with Machine(_CHAIN) as machine:
        seen, shape = machine.contents("vda"), machine.shape()
        result = _exchanged(machine, name, {"finish": "pivot"} if name == "mirror" else {}, cancel=True)
        assert result.outcome in (Phase.CANCELLED, Phase.FAILED), result
        assert "copy.qcow2" in result.text
        assert (machine.folder / "copy.qcow2").read_bytes() == _PRECIOUS
        assert (machine.folder / "moved.qcow2").exists()
        assert machine.shape() == shape
        machine.settled(vda=seen)


def test_no_record_is_written_for_another_file() -> None:
    with Machine(_CHAIN) as machine:
        result = _exchanged(machine, "backup", {"bitmap": "daily"}, cancel=False)
        assert result.outcome is Phase.FAILED, result
        assert "copy.qcow2" in result.text
        assert not list(machine.folder.glob("*.json"))
        assert (machine.folder / "copy.qcow2").read_bytes() == _PRECIOUS


def test_a_switch_over_to_a_moved_file_is_told() -> None:
    with Machine(_CHAIN) as machine:
        result = _exchanged(machine, "mirror", {"finish": "pivot"}, cancel=False)
        assert result.outcome is Phase.DONE, result
        assert result.as_predicted is False
        assert any("copy.qcow2" in sentence for sentence in result.differences), result
        assert (machine.folder / "copy.qcow2").read_bytes() == _PRECIOUS
