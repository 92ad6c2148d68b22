"""A picture of a live machine of a hundred nodes from the command line: the whole process, beside plain graphviz."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator, Sequence

from tests.bench.application import COMMAND
from tests.bench.figure import MILLI, Figure, median, rounds, tell
from tests.bench.machines import Crowd

NODES = 100


def _timed(words: Sequence[str], given: bytes = b"") -> tuple[float, bytes]:
    """Seconds that a program takes, and what it prints."""
    begin = time.monotonic()
    done = subprocess.run(words, input=given, capture_output=True, check=True)
    return time.monotonic() - begin, done.stdout


def bench() -> Iterator[Figure]:
    """Both in turns."""
    with Crowd(NODES) as machine:
        target = str(machine.target)
        _, dot = _timed([COMMAND, "graph", target, "--full", "-f", "dot"])
        ours, peers = [], []
        for _ in range(rounds(9)):
            seconds, picture = _timed([COMMAND, "graph", target, "-f", "svg"])
            if b"<svg" not in picture:
                raise AssertionError("no picture was printed")
            ours.append(seconds)
            peers.append(_timed(["dot", "-Tsvg"], dot)[0])
        name = f"diskchain graph -f svg, {NODES} nodes, whole process"
        words = "dot -Tsvg of the same graph, which asks no machine"
        yield Figure(name, MILLI * median(ours), "ms", "<= 600", MILLI * median(peers), words)


if __name__ == "__main__":
    tell(bench())
