"""What one whole look costs us and QEMU: processor time of both, counted by the kernel."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

from diskchain.session.session import Session
from tests.bench.application import cpu_seconds
from tests.bench.figure import MILLI, Figure, median, rounds, tell
from tests.bench.machines import Crowd

SIZES = (100, 1000)
_PAUSE = 0.02


async def _looks(machine: Crowd, changing: bool, count: int) -> list[tuple[float, float]]:
    """Seconds of processor time that each look took: ours, QEMU's. With `changing`, one image differs each time."""
    session = Session(str(machine.target), reconnect=False)
    await session.open()
    told = []
    try:
        for number in range(count):
            if changing:
                word = "remove" if number % 2 else "add"
                machine.qmp(f"block-dirty-bitmap-{word}", node=f"{machine.disks[0]}-4", name="bench")
            await asyncio.sleep(_PAUSE)
            ours, theirs = time.process_time(), cpu_seconds(machine.pid)
            await session.refresh()
            told.append((time.process_time() - ours, cpu_seconds(machine.pid) - theirs))
    finally:
        await session.close()
    return told


def bench() -> Iterator[Figure]:
    """Looks that find nothing new, and looks that find one changed image."""
    for nodes in SIZES:
        with Crowd(nodes) as machine:
            for word, changing in (("nothing new", False), ("one image changed", True)):
                told = asyncio.run(_looks(machine, changing, 2 * rounds(10)))
                ours, theirs = (MILLI * median(column) for column in zip(*told, strict=True))
                name = f"processor time of a refresh, {nodes} nodes, {word}"
                yield Figure(name, ours, "ms", "ratio <= 1", theirs, "QEMU's processor time for the same look")


if __name__ == "__main__":
    tell(bench())
