"""How fast QEMU copies while the window is open and plots, beside how fast it does with nobody attached.

One long mirror to nowhere (`null-co`) of an empty vhdx image, the format whose holes QEMU copies like data: nothing but
QEMU's main loop sets its speed, and that is what watching disturbs. In turns of some seconds the application watches, or
is stopped by a signal, so that it asks nothing and takes no processor; machine, job and moment are the same for both.

Bytes are counted for each second of QEMU's processor time, of which nobody else on this computer can take any away; the
same by the clock stands beside it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from tests.bench.application import Application, cpu_seconds
from tests.bench.display import Display
from tests.bench.figure import Figure, median, rounds, tell
from tests.bench.machines import Crowd
from tests.support.tools import MIB, make_image

TARGETS = {20: 0.98, 1000: 0.96}
"""Nodes -> share of the speed that must be left."""
JOB = "bench"
_SIZE = 1 << 43
_SETTLE = 6.0
_LOOSE = 1.0
"""Seconds after a change of turns before counting: the application first looks at all that it has missed."""
_TURN = 4.0


def _begin(machine: Crowd) -> None:
    image = machine.folder / "endless.vhdx"
    make_image(image, "vhdx", _SIZE)
    file = {"driver": "file", "filename": str(image)}
    machine.qmp("blockdev-add", driver="vhdx", node_name="from", read_only=True, file=file)
    machine.qmp("blockdev-add", driver="null-co", node_name="to", size=_SIZE)
    machine.qmp("blockdev-mirror", **{"job-id": JOB, "device": "from", "target": "to", "sync": "full"})


def _speed(machine: Crowd) -> tuple[float, float]:
    """MiB for each second of QEMU's processor time, and by the clock."""
    time.sleep(_LOOSE)
    begin, used, before = time.monotonic(), cpu_seconds(machine.pid), _offset(machine)
    time.sleep(_TURN)
    after, used, end = _offset(machine), cpu_seconds(machine.pid) - used, time.monotonic()
    return (after - before) / MIB / used, (after - before) / MIB / (end - begin)


def _offset(machine: Crowd) -> int:
    return next(int(job["offset"]) for job in machine.qmp("query-block-jobs") if job["device"] == JOB)


def bench() -> Iterator[Figure]:
    """With few nodes and with many."""
    for nodes, share in TARGETS.items():
        with Display() as screen, Crowd(nodes) as machine, Application(screen, str(machine.target)) as application:
            time.sleep(_SETTLE)
            _begin(machine)
            time.sleep(1)
            turns = []
            for _ in range(rounds(6)):
                application.stand_still()
                lonely = _speed(machine)
                application.go_on()
                turns.append((_speed(machine), lonely))
            where = f"a mirror with the window open and plotting, {nodes} nodes"
            kept = median([ours[0] / theirs[0] for ours, theirs in turns])
            yield Figure(f"share of its speed that is left to {where}", kept, "", f">= {share}")
            by_clock = (median([turn[side][1] for turn in turns]) for side in (0, 1))
            yield Figure(
                f"speed by the clock of {where}", next(by_clock), "MiB/s", "", next(by_clock), "nobody attached"
            )


if __name__ == "__main__":
    tell(bench())
