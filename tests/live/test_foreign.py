"""Another client at work on the same machine: between preview and run, and while an operation of ours runs."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping

import pytest

from diskchain.operations.preview import Preview
from diskchain.session.carriage import Carriage, Phase, Result
from diskchain.session.journal import Journal
from diskchain.session.session import Session
from tests.support.live_session import carried_out, prepared, with_session
from tests.support.machine import Machine
from tests.support.meddling import Act, MeddlingMonitor
from tests.support.qmp import QmpError
from tests.support.tools import MIB, make_image

pytestmark = pytest.mark.live

_CHAINS = {"vda": "base <- one <- two <- three", "vdb": "data:raw <- over"}
_Keys = Mapping[str, str]
_Foreign = Callable[[Machine], object]
_MIDDLE = {"top": "two", "base": "base"}
_ACTIVE = {"top": "three", "base": "one"}
_STREAM = {"node": "three", "base": "base"}
_SLOW = {"speed": "256k"}
"""Under this limit a job of 2 MiB does not end by itself within a test."""


async def _now(act: Callable[[], object]) -> object:
    """What another client does, while the session goes on."""
    return await asyncio.to_thread(act)


async def _until(done: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + 20
    while not done():
        assert time.monotonic() < deadline, f"{what} did not come about"
        await asyncio.sleep(0.005)


# Between preview and run


def test_a_load_that_failed_is_told_as_what_it_is() -> None:
    with Machine(_CHAINS) as machine:
        machine.qmp("human-monitor-command", command_line="loadvm nowhere")
        preview = with_session(machine, lambda session: prepared(session, "commit", _MIDDLE))
        (said,) = (objection.text for objection in preview.objections)
        assert said.startswith(
            "The machine is restore-vm: an internal snapshot is being loaded, or loading it has failed"
        )


def _snapshot(machine: Machine) -> None:
    file = str(machine.folder / "theirs.qcow2")
    machine.qmp("blockdev-snapshot-sync", node_name="three", snapshot_file=file, snapshot_node_name="theirs")


def _bitmap(node: str) -> _Foreign:
    return lambda machine: machine.qmp("block-dirty-bitmap-add", node=node, name="daily")


def _export(machine: Machine) -> None:
    machine.qmp("nbd-server-start", addr={"type": "unix", "data": {"path": str(machine.folder / "x.nbd")}})
    machine.qmp("block-export-add", type="nbd", id="theirs", node_name="two", name="x")


def _job(machine: Machine) -> None:
    machine.qmp("blockdev-add", driver="null-co", node_name="hole", size=machine.size)
    machine.qmp("blockdev-backup", job_id="theirs", device="three", target="hole", sync="full", speed=1024)


def _closed_overlay(machine: Machine) -> None:
    make_image(machine.folder / "branch.qcow2", "qcow2", 0, str(machine.image("base")), "qcow2")


def _committed(machine: Machine) -> None:
    machine.qmp("block-commit", job_id="theirs", device="three", top_node="one", base_node="base")
    machine.until(lambda: not machine.qmp("query-jobs"), "their commit does not end")
    machine.qmp("blockdev-del", node_name="one")


_CHANGES: tuple[tuple[str, str, _Keys, _Foreign], ...] = (
    ("a snapshot", "commit", _MIDDLE, _snapshot),
    ("a snapshot", "commit", {**_ACTIVE, "finish": "pivot"}, _snapshot),
    ("a snapshot", "snapshot", {"disks": "vda"}, _snapshot),
    ("a bitmap", "commit", _MIDDLE, _bitmap("two")),
    ("a bitmap", "stream", _STREAM, _bitmap("one")),
    ("a bitmap", "snapshot", {}, _bitmap("three")),
    ("an export", "commit", _MIDDLE, _export),
    ("a job", "commit", _MIDDLE, _job),
    ("a job", "snapshot", {}, _job),
    ("a closed overlay", "commit", _MIDDLE, _closed_overlay),
    ("a node gone", "commit", _MIDDLE, _committed),
    ("a node gone", "stream", {"node": "two", "base": "base"}, _committed),
)


@pytest.mark.parametrize(
    ("name", "keys", "change"), [row[1:] for row in _CHANGES], ids=[f"{row[0]} before a {row[1]}" for row in _CHANGES]
)
def test_what_changed_since_the_preview_stops_it(name: str, keys: _Keys, change: _Foreign) -> None:
    with Machine(_CHAINS) as machine:
        seen = machine.contents("vda")

        async def run(session: Session) -> tuple[Preview, Carriage, Result]:
            preview = await prepared(session, name, keys)
            assert preview.allowed, preview.objections
            await _now(lambda: change(machine))
            shape, files = machine.shape(), machine.files()
            carriage = session.carry_out(preview)
            result = await carriage.wait()
            assert (machine.shape(), machine.files()) == (shape, files)
            return preview, carriage, result

        preview, carriage, result = with_session(machine, run)
        assert result.outcome is Phase.REFUSED, result
        assert not result.sent
        assert machine.sent() == []
        assert not carriage.preview.same_as(preview), "the new preview is shown"
        assert "othing was" in result.text
        assert not [job for job in machine.qmp("query-jobs") if job["id"].startswith("diskchain")]
        with contextlib.suppress(QmpError):
            machine.qmp("nbd-server-stop")
        assert machine.contents("vda") == seen


def test_a_change_elsewhere_does_not_matter() -> None:
    with Machine(_CHAINS) as machine:

        async def run(session: Session) -> Result:
            preview = await prepared(session, "commit", _MIDDLE)
            await _now(lambda: machine.qmp("block-dirty-bitmap-add", node="over", name="daily"))
            await _now(lambda: machine.qmp("block_resize", node_name="over", size=16 * MIB))
            return await session.carry_out(preview).wait()

        result = with_session(machine, run)
        assert result.outcome is Phase.DONE
        assert result.as_predicted


# While it runs


def _begun(
    machine: Machine, name: str, keys: _Keys, work: Callable[[Session, Carriage], Awaitable[None]]
) -> tuple[Session, Result]:
    """Carry an operation out and do `work` once it waits for its job."""

    async def run(session: Session) -> tuple[Session, Result]:
        preview = await prepared(session, name, keys)
        assert preview.allowed, preview.objections
        carriage = session.carry_out(preview, confirmed=True)
        await _until(lambda: carriage.job and session.state and session.state.job(carriage.job), "the job")
        await work(session, carriage)
        async with asyncio.timeout(30):
            return session, await carriage.wait()

    return with_session(machine, run)


_JOBS = pytest.mark.parametrize(
    ("name", "keys"),
    [("commit", {**_MIDDLE, **_SLOW}), ("commit", {"top": "three", "base": "base", "speed": "1M"}),
     ("stream", {**_STREAM, **_SLOW})],
    ids=["commit in the middle", "active commit", "stream"],
)  # fmt: skip


def _large(keys: _Keys) -> int:
    """A disk's size in bytes: an active commit under a limit moves 16 MiB at a time, and less would be ready at once."""
    return 40 * MIB + 512 if keys.get("top") == "three" else 8 * MIB + 512


