"""Backups of a test machine's disks, through a session, and what became of its bitmaps."""

from __future__ import annotations

from typing import Any

from diskchain.operations.preview import Preview
from diskchain.session.carriage import Phase, Result
from diskchain.session.session import Session
from tests.support.live_session import done, prepared, with_session
from tests.support.machine import Machine


def keys_of(machine: Machine, **keys: str) -> dict[str, str]:
    which = {} if "disks" in keys else {"disk": "vda"}
    return which | {key: value.replace("FOLDER", str(machine.folder)) for key, value in keys.items()}


def backed_up(machine: Machine, **keys: str) -> Result:
    async def run(session: Session) -> tuple[Preview, Result]:
        return await done(session, "backup", keys_of(machine, **keys))

    result = with_session(machine, run)[1]
    assert result.outcome is Phase.DONE, result
    assert result.as_predicted, result
    return result


def refused(machine: Machine, **keys: str) -> str:
    """What a preview says against it."""

    async def run(session: Session) -> str:
        preview = await prepared(session, "backup", keys_of(machine, **keys))
        return " ".join(objection.text for objection in preview.objections)

    return with_session(machine, run)


def bitmaps_of(machine: Machine, node: str = "two") -> dict[str, int]:
    """Name -> marked bytes of the bitmaps on a node."""
    told: list[dict[str, Any]] = machine.named()[node].get("dirty-bitmaps", [])
    return {bitmap["name"]: bitmap["count"] for bitmap in told if "name" in bitmap}


def change_bitmap(machine: Machine, do: str, name: str = "daily", **keys: str) -> None:
    async def run(session: Session) -> Result:
        return (await done(session, "bitmap", {"do": do, "node": "two", "name": name, **keys}))[1]

    assert with_session(machine, run).outcome is Phase.DONE
