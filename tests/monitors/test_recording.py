"""What is recorded can be replayed, and what is not a recording is refused by line number."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import time
from pathlib import Path

import pytest

from diskchain.monitors import recorded, recording
from diskchain.monitors.monitor import Lost, Refused, Unreachable
from diskchain.monitors.qmp import QmpMonitor
from diskchain.monitors.recording import CannotRecord, Recorder
from diskchain.monitors.replay import SEEK, ReplayMonitor
from diskchain.qapi.command import Command, command
from diskchain.qapi.event import Event
from tests.monitors.conftest import Programs, Run, begin
from tests.support.fake_server import Error, FakeServer, Return, Scripted

HEADER = {"diskchain-recording": 1, "target": "/run/x", "greeting": {"QMP": {"version": {}, "capabilities": []}}}


def written(path: Path, *lines: object) -> ReplayMonitor:
    """A recording with these lines."""
    path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
    return ReplayMonitor(f"replay:{path}")


def asked(at: float, name: str, answer: object, number: str = "", **arguments: object) -> list[dict[str, object]]:
    """A query and its reply a hundredth of a second later."""
    tag = {"id": number} if number else {}
    question = {"execute": name, **({"arguments": arguments} if arguments else {}), **tag}
    return [{"t": at, "send": question}, {"t": at + 0.01, "recv": {"return": answer, **tag}}]


@pytest.mark.live
def test_a_recording_answers_as_the_machine_did(folder: Path, programs: Programs, run: Run) -> None:
    programs.daemon(folder / "q")
    graph, nodes = command("x-debug-query-block-graph"), command("query-named-block-nodes", flat=True)

    async def main() -> None:
        live = QmpMonitor(str(folder / "q"))
        recorder = Recorder(folder / "r.jsonl", live)
        await recorder.start()
        await live.open()
        empty = await live.execute(nodes)
        await asyncio.sleep(0.1)
        await live.execute(command("blockdev-add", driver="null-co", node_name="n0", size=1 << 20))
        await live.execute(command("object-add", qom_type="secret", id="s0", data="hunter2"))
        full, shape = await live.execute(nodes), await live.execute(graph)
        with pytest.raises(Refused) as no:
            await live.execute(command("query-status"))
        await recorder.stop()
        await recorder.stop()
        await live.execute(command("query-version"))
        await live.close()

        assert (folder / "r.jsonl").stat().st_mode & 0o777 == 0o600
        text = (folder / "r.jsonl").read_text()
        assert "hunter2" not in text
        first, *lines = map(json.loads, text.splitlines())
        assert time.time() - 60 < first.pop("began") < time.time()
        assert first == {"diskchain-recording": 1, "target": str(folder / "q"), "greeting": dict(live.greeting)}
        assert all(set(line) in ({"t", "send"}, {"t", "recv"}) for line in lines)
        assert [line["t"] for line in lines] == sorted(line["t"] for line in lines)

        replay = ReplayMonitor(f"replay:{folder}/r.jsonl")
        await replay.open()
        assert not replay.writable
        assert replay.greeting == live.greeting
        assert (await replay.execute(nodes), await replay.execute(graph)) == (full, shape)
        await replay.seek(0.0)
        assert await replay.execute(nodes) == empty
        await replay.seek(replay.duration)
        assert await replay.execute(nodes) == full
        with pytest.raises(Refused) as caught:
            await replay.execute(command("query-status"))
        assert (caught.value.error_class, caught.value.text) == (no.value.error_class, no.value.text)
        with pytest.raises(Refused, match="the recording does not hold query-version") as caught:
            await replay.execute(command("query-version"))
        assert caught.value.error_class == "CommandNotFound"
        with pytest.raises(Refused, match="a recording is never changed"):
            await replay.execute(command("blockdev-add", driver="null-co"))
        await replay.close()
        assert await replay.closed() == "The recording was closed."
        with pytest.raises(Lost):
            await replay.execute(nodes)

    run(main())


def test_begun_in_the_middle(folder: Path, run: Run) -> None:
    async def main() -> None:
        answers: dict[str, Scripted] = {
            "query-a": Return([{"n": number} for number in range(100)]),
            "query-b": Error("no"),
            "query-c": Return([]),
        }
        async with FakeServer(folder / "s", answers) as server:
            live = QmpMonitor(str(folder / "s"))
            await live.open()
            recorder = Recorder(folder / "r", live)
            await recorder.start()
            recording = recorder.recording
            assert recording
            await live.execute(command("query-a"))
            server.event("BLOCK_JOB_READY", device="j")
            with pytest.raises(Refused):
                await live.execute(command("query-b"))
            await live.execute(command("query-c"))
            await recorder.stop()
            recording = recorder.recording
            assert not recording
            await live.close()
            replay = ReplayMonitor(f"replay:{folder}/r")
            await replay.open()
            assert replay.greeting == live.greeting
            assert await replay.execute(command("query-a")) == [{"n": number} for number in range(100)]
            assert await replay.execute(command("query-c")) == []
            events = replay.events()
            await replay.seek(0)
            await replay.play(1000)
            await replay.close()
            assert [event.name async for event in events] == [SEEK, "BLOCK_JOB_READY", SEEK]

    run(main())


def test_nothing_is_overwritten(folder: Path, run: Run) -> None:
    (folder / "r").write_text("precious")
    (folder / "link").symlink_to(folder / "elsewhere")

    async def main() -> None:
        for name, text in (
            ("r", "exists already"),
            ("link", "exists already"),
            ("no/r", "cannot be written"),
            ("a\0", "no file name"),
        ):
            recorder = Recorder(folder / name, QmpMonitor("x"))
            with pytest.raises(CannotRecord, match=text):
                await recorder.start()
            await recorder.stop()

    run(main())
    assert (folder / "r").read_text() == "precious"
    assert not (folder / "elsewhere").exists()


def test_a_full_disk_is_told_once(folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with FakeServer(folder / "s", {"query-x": Return({})}):
            live = QmpMonitor(str(folder / "s"))
            await live.open()

            def full(_: object) -> bytes:
                raise OSError(errno.ENOSPC, "No space left on device")

            monkeypatch.setattr(recording, "_encoded", full)
            recorder, told = Recorder(folder / "r", live), list[str]()
            recorder.broken.connect(told.append)
            await recorder.start()
            await live.execute(command("query-x"))
            await asyncio.sleep(0.1)
            assert len(told) == 1
            assert "No space left on device" in told[0]
            assert recorder.failure == told[0]
            assert not recorder.recording
            await live.execute(command("query-x"))
            await recorder.stop()
            await live.close()

    run(main())


def test_a_recording_that_grows_too_large_is_ended(folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "LARGEST_FILE", 4000)

    async def main() -> None:
        async with FakeServer(folder / "s", {"query-x": Return("x" * 300)}):
            live = QmpMonitor(str(folder / "s"))
            await live.open()
            recorder = Recorder(folder / "r", live)
            await recorder.start()
            for _ in range(30):
                await live.execute(command("query-x"))
            await recorder.stop()
            await live.close()
        assert 3000 < (folder / "r").stat().st_size <= 4000
        assert "has reached" in recorder.failure
        replay = ReplayMonitor(f"replay:{folder}/r")
        await replay.open()
        assert await replay.execute(command("query-x")) == "x" * 300

    run(main())


def test_recording_is_on_disk_within_a_second_or_so(folder: Path, run: Run) -> None:
    async def main() -> None:
        async with FakeServer(folder / "s", {"query-x": Return("there")}):
            live = QmpMonitor(str(folder / "s"))
            await live.open()
            recorder = Recorder(folder / "r", live)
            await recorder.start()
            await live.execute(command("query-x"))
            until = time.monotonic() + 5
            while "there" not in (folder / "r").read_text():
                assert time.monotonic() < until
                await asyncio.sleep(0.05)
            await recorder.stop()
            await live.close()

    run(main())


def test_the_latest_answer_at_the_position(folder: Path, run: Run) -> None:
    lines = [HEADER]
    for second in range(1, 6):
        lines += asked(second, "query-jobs", second, f"q{second}")
        lines += asked(second, "query-named-block-nodes", -second, f"n{second}", flat=True)
    replay = written(folder / "r", *lines)

    async def main() -> None:
        await replay.open()
        assert replay.duration == 5.01
        for position, answer in ((0, 1), (1.005, 1), (1.01, 1), (2.5, 2), (4.0, 3), (99, 5), (None, 5), (-3, 1)):
            await replay.seek(position)
            assert await replay.execute(command("query-jobs")) == answer
            assert await replay.execute(command("query-named-block-nodes")) == -answer, (
                "other arguments: the same query must do"
            )
            assert await replay.execute(command("query-named-block-nodes", flat=True)) == -answer

    run(main())


def test_made_by_hand(folder: Path, run: Run) -> None:
    """Without ids, without greeting, replies in the order of the questions, blank lines, an event, an unknown reply."""
    replay = written(
        folder / "r",
        {"diskchain-recording": 1},
        {"t": 0, "send": {"execute": "query-a"}},
        {"t": 0, "send": {"execute": "query-b"}},
        "",
        {"t": 1, "recv": {"return": "a"}},
        {"t": 0.5, "recv": {"return": "b"}},
        {"t": 2, "recv": {"return": "nobody asked", "id": 7}},
        {"t": 2, "recv": {"event": "STOP"}},
        {"t": 2, "recv": {"error": {"desc": "x"}}},
    )

    async def main() -> None:
        await replay.open()
        assert replay.greeting == {}
        assert await replay.execute(command("query-a")) == "a"
        assert await replay.execute(command("query-b")) == "b"
        assert await replay.execute(command("qmp_capabilities")) == {}

    run(main())


def test_qom_answers_are_not_mixed_up(folder: Path, run: Run) -> None:
    replay = written(folder / "r", HEADER, *asked(0, "qom-get", "value", "1", path="/a", property="p"))

    async def main() -> None:
        await replay.open()
        assert await replay.execute(Command("qom-get", {"property": "p", "path": "/a"})) == "value"
        with pytest.raises(Refused):
            await replay.execute(Command("qom-get", {"path": "/b", "property": "p"}))

    run(main())


@pytest.mark.parametrize(
    ("lines", "where"),
    [
        ([], "line 1"),
        (["words"], "line 1"),
        (["[]"], "line 1"),
        ([{"QMP": {}}], "line 1"),
        ([{"diskchain-recording": 2}], "version 2"),
        ([{"diskchain-recording": 1, "greeting": []}], "greeting"),
        ([HEADER, {"t": 1, "send": {}}, "{"], "line 3"),
        ([HEADER, "", {"recv": {}}], "line 3"),
        ([HEADER, {"t": "1", "recv": {}}], "line 2"),
        ([HEADER, {"t": True, "recv": {}}], "line 2"),
        ([HEADER, '{"t": NaN, "recv": {}}'], "line 2"),
        ([HEADER, '{"t": 1e999, "recv": {}}'], "line 2"),
        ([HEADER, {"t": 1}], "line 2"),
        ([HEADER, {"t": 1, "recv": [1]}], "line 2"),
        ([HEADER, "[" * 100_000], "line 2"),
        ([HEADER, '{"t": 1, "recv": {"a": "\ud800"}}'.encode("utf-8", "surrogatepass").decode("latin-1") + "\x00"], "line 2"),
    ],
)  # fmt: skip
def test_bad_lines_are_named(lines: list[object], where: str, folder: Path, run: Run) -> None:
    replay = written(folder / "r", *lines)

    async def main() -> None:
        with pytest.raises(Unreachable, match=where) as caught:
            await replay.open()
        assert caught.value.cause == "not-qmp"

    run(main())


def test_a_recorder_that_was_killed_leaves_half_a_line(folder: Path, run: Run) -> None:
    replay = written(folder / "r", HEADER, *asked(1, "query-a", "a"))
    with (folder / "r").open("a") as file:
        file.write('{"t": 2, "recv": {"ret')

    async def main() -> None:
        await replay.open()
        assert await replay.execute(command("query-a")) == "a"

    run(main())


def test_files_that_cannot_be_read(folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorded, "LARGEST_FILE", 10)
    os.mkfifo(folder / "pipe")

    async def main() -> None:
        for place, cause in (
            (folder / "none", "missing"),
            (folder, "other"),
            (folder / "pipe", "other"),
            (Path("/dev/zero"), "other"),
        ):
            with pytest.raises(Unreachable) as caught:
                await ReplayMonitor(f"replay:{place}").open()
            assert caught.value.cause == cause
        with pytest.raises(Unreachable, match="MiB can be opened"):
            await written(folder / "r", HEADER).open()

    run(main())


def test_a_file_that_changes_under_us_tells_nothing(folder: Path, run: Run) -> None:
    replay = written(folder / "r", HEADER, *asked(1, "query-a", "a"))

    async def main() -> None:
        await replay.open()
        (folder / "r").write_text("x" * 1000)
        with pytest.raises(Refused):
            await replay.execute(command("query-a"))

    run(main())


def test_play_tells_events_at_their_times(folder: Path, run: Run) -> None:
    stamps = [
        {"t": at, "recv": {"event": f"E{number}", "data": {"n": number}}} for number, at in enumerate((0, 0.1, 0.3))
    ]
    replay = written(folder / "r", HEADER, *stamps, *asked(0.35, "query-a", "a"))

    async def main() -> None:
        await replay.open()
        told: list[tuple[str, float]] = []
        wire: list[str] = []
        replay.wire.connect(lambda direction, *_: wire.append(direction))
        stream = replay.events()
        started = time.monotonic()

        async def listen() -> None:
            told.extend([(event.name, time.monotonic() - started) async for event in stream])

        listening = begin(listen())
        await replay.seek(0)
        await replay.play(speed=2)
        assert replay.at is None
        await asyncio.sleep(0)
        await replay.close()
        await listening
        assert [name for name, _ in told] == [SEEK, "E0", "E1", "E2", SEEK]
        assert told[2][1] >= 0.05, "never early"
        assert 0.15 <= told[3][1] < 5, "never early"
        assert wire == ["recv", "recv", "recv", "send", "recv"]

    run(main())


def test_play_stops_when_closed_or_cancelled(folder: Path, run: Run) -> None:
    replay = written(folder / "r", HEADER, {"t": 0, "recv": {"event": "A"}}, {"t": 60, "recv": {"event": "B"}})

    async def main() -> None:
        await replay.open()
        await replay.seek(0)
        stream = replay.events()
        playing = begin(replay.play())
        assert await anext(stream) == Event("A")
        playing.cancel()
        await asyncio.gather(playing, return_exceptions=True)
        assert replay.at == 0
        await replay.close()

    run(main())
