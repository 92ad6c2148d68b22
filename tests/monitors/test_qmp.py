"""Asking, waiting, losing: on a real QEMU where it can be had, on a faulty server for the rest."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import time
from pathlib import Path

import pytest

from diskchain.monitors.ending import LONGEST_LINE
from diskchain.monitors.limits import limit_for
from diskchain.monitors.monitor import Lost, Refused, Unanswered
from diskchain.monitors.qmp import QmpMonitor
from diskchain.qapi.command import Command, command
from diskchain.qapi.event import Event
from tests.monitors.conftest import Programs, Run, begin
from tests.support.fake_server import FakeServer, HangUp, Raw, Return


async def opened(path: Path) -> QmpMonitor:
    """A line that is open."""
    monitor = QmpMonitor(str(path))
    await monitor.open()
    return monitor


@pytest.mark.live
@pytest.mark.parametrize("kind", ["qemu", "daemon"])
def test_many_tasks_ask_at_once(kind: str, folder: Path, programs: Programs, run: Run) -> None:
    process = (programs.qemu if kind == "qemu" else programs.daemon)(folder / "q")

    async def main() -> None:
        monitor = await opened(folder / "q")
        assert monitor.pid == process.pid
        assert "QMP" in monitor.greeting
        replies = await asyncio.gather(*(monitor.execute(command("query-version")) for _ in range(100)))
        assert all(reply == replies[0] for reply in replies)
        with pytest.raises(Refused) as caught:
            await monitor.execute(command("no-such-command", a_b=1))
        assert caught.value.error_class == "CommandNotFound"
        assert caught.value.command == Command("no-such-command", {"a-b": 1})
        assert caught.value.text == "The command no-such-command has not been found"
        await monitor.close()
        await monitor.close()
        assert (await monitor.closed(), monitor.ending) == ("The line was closed.", "closed")
        with pytest.raises(Lost):
            await monitor.execute(command("query-version"))

    run(main())


@pytest.mark.live
@pytest.mark.parametrize("how", ["quit", signal.SIGTERM, signal.SIGKILL])
def test_the_end_of_qemu(how: str | signal.Signals, folder: Path, programs: Programs, run: Run) -> None:
    process = programs.qemu(folder / "q")

    async def main() -> None:
        monitor = await opened(folder / "q")
        events = monitor.events()
        if isinstance(how, signal.Signals):
            process.send_signal(how)
        else:
            assert await monitor.execute(command(how)) == {}
        text = await monitor.closed()
        told = [event.name async for event in events]
        if how is signal.SIGKILL:
            assert (monitor.ending, told) == ("lost", [])
            assert text.startswith("The line broke without a word")
        else:
            reason = "host-signal" if how is signal.SIGTERM else "host-qmp-quit"
            assert (monitor.ending, text, told) == ("quit", f"QEMU ended: {reason}.", ["SHUTDOWN"])
        with pytest.raises(Lost, match=text.split(":")[0]):
            await monitor.execute(command("query-status"))
        await monitor.close()

    run(main())


@pytest.mark.live
def test_what_waits_when_qemu_is_killed_is_lost(folder: Path, programs: Programs, run: Run) -> None:
    process = programs.qemu(folder / "q")

    async def main() -> None:
        monitor = await opened(folder / "q")
        process.send_signal(signal.SIGSTOP)
        waiting = [begin(monitor.execute(command("query-status"))) for _ in range(5)]
        await asyncio.sleep(0.05)
        process.kill()
        results = await asyncio.gather(*waiting, return_exceptions=True)
        assert all(isinstance(result, Lost) for result in results), results
        await monitor.close()

    run(main())


def test_an_answer_that_is_late_is_swallowed(folder: Path, run: Run, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    async def main() -> None:
        async with FakeServer(
            folder / "s", {"blockdev-add": Return({}, after=0.2), "query-jobs": Return([])}
        ) as server:
            monitor = await opened(folder / "s")
            with pytest.raises(Unanswered) as caught:
                await monitor.execute(command("blockdev-add", driver="null-co"), limit=0.05)
            assert caught.value.command.name == "blockdev-add"
            assert await monitor.execute(command("query-jobs")) == []
            waiting = begin(monitor.execute(command("blockdev-add")))
            await asyncio.sleep(0.05)
            waiting.cancel()
            assert await monitor.execute(command("query-jobs")) == []
            server.answers["x"] = Raw(
                b'{"return": {}, "id": ["odd"]}\r\n{"return": {}}\r\n{"return": 7, "id": %ID%}\r\n'
            )
            assert await monitor.execute(command("x")) == 7
            await monitor.close()

    run(main())
    assert not [record for record in caplog.records if record.name.startswith(("qemu", "diskchain"))]


def test_limits() -> None:
    assert limit_for(command("query-named-block-nodes", flat=True)) == 10
    assert limit_for(command("x-debug-query-block-graph")) == 10
    for name in ("blockdev-add", "blockdev-del", "device_add", "device_del", "block-export-add", "nbd-server-stop"):
        assert limit_for(Command(name)) == 60
    for name in ("transaction", "block-commit", "job-cancel", "block-job-complete", "unheard-of"):
        assert limit_for(Command(name)) == 600


@pytest.mark.parametrize(
    ("reply", "error_class", "text"),
    [
        (b'{"error": {"class": "GenericError", "desc": "no"}, "id": %ID%}\r\n', "GenericError", "no"),
        (b'{"error": {"desc": "no class"}, "id": %ID%, "new": 1}\r\n', "GenericError", "no class"),
        (b'{"error": {}, "id": %ID%}\r\n', "GenericError", "{}"),
        (b'{"error": "words", "id": %ID%}\r\n', "GenericError", "words"),
    ],
)
def test_refusals_with_parts_missing_are_refusals(
    reply: bytes, error_class: str, text: str, folder: Path, run: Run
) -> None:
    async def main() -> None:
        async with FakeServer(folder / "s", {"x": Raw(reply)}):
            monitor = await opened(folder / "s")
            with pytest.raises(Refused) as caught:
                await monitor.execute(command("x"))
            assert (caught.value.error_class, caught.value.text) == (error_class, text)
            assert monitor.is_open
            await monitor.close()

    run(main())


@pytest.mark.parametrize(
    ("reply", "ending"),
    [
        (Raw(b"garbage\r\n"), "garbage"),
        (Raw(b"[]\r\n"), "garbage"),
        (Raw(b'{"a": \xff}\r\n'), "garbage"),
        (Raw(b"{" * 50_000 + b"\n"), "garbage"),
        (Raw(b'{"error": {"class": "GenericError", "desc": "JSON parse error"}}\r\n'), "garbage"),
        (HangUp(), "lost"),
    ],
)
def test_servers_that_fail_in_the_middle(reply: Raw | HangUp, ending: str, folder: Path, run: Run) -> None:
    async def main() -> None:
        async with FakeServer(folder / "s", {"x": reply}):
            monitor = await opened(folder / "s")
            with pytest.raises(Lost):
                await monitor.execute(command("x"))
            assert monitor.ending == ending
            assert (await monitor.closed()).endswith(".")

    run(main())


def test_an_answer_neither_yes_nor_no(folder: Path, run: Run) -> None:
    async def main() -> None:
        async with FakeServer(folder / "s", {"x": Raw(b'{"id": %ID%, "done": true}\r\n')}):
            monitor = await opened(folder / "s")
            with pytest.raises(Lost, match="neither yes nor no"):
                await monitor.execute(command("x"))
            await monitor.close()

    run(main())


def test_a_line_that_breaks_within_an_answer(folder: Path, run: Run) -> None:
    async def main() -> None:
        async with FakeServer(folder / "s", {"x": Raw(b'{"return": {"a": ')}) as server:
            monitor = await opened(folder / "s")
            waiting = begin(monitor.execute(command("x")))
            await asyncio.sleep(0.05)
            await server.hang_up()
            with pytest.raises(Lost, match="without a word"):
                await waiting
            await monitor.close()

    run(main())


def test_hanging_up_on_a_server_that_reads_nothing(folder: Path, run: Run) -> None:
    async def main() -> None:
        async with FakeServer(folder / "s", {"x": Return({}, after=30)}):
            monitor = await opened(folder / "s")
            waiting = [begin(monitor.execute(Command("x", {"data": "y" * 300_000}))) for _ in range(4)]
            await asyncio.sleep(0.1)
            started = time.monotonic()
            await monitor.close()
            assert time.monotonic() - started < 1
            assert all(isinstance(one, Lost) for one in await asyncio.gather(*waiting, return_exceptions=True))

    run(main())


def _list_of(size: int) -> bytes:
    """An answer's list of at least so many bytes."""
    node = {"node-name": "n" * 20, "ro": False, "image": {"filename": "/a/b.qcow2", "virtual-size": 1 << 40}, "x": None}
    return json.dumps([node] * (size // len(json.dumps(node)) + 1)).encode()


def test_large_answers(folder: Path, run: Run) -> None:
    nodes = _list_of(10 << 20)

    async def main() -> None:
        async with FakeServer(folder / "s") as server:
            monitor = await opened(folder / "s")
            monitor.wire.connect(lambda *_: None)
            for form in (
                b'{"return": %s, "id": %%ID%%}\r\n',
                b'{"id": %%ID%%, "return": %s}\n',
                b'{"x": 1, "return":%s,"id":%%ID%%}\n',
            ):
                server.answers["query-x"] = Raw(form % nodes)
                assert await monitor.execute(command("query-x")) == json.loads(nodes)
            await monitor.close()

    run(main())


def test_an_answer_over_the_limit_is_refused_undecoded(folder: Path, run: Run) -> None:
    async def main() -> None:
        async with FakeServer(
            folder / "s", {"query-x": Raw(b'{"return": "' + b"x" * (LONGEST_LINE + 10) + b'", "id": %ID%}\n')}
        ):
            monitor = await opened(folder / "s")
            with pytest.raises(Lost, match="the answer was longer than 16 MiB"):
                await monitor.execute(command("query-x"))
            assert monitor.ending == "oversize"
            await monitor.close()

    run(main())


def test_a_large_answer_does_not_hold_the_thread(folder: Path, run: Run) -> None:
    """The pauses are what is tested, not the speed of the machine: many turns for others within one answer."""
    turns = 0

    async def main() -> None:
        nonlocal turns
        async with FakeServer(folder / "s", {"query-x": Raw(b'{"return": ' + _list_of(4 << 20) + b', "id": %ID%}\n')}):
            monitor = await opened(folder / "s")
            asking = begin(monitor.execute(command("query-x")))
            longest, last = 0.0, time.process_time()
            while not asking.done():
                await asyncio.sleep(0)
                turns, now = turns + 1, time.process_time()
                longest, last = max(longest, now - last), now
            assert len(str(await asking)) > 4 << 20
            assert longest < 0.2
            await monitor.close()

    run(main())
    assert turns > 20


def test_the_wire_tells_everything_without_secrets(folder: Path, run: Run) -> None:
    async def main() -> None:
        answers = {
            "object-add": Return({}),
            "qom-get": Return("s3cret"),
            "query-x": Return({"password": "s3cret", "a": [1]}),
        }
        async with FakeServer(folder / "s", answers) as server:
            monitor = QmpMonitor(str(folder / "s"))
            told: list[tuple[str, object]] = []
            leave = monitor.wire.connect(lambda direction, message, _: told.append((direction, message)))
            await monitor.open()
            assert [direction for direction, _ in told] == ["recv", "send", "recv"]
            told.clear()
            await monitor.execute(command("object-add", qom_type="secret", id="s0", data="s3cret"))
            assert await monitor.execute(command("qom-get", path="/objects/s0", property="data")) == "s3cret"
            assert await monitor.execute(command("query-x")) == {"password": "s3cret", "a": [1]}
            server.event("X", url="https://me:s3cret@host/a")
            await asyncio.sleep(0.05)
            assert len(told) == 7
            assert "s3cret" not in str(told)
            assert "secret" in str(told[0])
            assert told[5][1] == {"return": {"password": "***", "a": [1]}, "id": "__qmp#00002"}
            leave()
            leave()
            await monitor.execute(command("query-x"))
            assert len(told) == 7
            await monitor.close()

    run(main())


def test_every_reader_has_all_events(folder: Path, run: Run) -> None:
    async def main() -> None:
        async with FakeServer(folder / "s") as server:
            monitor = await opened(folder / "s")
            readers = [monitor.events(), monitor.events()]
            server.event("A", x=1)
            server.event("B")
            await asyncio.sleep(0.05)
            await server.hang_up()
            for reader in readers:
                assert [event async for event in reader] == [
                    Event("A", {"x": 1}, 1_700_000_000.5),
                    Event("B", {}, 1_700_000_000.5),
                ]
            assert [event async for event in monitor.events()] == []
            assert monitor._client.events.history == ()
            await monitor.close()

    run(main())


@pytest.mark.parametrize(("after", "ending"), [((), "quit"), (("STOP",), "lost"), (("STOP", "RESET"), "lost")])
def test_a_shutdown_is_the_end_only_where_qemu_ends(
    after: tuple[str, ...], ending: str, folder: Path, run: Run
) -> None:
    async def main() -> None:
        async with FakeServer(folder / "s") as server:
            monitor = await opened(folder / "s")
            server.event("SHUTDOWN", guest=True, reason="guest-shutdown")
            for name in after:
                server.event(name)
            await asyncio.sleep(0.05)
            await server.hang_up()
            await monitor.closed()
            assert monitor.ending == ending

    run(main())
