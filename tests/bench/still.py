"""What the open window takes while nothing happens, and while eight jobs run: share of one core, of the whole process."""

from __future__ import annotations

import time
from collections.abc import Iterator

from tests.bench.application import Application, cpu_seconds
from tests.bench.display import Display
from tests.bench.figure import Figure, median, rounds, tell
from tests.bench.machines import Crowd
from tests.support.tools import MIB

JOBS = 8
_SETTLE = 8.0
_SECONDS = 5.0
_COPIED = 24 * MIB
_SPEED = 512 << 10


def _watched(application: Application, machine: Crowd, count: int) -> tuple[float, float]:
    """Percent of one core that the application takes, and QEMU."""
    ours, theirs = [], []
    for _ in range(count):
        begin, used = time.monotonic(), cpu_seconds(machine.pid)
        ours.append(application.share(_SECONDS))
        theirs.append(100 * (cpu_seconds(machine.pid) - used) / (time.monotonic() - begin))
    return median(ours), median(theirs)


def _begin_jobs(machine: Crowd) -> None:
    """Copy eight disks to nowhere, slowly and evenly."""
    for disk in machine.disks[:JOBS]:
        target = f"nowhere-{disk}"
        machine.qmp("blockdev-add", driver="null-co", node_name=target, size=64 * MIB)
        copy = {"job-id": f"copy-{disk}", "device": f"{disk}-4", "target": target, "sync": "full"}
        machine.qmp("blockdev-mirror", **copy, speed=_SPEED, **{"buf-size": MIB})


def bench() -> Iterator[Figure]:
    """A still window on few nodes and on many; then eight jobs, plotted and drawn."""
    for nodes in (20, 1000):
        with Display() as screen, Crowd(nodes) as machine, Application(screen, str(machine.target)) as application:
            time.sleep(_SETTLE)
            ours, theirs = _watched(application, machine, rounds(3))
            qemus = "QEMU's share, which is the cost of being watched"
            yield Figure(f"still window, {nodes} nodes", ours, "% of one core", "<= 1", theirs, qemus)
            yield Figure(f"QEMU under a still window, {nodes} nodes", theirs, "% of one core", "<= 2")
    with (
        Display() as screen,
        Crowd(100, full=_COPIED) as machine,
        Application(screen, str(machine.target)) as application,
    ):
        time.sleep(_SETTLE / 2)
        _begin_jobs(machine)
        time.sleep(_SETTLE / 2)
        ours, theirs = _watched(application, machine, rounds(3))
        if len(machine.qmp("query-block-jobs")) != JOBS:
            raise AssertionError("the jobs have ended too early")
        yield Figure(f"window with {JOBS} jobs, 100 nodes", ours, "% of one core", "", theirs, "QEMU, which does them")


if __name__ == "__main__":
    tell(bench())
