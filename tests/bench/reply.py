"""Large answers: ten MiB are decoded without holding the loop; more than sixteen are refused before they are decoded."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from diskchain.monitors.monitor import Lost
from diskchain.monitors.qmp import QmpMonitor
from diskchain.qapi.command import command
from tests.bench.figure import MILLI, Figure, median, rounds, tell
from tests.support.fake_server import GREETING
from tests.support.tools import MIB

QUIET = 7.7
"""Milliseconds that decoding 1 MB takes on the quiet computer on which the targets were found (`facts/gui.md` §3)."""
QUERY = "query-named-block-nodes"


def answer(size: int) -> bytes:
    """A list of nodes as QEMU writes them, of about so many bytes."""
    image = {"virtual-size": 1 << 30, "filename": "/images/x.qcow2", "format": "qcow2", "actual-size": 200704}
    cache = {"no-flush": False, "direct": False, "writeback": True}
    node = {"node-name": "", "drv": "qcow2", "ro": True, "file": "/images/x.qcow2", "image": image, "cache": cache}
    node |= {"iops_rd": 0, "iops_wr": 0, "bps_rd": 0, "bps_wr": 0, "iops": 0, "bps": 0, "encrypted": False}
    each = len(json.dumps(node)) + 12
    return json.dumps([{**node, "node-name": f"node-{number:05}"} for number in range(size // each)]).encode()


def serve(path: str, size: int) -> None:
    """A server that answers the query with so many bytes, and everything else with nothing; one client after another."""
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(path)
    listening.listen()
    large = answer(size)
    while True:
        client, _ = listening.accept()
        client.sendall(GREETING)
        with contextlib.suppress(OSError):
            while data := client.recv(1 << 16):
                told = json.loads(data)
                body = large if told["execute"] == QUERY else b"{}"
                number = b', "id": %s' % json.dumps(told["id"]).encode() if "id" in told else b""
                client.sendall(b'{"return": %s%s}\r\n' % (body, number))


async def _ask(path: str) -> tuple[float, float, bool]:
    """Ask once: seconds until the answer or the end, longest hold of the loop (processor time), whether it was refused."""
    monitor = QmpMonitor(path)
    await monitor.open()
    holds, over = [0.0], asyncio.Event()

    async def beat() -> None:
        before = time.thread_time()
        while not over.is_set():
            await asyncio.sleep(0.0005)
            now = time.thread_time()
            holds.append(now - before)
            before = now

    beating = asyncio.get_running_loop().create_task(beat())
    begin, refused = time.monotonic(), False
    try:
        await monitor.execute(command(QUERY, flat=True), 30)
    except Lost:
        refused = True
    seconds = time.monotonic() - begin
    over.set()
    await beating
    await monitor.close()
    return seconds, max(holds), refused


def _with_server(size: int, count: int) -> list[tuple[float, float, bool]]:
    with tempfile.TemporaryDirectory(prefix="diskchain-bench-") as folder:
        path = str(Path(folder, "qmp"))
        words = [sys.executable, "-c", f"from tests.bench.reply import serve; serve({path!r}, {size})"]
        server = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *words])
        try:
            while not Path(path).exists():
                time.sleep(0.05)
            return [asyncio.run(_ask(path)) for _ in range(count)]
        finally:
            server.kill()
            server.wait()


def _plain(size: int) -> float:
    """Milliseconds that the plain decoder takes for so many bytes, at its best."""
    large, told = answer(size), []
    for _ in range(5):
        begin = time.perf_counter()
        json.loads(large)
        told.append(time.perf_counter() - begin)
    return MILLI * min(told)


def bench() -> Iterator[Figure]:
    """Ten MiB, and a little more than sixteen."""
    plain = _plain(10 * MIB)
    yield Figure(
        "speed of this computer now: json.loads of 1 MB", _plain(10**6), "ms", "", QUIET, "where targets were set"
    )
    seconds, holds, _ = zip(*_with_server(10 * MIB, rounds(7)), strict=True)
    yield Figure("answer of 10 MiB, asked to decoded", MILLI * median(seconds), "ms", "", plain, "json.loads alone")
    yield Figure(
        "answer of 10 MiB, longest hold of the loop", MILLI * median(holds), "ms", "<= 150", plain, "json.loads"
    )
    seconds, holds, refused = zip(*_with_server(17 * MIB, 3), strict=True)
    if not all(refused):
        raise AssertionError("an answer of 17 MiB was taken")
    yield Figure("answer of 17 MiB, asked to refused", MILLI * median(seconds), "ms")
    yield Figure("answer of 17 MiB, longest hold of the loop", MILLI * median(holds), "ms", "<= 16")


if __name__ == "__main__":
    tell(bench())
