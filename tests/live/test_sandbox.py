"""The sandbox on a real QEMU: its chains, its guest, and that nothing is left of it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from diskchain.sandbox.error import SandboxError
from diskchain.sandbox.machine import Sandbox
from diskchain.sandbox.process import Process
from diskchain.sandbox.sweep import sweep
from tests.support.qmp import Qmp
from tests.support.tools import QEMU_IMG, plain_headers, tool

pytestmark = pytest.mark.live

Counts = dict[str, dict[str, int]]


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place of this test's own; what is left in it is left by it."""
    place = tmp_path / "run"
    place.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(place))
    return place


@asynccontextmanager
async def _started(rate: int = 20) -> AsyncIterator[tuple[Sandbox, Qmp]]:
    sandbox = await Sandbox.start(rate)
    line = Qmp(sandbox.spare)
    try:
        yield sandbox, line
    finally:
        line.close()
        await sandbox.close()


def _counts(line: Qmp) -> Counts:
    """Reads and writes of each disk so far."""
    return {
        disk: {key: entry["stats"][f"{key}_operations"] for key in ("rd", "wr")}
        for entry in line("query-blockstats")
        for disk in ("vda", "vdb")
        if f"/{disk}/" in entry.get("qdev", "")
    }


async def _rates(line: Qmp, seconds: float) -> dict[str, float]:
    """Operations a second of each disk."""
    before, at = _counts(line), time.monotonic()
    await asyncio.sleep(seconds)
    after, passed = _counts(line), time.monotonic() - at
    return {disk: sum(after[disk][key] - before[disk][key] for key in ("rd", "wr")) / passed for disk in after}


async def _until(done: Callable[[], object], what: str, limit: float = 20) -> None:
    ends = time.monotonic() + limit
    while not done():
        assert time.monotonic() < ends, what
        await asyncio.sleep(0.02)


