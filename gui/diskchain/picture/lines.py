"""A whole disk in one line, for machines with many disks."""

from __future__ import annotations

from diskchain.picture.look import Badge, LineLook
from diskchain.picture.plan import Spot
from diskchain.picture.strands import Disk
from diskchain.picture.telling import Telling
from diskchain.picture.words import called, one_line

LINE_X = 19.0
LINE_H = 34.0
LINE_GAP = 8.0
LEAST_W = 640.0
SHOWN = 5
"""Names in a line; of a longer chain the middle is counted."""


def line_spot(telling: Telling, disk: Disk, y: float, across: float) -> Spot:
    """The line of one disk: a click selects its top and so opens the row."""
    trunk = disk.strands[0]
    names = [called(telling.state.graph.nodes[name]) for name in trunk.names]
    if len(names) > SHOWN:
        names = [names[0], f"{len(names) - 3} more", *names[-2:]]
    chain = " ← ".join(names) + ("" if len(disk.strands) == 1 else f"   + {len(disk.strands) - 1} on shared images")
    badge = Badge("ACTIVE", "blue") if trunk.top in telling.state.active else None
    note, tone = line_note(telling, set(disk.names), trunk.top)
    devices = ", ".join(one_line(device.name) for device in disk.devices) or "not attached"
    inside = tuple(disk.names)
    hatched = not telling.spoilt.keys().isdisjoint(inside)
    look = LineLook(devices, chain, badge, note, tone, telling.marks_in(inside), hatched)
    width = max(across - 2 * LINE_X, LEAST_W)
    told = [f"{devices}: {len(trunk.names)} images. Click to open the row.", *telling.marked_in(inside)]
    return Spot(f"row:{disk.key}", look, LINE_X, y, width, LINE_H, disk.key, trunk.top, "\n".join(told))


def line_note(telling: Telling, names: set[str], top: str) -> tuple[str, str]:
    """What goes on with these nodes, and its tone: their jobs, else what the guest does to the top."""
    jobs = telling.state.jobs_on(names)
    if jobs:
        pill = telling.job(jobs[0])
        more = f" + {len(jobs) - 1}" if len(jobs) > 1 else ""
        return f"{pill.title}{f' · {pill.note}' if pill.note else ''}{more}", pill.tone
    return telling.card(top).rate, "green"
