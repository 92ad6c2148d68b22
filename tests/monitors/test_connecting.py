"""Each way in which a conversation cannot be begun has a sentence and a cause of its own."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from pathlib import Path

import pytest

from diskchain.monitors.monitor import Unreachable
from diskchain.monitors.qmp import QmpMonitor
from diskchain.qapi.command import command
from tests.monitors.conftest import Programs, Run, begin
from tests.support.fake_server import GREETING, FakeServer, Never


async def refused(target: object) -> Unreachable:
    """Why the target cannot be opened."""
    monitor = QmpMonitor(str(target))
    with pytest.raises(Unreachable) as caught:
        await monitor.open()
    await monitor.close()
    assert not monitor.is_open
    return caught.value


def cause_of(target: object, run: Run) -> tuple[str, str]:
    """The one word and the text."""
    told: list[Unreachable] = []

    async def main() -> None:
        told.append(await refused(target))

    run(main())
    return told[0].cause, str(told[0])


def test_files_that_are_no_sockets(folder: Path, run: Run) -> None:
    (folder / "disk.img").write_bytes(b"QFI\xfb" + bytes(1000))
    assert cause_of(folder / "disk.img", run) == (
        "not-qmp",
        f"{folder}/disk.img is a file, not a socket. Give the path that stands after -qmp unix: .",
    )
    assert cause_of(folder, run)[0] == "not-qmp"
    assert cause_of(folder / "none", run)[0] == "missing"
    assert cause_of(folder / "disk.img" / "below", run)[0] == "missing"


def test_a_socket_that_its_server_left_behind(folder: Path, run: Run) -> None:
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(folder / "s"))
    cause, text = cause_of(folder / "s", run)
    assert cause == "refused"
    assert "probably ended without removing it" in text


def test_a_socket_of_another_kind(folder: Path, run: Run) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        other.bind(str(folder / "s"))
        assert cause_of(folder / "s", run)[0] == "not-qmp"


def test_no_rights(folder: Path, run: Run) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(folder / "s"))
        server.listen()
        (folder / "s").chmod(0)
        user = os.geteuid()
        folder.chmod(0o755)
        if user == 0:  # As root everything may be opened: ask as nobody.
            os.seteuid(65534)
        try:
            assert cause_of(folder / "s", run)[0] == "rights"
        finally:
            os.seteuid(user)


def test_tcp(run: Run) -> None:
    assert cause_of("tcp:127.0.0.1:1", run)[0] == "refused"
    assert cause_of("tcp:nowhere.invalid:1", run)[0] == "address"


@pytest.mark.parametrize(
    "greeting",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"{}\n",
        b"[1]\n",
        b'{"QMP": 3}\n',
        b'{"QMP": {"version": {}}}\n',
        b"\xff\xfe\n",
        b"[" * 100_000 + b"\n",
        b"\n",
    ],
)
def test_servers_that_speak_something_else(greeting: bytes, folder: Path, run: Run) -> None:
    async def main() -> None:
        async with FakeServer(folder / "s", greeting=greeting):
            assert (await refused(folder / "s")).cause == "not-qmp"

    run(main())


def test_a_server_that_hangs_up_at_once(folder: Path, run: Run) -> None:
    async def main() -> None:
        async with FakeServer(folder / "s", greeting=b"") as server:
            task = begin(refused(folder / "s"))
            await asyncio.sleep(0.1)
            await server.hang_up()
            assert (await task).cause == "not-qmp"

    run(main())


def test_a_greeting_that_is_late_but_in_time(folder: Path, run: Run) -> None:
    async def main() -> None:
        async with FakeServer(folder / "s", greet_after=0.5):
            monitor = QmpMonitor(str(folder / "s"))
            await monitor.open()
            assert monitor.is_open
            assert monitor.pid == os.getpid()
            await monitor.close()

    run(main())


def test_silence_of_something_that_is_not_qemu(folder: Path, run: Run) -> None:
    async def main() -> None:
        async with FakeServer(folder / "s", greeting=None):
            started = time.monotonic()
            error = await refused(folder / "s")
            assert time.monotonic() - started < 3
            assert error.cause == "silent"
            assert f"(pid {os.getpid()}) listens at {folder}/s but says nothing" in str(error)

    run(main())


def test_a_greeting_and_then_nothing(folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("diskchain.monitors.qmp._NEGOTIATION_SECONDS", 0.2)

    async def main() -> None:
        async with FakeServer(folder / "s", {"qmp_capabilities": Never()}, greeting=GREETING):
            assert (await refused(folder / "s")).cause == "silent"

    run(main())


@pytest.mark.live
@pytest.mark.parametrize("kind", ["qemu", "daemon"])
def test_a_taken_monitor_names_who_holds_it_and_waits_for_nothing(
    kind: str, folder: Path, programs: Programs, run: Run
) -> None:
    (programs.qemu if kind == "qemu" else programs.daemon)(folder / "q")

    async def main() -> None:
        first = QmpMonitor(str(folder / "q"))
        await first.open()
        started = time.monotonic()
        error = await refused(f"unix:{folder}/q,server=on,wait=off")
        assert 1.9 < time.monotonic() - started < 3
        assert error.cause == "taken"
        assert "another client" in str(error).lower()
        assert "this program itself" in str(error)
        assert "second -qmp" in str(error)
        await first.execute(command("query-version"))
        await first.close()
        second = QmpMonitor(str(folder / "q"))
        await second.open()  # Had the refused one not hung up, it would be served now.
        await second.close()

    run(main())


@pytest.mark.live
def test_a_full_queue_of_waiting_clients_is_taken_too(folder: Path, programs: Programs, run: Run) -> None:
    qemu = programs.qemu(folder / "q")

    async def main() -> None:
        waiting = []
        for _ in range(8):
            line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
            waiting.append(line)
            if line.connect_ex(str(folder / "q")):
                break
        started = time.monotonic()
        error = await refused(folder / "q")
        assert error.cause == "taken", error
        assert "another client" in str(error).lower()
        assert time.monotonic() - started < 3
        for line in waiting:
            line.close()

    run(main())
    assert qemu.poll() is None


@pytest.mark.live
def test_paths_longer_than_a_socket_name(folder: Path, programs: Programs, run: Run) -> None:
    deep = folder / ("d" * 100) / ("e" * 100)
    deep.mkdir(parents=True)
    programs.start(
        deep / "q",
        *("qemu-storage-daemon", "--chardev", "socket,id=c,path=q,server=on,wait=off", "--monitor", "chardev=c"),
        cwd=deep,
    )

    async def main() -> None:
        monitor = QmpMonitor(str(deep / "q"))
        await monitor.open()
        assert monitor.process is not None
        assert monitor.process.is_storage_daemon
        await monitor.close()

    run(main())


@pytest.mark.live
def test_tcp_to_a_real_qemu(folder: Path, programs: Programs, run: Run) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    programs.qemu(folder / "q", "-qmp", f"tcp:127.0.0.1:{port},server=on,wait=off")

    async def main() -> None:
        monitor = QmpMonitor(f"tcp:127.0.0.1:{port}")
        await monitor.open()
        assert monitor.pid is None
        assert monitor.process is None
        assert await monitor.execute(command("query-name")) == {}
        error = await refused(f"tcp:localhost:{port}")
        assert error.cause == "taken"
        await monitor.close()

    run(main())