@_JOBS
@pytest.mark.parametrize("verb", ["job-cancel", "block-job-cancel"])
def test_our_job_cancelled_by_another_client(name: str, keys: _Keys, verb: str) -> None:
    with Machine(_CHAINS, size=_large(keys)) as machine:
        seen, shape, files = machine.contents("vda"), machine.shape(), machine.files()
        word = "id" if verb == "job-cancel" else "device"

        async def cancel(session: Session, carriage: Carriage) -> None:
            job = carriage.job
            await _now(lambda: machine.qmp(verb, **{word: job}))

        session, result = _begun(machine, name, keys, cancel)
        assert result.outcome is Phase.CANCELLED, result
        assert result.as_predicted is None
        assert (machine.shape(), machine.files()) == (shape, files)
        marks = {entry.path: entry.word for entry in session.ledger.entries}
        concerned = {"base", "one"} if keys.get("top") == "two" else {"base", "one", "two"}
        wanted = {str(machine.image(image)): "changed" for image in concerned} if name == "commit" else {}
        assert marks == wanted
        machine.settled(vda=seen)


@_JOBS
def test_our_job_paused_and_limited_by_another_client(name: str, keys: _Keys) -> None:
    with Machine(_CHAINS, size=_large(keys)) as machine:
        seen = machine.contents("vda")
        words: list[str] = []

        async def pause(session: Session, carriage: Carriage) -> None:
            session.happened.connect(lambda happening: words.append(happening.word))
            job = carriage.job
            await _now(lambda: machine.qmp("block-job-pause", device=job))
            await _until(lambda: "paused" in words, "the mark of the pause")
            await _now(lambda: machine.qmp("block-job-set-speed", device=job, speed=0))
            await _until(lambda: "limit changed" in words, "the mark of the limit")
            assert carriage.phase is Phase.RUNNING
            await _now(lambda: machine.qmp("block-job-resume", device=job))
            await _until(lambda: "resumed" in words, "the mark of going on")
            if name == "commit" and keys["top"] == "three":
                await _until(lambda: carriage.choice, "the question")
                carriage.choose("pivot")

        _, result = _begun(machine, name, keys, pause)
        assert result.outcome is Phase.DONE, result
        assert result.as_predicted, result.differences
        machine.settled(vda=seen)


