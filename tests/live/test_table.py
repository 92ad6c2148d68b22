"""The table, live: every operation on every kind of machine, a writer at work meanwhile, every byte compared."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from diskchain.operations.preview import Preview
from diskchain.session.carriage import Phase, Result
from diskchain.session.session import Session
from tests.operations.table import TABLE, Row
from tests.support.chains import Style
from tests.support.live_session import done, with_session
from tests.support.machine import Machine
from tests.support.tools import restored

pytestmark = pytest.mark.live

_RUNS = [(row, style) for row in TABLE for style in sorted(row.styles)]


def _images(machine: Machine, disk: str) -> list[str]:
    """The images that hold a disk now, base first; one that was not there at the start is NEW."""
    known = {str(machine.image(name)): name for names in machine.chains.order.values() for name in names}
    return [known.get(str(machine.file(node)), "NEW") for node in reversed(machine.chain(disk))]


def _keys(machine: Machine, row: Row) -> Mapping[str, str]:
    return {
        key: machine.node(value) if key in row.images else value for key, value in row.said(str(machine.folder)).items()
    }


@pytest.mark.parametrize(("row", "style"), _RUNS, ids=[f"{row.name} ({style})" for row, style in _RUNS])
def test_every_operation_keeps_every_byte(row: Row, style: Style) -> None:
    with Machine(row.before, style, relative=row.relative) as machine:
        before = machine.files()

        async def run(session: Session) -> tuple[Preview, Result]:
            return await done(session, row.operation, _keys(machine, row))

        if row.writer:
            with machine.writing("vda") as guest:
                machine.until(lambda: guest.written > 2, "the guest does not write")
                preview, result = with_session(machine, run)
                count = guest.written
                machine.until(lambda: guest.written > count + 2, "the guest does not go on writing")
            seen = guest.model
        else:
            seen = bytearray(restored(machine.image(row.reads)) if row.reads else machine.contents("vda"))
            preview, result = with_session(machine, run)
        assert result.outcome is Phase.DONE, result
        assert result.as_predicted, result.differences
        wanted = {disk: chain.split(" <- ") for disk, chain in row.after.items()}
        assert {disk: _images(machine, disk) for disk in row.after} == wanted
        open_now = {name for name, node in machine.named().items() if node["drv"] not in ("file",)}
        stays = {machine.node(image) for image in row.stays} if style is not Style.DRIVE else set()
        assert open_now == stays | {node for disk in row.after for node in machine.chain(disk)}, "a node was left open"
        assert machine.files() >= before, "a file is gone"
        assert {path.rsplit("/", 1)[1] for path in preview.draft.created} == machine.files() - before
        machine.settled(vda=seen)