def _processor_time(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _left(runtime: Path) -> list[Path]:
    return list(runtime.iterdir())


def _run(work: Callable[[], Awaitable[None]]) -> None:
    async def all_of_it() -> None:
        await work()

    asyncio.run(all_of_it())


def test_two_chains_private_and_soon_there() -> None:
    async def work() -> None:
        times = []
        for _ in range(2):
            began = time.monotonic()
            async with _started() as (sandbox, line):
                times.append(time.monotonic() - began)
                folder = sandbox.folder
                assert stat.S_IMODE(folder.stat().st_mode) == 0o700
                nodes = {node["node-name"]: node for node in line("query-named-block-nodes")}
                for top, *below in (("overlay3", "overlay2", "overlay1", "base"), ("data-top", "data-base")):
                    image = nodes[top]["image"]
                    for name in (top, *below):
                        assert Path(image["filename"]) == folder / "images" / f"{name}.{nodes[name]['drv']}"
                        assert nodes[name]["ro"] == (name != top)
                        image = image.get("backing-image", {})
                    assert image == {}
                assert nodes["data-base"]["drv"] == "raw"
                assert line("query-name") == {"name": "demo"}
                own = Qmp(sandbox.monitor)  # both monitors take a client at once
                assert own("query-status")["running"]
                own.close()
            assert not folder.exists()
        assert min(times) < 2, times

    _run(work)


def test_the_guest_keeps_its_rate_and_costs_little() -> None:
    async def work() -> None:
        async with _started(rate=20) as (sandbox, line):
            began = _processor_time(sandbox.process.pid)
            rates = await _rates(line, 3)
            assert all(15 <= rate <= 25 for rate in rates.values()), rates
            assert _processor_time(sandbox.process.pid) - began < 0.15 * 3
            counts = _counts(line)
            assert all(counts[disk][key] > 10 for disk in ("vda", "vdb") for key in ("rd", "wr")), counts
            await sandbox.set_rate(200)
            await asyncio.sleep(0.1)
            rates = await _rates(line, 1)
            assert all(100 <= rate <= 250 for rate in rates.values()), rates
            await sandbox.set_rate(0)
            await asyncio.sleep(0.2)
            assert await _rates(line, 0.5) == {"vda": 0, "vdb": 0}
            assert (sandbox.rate, sandbox.mismatches, sandbox.failures) == (0, 0, 0)
            with pytest.raises(ValueError, match="0 to 500"):
                await sandbox.set_rate(501)

    _run(work)


def test_it_works_on_through_snapshot_commit_and_stream_and_loses_nothing(tmp_path: Path) -> None:
    async def job(line: Qmp, command: str, **arguments: object) -> None:
        line(command, job_id="j", **arguments)

        def ready_or_gone() -> bool:
            jobs = line("query-jobs")
            if jobs and jobs[0]["status"] == "ready":
                line("job-complete", id="j")
            return not jobs

        await _until(ready_or_gone, f"{command} does not end")

    async def work() -> None:
        async with _started(rate=200) as (sandbox, line):
            images = sandbox.folder / "images"
            for disk, node in (("a", "overlay3"), ("b", "data-top")):
                snapshot = {
                    "node-name": node,
                    "snapshot-file": str(images / f"s{disk}.qcow2"),
                    "snapshot-node-name": f"s{disk}",
                }
                assert sandbox.note_file(images / f"s{disk}.qcow2")
                line("transaction", actions=[{"type": "blockdev-snapshot-sync", "data": snapshot}])
            await _rates(line, 0.5)
            await job(line, "block-commit", device="sa", base_node="overlay1")
            await _rates(line, 0.3)
            await job(line, "block-stream", device="overlay1")
            await job(line, "block-stream", device="sb")
            line("stop")
            line("cont")
            rates = await _rates(line, 1)
            assert all(rate > 100 for rate in rates.values()), rates
            line("quit")
            await sandbox.process.wait()
            assert (sandbox.mismatches, sandbox.failures) == (0, 0)
            for top in ("overlay1.qcow2", "sb.qcow2"):
                assert tool(QEMU_IMG, "check", images / top).startswith("No errors")
                plain_headers(images / top)
            with pytest.raises(SandboxError, match="has ended"):
                await sandbox.set_rate(5)

    _run(work)


def test_it_notices_bytes_that_were_changed_under_it() -> None:
    async def work() -> None:
        async with _started(rate=500) as (sandbox, line):
            await _rates(line, 1)
            assert sandbox.mismatches == 0
            text = 'qemu-io -d /machine/peripheral/vda/virtio-backend "write -P 9 0 100M"'
            assert line("human-monitor-command", command_line=text) == ""
            await _until(lambda: sandbox.mismatches, "the guest did not see that its bytes were gone")

    _run(work)


def test_after_a_guest_reset_it_asks_again() -> None:
    async def work() -> None:
        async with _started(rate=100) as (_, line):
            line("system_reset")
            await asyncio.sleep(0.1)
            await _until(lambda: _counts(line)["vdb"]["wr"] > 100, "the guest did not begin again")
            rates = await _rates(line, 1)
            assert all(70 <= rate <= 130 for rate in rates.values()), rates

    _run(work)


def test_reset_and_close(runtime: Path) -> None:
    async def work() -> None:
        first = await Sandbox.start(30, slow=True)
        second = await first.reset()
        assert first.process.returncode is not None
        assert (second.rate, second.job_speed > 0) == (30, True)
        assert _left(runtime) == [second.folder]
        assert sweep(runtime) == []
        assert second.folder.exists()
        await asyncio.gather(second.close(), second.close())
        await second.close()
        assert second.process.returncode is not None
        assert (second.kept, _left(runtime)) == ([], [])

    _run(work)


def test_closing_does_not_wait_for_a_machine_that_hangs(runtime: Path) -> None:
    async def work() -> None:
        sandbox = await Sandbox.start()
        os.kill(sandbox.process.pid, signal.SIGSTOP)
        await sandbox.close()
        assert sandbox.process.returncode == -signal.SIGKILL
        assert _left(runtime) == []

    _run(work)


_APPLICATION = """
import asyncio, json
from diskchain.sandbox.machine import Sandbox
async def work():
    sandbox = await Sandbox.start()
    made = sandbox.folder / "images" / "made.qcow2"
    sandbox.note_file(made)
    made.write_bytes(b"x")
    print(json.dumps([sandbox.process.pid, str(sandbox.folder)]), flush=True)
    await asyncio.sleep(60)
asyncio.run(work())
"""


def test_a_killed_application_takes_qemu_with_it(runtime: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", _APPLICATION], stdout=subprocess.PIPE) as application:
        assert application.stdout
        pid, folder = json.loads(application.stdout.readline())
        assert Path(folder).parent == runtime
        qemu = Process.of(pid)
        application.kill()
        killed = time.monotonic()
    while qemu.lives():
        assert time.monotonic() - killed < 2, "QEMU outlived its application"
        time.sleep(0.01)
    assert sweep(runtime) == []
    assert list(runtime.iterdir()) == []


def test_what_another_client_made_stays_after_a_kill(runtime: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", _APPLICATION], stdout=subprocess.PIPE) as application:
        assert application.stdout
        pid, folder = json.loads(application.stdout.readline())
        foreign = Path(folder, "images", "foreign.qcow2")
        line = Qmp(Path(folder, "spare.sock"))
        line("blockdev-snapshot-sync", node_name="overlay3", snapshot_file=str(foreign), snapshot_node_name="f")
        line.close()
        qemu = Process.of(pid)
        application.kill()
    while qemu.lives():
        time.sleep(0.01)
    assert sweep(runtime) == [Path(folder)]
    assert [path.name for path in Path(folder, "images").iterdir()] == ["foreign.qcow2"]


def test_a_qemu_that_does_not_start_is_told_and_leaves_nothing(
    runtime: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    false = tmp_path / "qemu"
    false.write_text("#!/bin/sh\necho my own words >&2\nexit 7\n")
    false.chmod(0o755)
    monkeypatch.setenv("DISKCHAIN_QEMU", str(false))

    async def work() -> None:
        with pytest.raises(SandboxError, match=r"QEMU ended with code 7\. Nothing of it is left\. ") as caught:
            await Sandbox.start()
        assert caught.value.detail == "my own words"

    _run(work)
    assert list(runtime.iterdir()) == []


@pytest.mark.parametrize("limit", [0.0, 0.01, 0.03, 0.06, 0.1])
def test_a_start_that_is_broken_off_leaves_nothing(limit: float, runtime: Path) -> None:
    async def work() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(Sandbox.start(), limit)

    _run(work)
    assert list(runtime.iterdir()) == []