def _theirs(machine: Machine, verb: str) -> None:
    job = machine.qmp("query-block-jobs")[0]["device"]
    machine.qmp(verb, **({"id": job} if verb.startswith("job-") else {"device": job}))


@pytest.mark.parametrize(
    ("verb", "outcome"),
    [("job-complete", Phase.DONE), ("job-cancel", Phase.CANCELLED), ("block-job-cancel", Phase.DONE)],
)
def test_another_client_answers_our_question(verb: str, outcome: Phase) -> None:
    """A soft cancel of a ready commit ends it as completed, but the guest stays where it is: not as predicted."""
    with Machine(_CHAINS) as machine:
        seen, shape = machine.contents("vda"), machine.shape()

        async def answer(_: Session, carriage: Carriage) -> None:
            await _until(lambda: carriage.choice, "the question")
            await _now(lambda: _theirs(machine, verb))

        session, result = _begun(machine, "commit", _ACTIVE, answer)
        assert result.outcome is outcome, result
        marks = {entry.path: entry.word for entry in session.ledger.entries}
        if verb == "job-complete":
            assert result.as_predicted, result.differences
            assert machine.chain("vda") == ["one", "base"]
            assert marks == {str(machine.image(image)): "invalid" for image in ("two", "three")}
        else:
            assert not result.as_predicted
            assert machine.shape() == shape
            assert marks == {str(machine.image(image)): "changed" for image in ("one", "two")}
        machine.settled(vda=seen)


@pytest.mark.parametrize(("name", "keys"), [("commit", {**_MIDDLE, **_SLOW}), ("stream", {**_STREAM, **_SLOW})])
def test_a_change_of_another_disk_meanwhile_is_told(name: str, keys: _Keys) -> None:
    with Machine(_CHAINS) as machine:
        seen, other = machine.contents("vda"), machine.contents("vdb")

        async def snapshot(_: Session, carriage: Carriage) -> None:
            job, file = carriage.job, str(machine.folder / "theirs.qcow2")
            await _now(
                lambda: machine.qmp(
                    "blockdev-snapshot-sync", node_name="over", snapshot_file=file, snapshot_node_name="theirs"
                )
            )
            await _now(lambda: machine.qmp("block-job-set-speed", device=job, speed=0))

        _, result = _begun(machine, name, keys, snapshot)
        assert result.outcome is Phase.DONE, result
        assert result.as_predicted is False
        assert any("theirs" in sentence for sentence in result.differences), result.differences
        assert not any("three" in sentence for sentence in result.differences), result.differences
        machine.settled(vda=seen, vdb=other)


