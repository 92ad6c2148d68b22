"""Bitmaps on a real QEMU: what each act does, and what is refused before QEMU is asked."""

from __future__ import annotations

from typing import Any

import pytest

from diskchain.session.carriage import Phase, Result
from diskchain.session.session import Session
from tests.support.chains import Style
from tests.support.live_session import done, prepared, with_session
from tests.support.machine import Machine
from tests.support.tools import KIB, header

pytestmark = pytest.mark.live

_CHAIN = {"vda": "base <- top"}


def _bitmap(machine: Machine, node: str, name: str) -> dict[str, Any]:
    """A bitmap as QEMU tells it; empty: it is not there."""
    told = machine.named()[node].get("dirty-bitmaps", [])
    return next((bitmap for bitmap in told if bitmap.get("name") == name), {})


def _does(machine: Machine, do: str, node: str = "top", name: str = "daily", **keys: str) -> Result:
    async def run(session: Session) -> Result:
        return (await done(session, "bitmap", {"do": do, "node": node, "name": name, **keys}))[1]

    result = with_session(machine, run)
    assert result.outcome is Phase.DONE, result
    assert result.as_predicted, result
    return result


def _against(machine: Machine, do: str, node: str = "top", name: str = "daily", **keys: str) -> str:
    async def run(session: Session) -> str:
        preview = await prepared(session, "bitmap", {"do": do, "node": node, "name": name, **keys})
        return " ".join(objection.text for objection in preview.objections)

    return with_session(machine, run)


@pytest.mark.parametrize("style", [Style.BLOCKDEV, Style.DAEMON])
def test_a_bitmap_lives_from_add_to_remove(style: Style) -> None:
    with Machine(_CHAIN, style) as machine:
        shape = machine.shape()
        _does(machine, "add", granularity="4k")
        assert _bitmap(machine, "top", "daily")["granularity"] == 4 * KIB
        assert _bitmap(machine, "top", "daily")["recording"]
        _does(machine, "disable")
        assert not _bitmap(machine, "top", "daily")["recording"]
        _does(machine, "enable")
        assert _bitmap(machine, "top", "daily")["recording"]
        _does(machine, "remove")
        assert not _bitmap(machine, "top", "daily")
        assert machine.shape() == shape


def test_what_is_written_is_counted_in_whole_bits_until_it_is_cleared() -> None:
    with Machine(_CHAIN) as machine:
        _does(machine, "add")
        machine.write("vda", 0x55, 65536 + 512, 512)
        assert _bitmap(machine, "top", "daily")["count"] == 64 * KIB
        _does(machine, "clear")
        assert _bitmap(machine, "top", "daily")["count"] == 0


def test_bits_are_merged_between_granularities() -> None:
    with Machine(_CHAIN) as machine:
        _does(machine, "add", name="fine", granularity="512")
        machine.write("vda", 0x55, 0, 512)
        _does(machine, "add")
        machine.write("vda", 0x66, 128 * KIB, 512)
        _does(machine, "merge", **{"from": "fine"})
        assert _bitmap(machine, "top", "daily")["count"] == 128 * KIB
        assert _bitmap(machine, "top", "fine")["count"] == 2 * 512


def test_a_persistent_bitmap_is_in_the_image_once_qemu_has_ended() -> None:
    with Machine(_CHAIN) as machine:
        _does(machine, "add", persistent="yes")
        top = machine.image("top")
        machine.quit()
        told = header(top)["format-specific"]
        assert isinstance(told, dict)
        assert [bitmap["name"] for bitmap in told["data"]["bitmaps"]] == ["daily"]


@pytest.mark.parametrize("style", [Style.BLOCKDEV, Style.DRIVE])
@pytest.mark.parametrize("persistent", ["yes", "no"])
def test_a_bitmap_goes_on_on_the_overlay_with_all_that_it_marks(style: Style, persistent: str) -> None:
    """QEMU by itself leaves it on the old image, where it records nothing any more (seen on 5.2 to 11.1)."""
    with Machine(_CHAIN, style) as machine:
        top = machine.root("vda")
        _does(machine, "add", node=top, granularity="4k", persistent=persistent)
        machine.write("vda", 0x55, 0, 64 * KIB)

        async def run(session: Session) -> Result:
            return (await done(session, "snapshot", {"disks": "vda"}))[1]

        result = with_session(machine, run)
        assert result.outcome is Phase.DONE, result
        assert result.as_predicted, result
        machine.write("vda", 0x56, 128 * KIB, 4 * KIB)
        over = _bitmap(machine, machine.root("vda"), "daily")
        assert (over["count"], over["granularity"], over["persistent"]) == (68 * KIB, 4 * KIB, persistent == "yes")
        assert _bitmap(machine, top, "daily")["count"] == 64 * KIB


def test_a_bitmap_that_does_not_record_stays_behind() -> None:
    with Machine(_CHAIN) as machine:
        _does(machine, "add")
        _does(machine, "disable")

        async def run(session: Session) -> tuple[str, ...]:
            return (await done(session, "snapshot", {"disks": "vda"}))[0].draft.confirm

        assert "stays on top and records nothing" in " ".join(with_session(machine, run))
        assert not _bitmap(machine, machine.root("vda"), "daily")


def test_a_bitmap_that_a_job_uses_is_left_alone() -> None:
    with Machine(_CHAIN) as machine:
        machine.qmp("block-dirty-bitmap-add", node="top", name="daily")
        machine.write("vda", 0x55, 0, 1 << 20)
        machine.qmp("blockdev-add", driver="null-co", node_name="sink", size=machine.size)
        job = {"device": "top", "target": "sink", "sync": "incremental", "bitmap": "daily", "auto-finalize": False}
        machine.qmp("blockdev-backup", job_id="theirs", **job)
        assert _bitmap(machine, "top", "daily")["busy"]
        for do in ("clear", "remove", "disable"):
            assert "in use by a job or an export" in _against(machine, do)
        machine.qmp("job-cancel", id="theirs")
        machine.until(lambda: not machine.qmp("query-jobs"), "the job stays")


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"do": "add", "node": "vda"}, "no node vda"),  # QEMU takes node-names and drive ids here, no device ids
        ({"do": "add", "node": "base", "persistent": "yes"}, "only qcow2 keeps bitmaps"),
        ({"do": "clear"}, "no bitmap daily on top"),
    ],
)
def test_what_qemu_would_refuse_is_not_sent(keys: dict[str, str], says: str) -> None:
    with Machine({"vda": "base:raw <- top"}) as machine:
        assert says in _against(machine, **keys)
        assert machine.sent() == []
