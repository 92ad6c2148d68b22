"""Sizes on a real QEMU: what grows reads as zeroes, nothing is cut off unasked, and what is in use elsewhere keeps its size."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from diskchain.operations.preview import Preview
from diskchain.session.carriage import Phase, Result
from diskchain.session.session import Session
from tests.support.chains import Style
from tests.support.live_session import done, prepared, with_session
from tests.support.machine import Machine
from tests.support.qmp import QmpError
from tests.support.tools import MIB

pytestmark = pytest.mark.live

_CHAIN = {"vda": "base <- one <- two", "vdb": "data:raw"}


def _resized(machine: Machine, keys: Mapping[str, str]) -> Result:
    async def run(session: Session) -> tuple[Preview, Result]:
        return await done(session, "resize", keys)

    return with_session(machine, run)[1]


def _preview(machine: Machine, keys: Mapping[str, str]) -> Preview:
    return with_session(machine, lambda session: prepared(session, "resize", keys))


@pytest.mark.parametrize(("disk", "node"), [("vda", "two"), ("vdb", "data")])
def test_a_disk_grows_by_zeroes_under_its_guest(disk: str, node: str) -> None:
    with Machine(_CHAIN) as machine:
        shape = machine.shape()
        with machine.writing(disk) as guest:
            result = _resized(machine, {"node": node, "size": "16M"})
        assert result.outcome is Phase.DONE, result
        assert result.as_predicted, result
        assert machine.shape() == shape
        machine.settled(**{disk: guest.model + bytes(16 * MIB - machine.size)})


def test_nothing_is_cut_off_unless_that_is_said() -> None:
    with Machine(_CHAIN) as machine:
        seen = machine.contents("vda")
        asked = _preview(machine, {"node": "two", "size": "4M"})
        assert [each.lifts for each in asked.objections] == ["shrink=yes"]
        assert "cut off the last 4 MiB" in asked.objections[0].text
        agreed = _preview(machine, {"node": "two", "size": "4M", "shrink": "yes"})
        assert "cut off for good" in agreed.draft.confirm[0]
        assert _resized(machine, {"node": "two", "size": "4M", "shrink": "yes"}).as_predicted
        machine.settled(vda=seen[: 4 * MIB])


def test_an_export_keeps_the_size() -> None:
    """QEMU refuses it by its permissions."""
    with Machine(_CHAIN) as machine:
        machine.qmp("nbd-server-start", addr={"type": "unix", "data": {"path": str(machine.folder / "their.nbd")}})
        machine.qmp("block-export-add", type="nbd", id="theirs", node_name="two")
        with pytest.raises(QmpError, match="resize"):
            machine.qmp("block_resize", node_name="two", size=16 * MIB)
        says = _preview(machine, {"node": "two", "size": "16M"}).objections[0].text
        assert "export theirs" in says


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"node": "nobody", "size": "16M"}, "no node nobody"),
        ({"node": "one", "size": "16M"}, "read-only"),
        ({"node": "two", "size": "8389120"}, "already"),
        ({"node": "two", "size": "9000000"}, "whole sectors"),
        ({"node": "two", "size": "0"}, "how large"),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(keys: dict[str, str], says: str) -> None:
    with Machine(_CHAIN) as machine:
        assert says in " ".join(objection.text for objection in _preview(machine, keys).objections)
        assert machine.sent() == []


def test_nodes_without_a_name_and_nodes_of_a_daemon() -> None:
    for style in (Style.DRIVE, Style.DAEMON):
        with Machine({"vda": "base <- top"}, style) as machine:
            node = machine.node("top")
            assert _resized(machine, {"node": node, "size": "16M"}).as_predicted
            assert machine.named()[node]["image"]["virtual-size"] == 16 * MIB