def test_a_chain_made_longer_meanwhile_is_told() -> None:
    """Another client snapshots the very disk while a stream of ours runs below its top."""
    with Machine(_CHAINS) as machine:
        seen = machine.contents("vda")

        async def snapshot(_: Session, carriage: Carriage) -> None:
            job = carriage.job
            await _now(lambda: _snapshot(machine))
            await _now(lambda: machine.qmp("block-job-set-speed", device=job, speed=0))

        _, result = _begun(machine, "stream", {"node": "two", "base": "base", **_SLOW}, snapshot)
        assert result.outcome is Phase.DONE, result
        assert result.as_predicted is False
        assert machine.chain("vda") == ["theirs", "three", "two", "base"]
        machine.settled(vda=seen)


def _meddled(
    machine: Machine,
    name: str,
    keys: _Keys,
    before: Mapping[str, Act] | None = None,
    after: Mapping[str, Act] | None = None,
) -> tuple[Session, Result]:
    """Carry an operation out while something is done right before or after one of its commands."""
    monitor = MeddlingMonitor(str(machine.target), before, after)
    session = Session(str(machine.target), lambda _: monitor, Journal(machine.folder / "journal.qmp"), reconnect=False)
    return session, asyncio.run(carried_out(session, name, keys))


@pytest.mark.parametrize("keys", [_MIDDLE, {**_ACTIVE, "finish": "pivot"}], ids=["middle", "active"])
def test_our_finished_job_dismissed_by_another_client(keys: _Keys) -> None:
    with Machine(_CHAINS) as machine:
        seen = machine.contents("vda")

        def dismiss() -> None:
            machine.qmp("job-dismiss", id=machine.qmp("query-jobs")[0]["id"])

        session, result = _meddled(machine, "commit", keys, {"job-dismiss": dismiss})
        assert result.outcome is Phase.DONE, result
        assert result.as_predicted, result.differences
        assert {entry.word for entry in session.ledger.entries} == {"invalid"}
        machine.settled(vda=seen)


def test_our_pending_stream_finished_by_another_client() -> None:
    with Machine(_CHAINS) as machine:
        seen = machine.contents("vda")

        def finalize() -> None:
            machine.qmp("job-finalize", id=machine.qmp("query-jobs")[0]["id"])
            machine.until(lambda: not machine.qmp("query-jobs"), "the stream does not end")

        _, result = _meddled(machine, "stream", _STREAM, {"job-finalize": finalize})
        assert result.outcome is Phase.DONE, result
        assert result.as_predicted, result.differences
        machine.settled(vda=seen)


def test_our_ready_commit_switched_by_another_client_at_the_same_moment() -> None:
    with Machine(_CHAINS) as machine:
        seen = machine.contents("vda")

        def complete() -> None:
            machine.qmp("job-complete", id=machine.qmp("query-jobs")[0]["id"])
            machine.until(lambda: machine.qmp("query-jobs")[0]["status"] == "concluded", "it does not end")

        session, result = _meddled(machine, "commit", {**_ACTIVE, "finish": "pivot"}, {"job-complete": complete})
        assert result.outcome is Phase.DONE, result
        assert result.as_predicted, result.differences
        assert {entry.word for entry in session.ledger.entries} == {"invalid"}
        machine.settled(vda=seen)


@pytest.mark.parametrize("node", ["one", "two"])
def test_a_node_that_another_client_uses_is_not_closed(node: str) -> None:
    """An export of a node that left the chain: the node stays open, and the user is told why."""
    with Machine(_CHAINS) as machine:
        seen = machine.contents("vda")

        def export() -> None:
            machine.qmp("nbd-server-start", addr={"type": "unix", "data": {"path": str(machine.folder / "x.nbd")}})
            machine.qmp("block-export-add", type="nbd", id="theirs", node_name=node, name="x")

        _, result = _meddled(machine, "commit", _MIDDLE, after={"job-dismiss": export})
        assert result.outcome is Phase.DONE, result
        assert node in machine.names()
        assert any(node in note and "theirs" in note for note in result.notes), result.notes
        assert machine.qmp("query-block-exports")[0]["id"] == "theirs"
        machine.qmp("nbd-server-stop")
        machine.settled(vda=seen)
