"""Jobs that run already are ended: what the preview says comes true, also for jobs of others and after we came back."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from diskchain.operations.preview import Preview
from diskchain.session.carriage import Carriage, Phase, Result
from diskchain.session.journal import Journal
from diskchain.session.session import Session
from tests.support.chains import Style
from tests.support.holding import held, holder
from tests.support.live_session import done, prepared, with_session
from tests.support.machine import Machine
from tests.support.tools import MIB

pytestmark = pytest.mark.live
_CHAIN = {"vda": "base <- one <- two", "vdb": "vdb-0:raw <- vdb-1 <- vdb-2"}


def _ready(machine: Machine, job: str) -> None:
    machine.until(
        lambda: [j for j in machine.qmp("query-jobs") if j["id"] == job and j["status"] == "ready"], "not ready"
    )


def _roots(preview: Preview) -> dict[str, str | None]:
    return {device.name: preview.after.active_of(device) for device in preview.after.devices}


def test_completing_a_mirror_of_another_client_says_where_the_disk_goes() -> None:
    with Machine(_CHAIN) as machine:
        seen = machine.contents("vda")
        machine.qmp(
            "blockdev-create",
            **{"job-id": "make"},
            options={"driver": "file", "filename": str(machine.folder / "copy.raw"), "size": machine.size},
        )
        machine.until(lambda: [j for j in machine.qmp("query-jobs") if j["status"] == "concluded"], "not made")
        machine.qmp("job-dismiss", id="make")
        machine.qmp(
            "blockdev-add",
            driver="raw",
            **{"node-name": "copy"},
            file={"driver": "file", "filename": str(machine.folder / "copy.raw")},
        )
        machine.qmp("blockdev-mirror", **{"job-id": "theirs"}, device="two", target="copy", sync="full")
        _ready(machine, "theirs")
        keys = {"do": "complete", "id": "theirs", "foreign": "yes"}
        preview, result = with_session(machine, lambda session: done(session, "job", keys))
        assert _roots(preview) == {"vda": "copy", "vdb": "vdb-2"}
        assert not preview.after.jobs
        assert preview.draft.invalid == ()
        assert "one and base" in dict(preview.draft.facts)["Its images so far"]
        assert (result.outcome, result.as_predicted) == (Phase.DONE, True), result
        machine.settled(vda=seen)


def test_an_own_commit_is_completed_after_we_came_back() -> None:
    """The images that become invalid are named before, marked afterwards, and the base is whole again."""
    with Machine(_CHAIN) as machine:
        seen = machine.contents("vda")

        async def begin(session: Session) -> Carriage:
            preview = await prepared(session, "commit", {"top": "two", "base": "base", "finish": "ask"})
            carriage = session.carry_out(preview, confirmed=True)
            asked = asyncio.Event()
            carriage.changed.connect(lambda: asked.set() if carriage.phase is Phase.CHOOSING else None)
            await asked.wait()
            return carriage

        job = with_session(machine, begin).preview.commands[0].arguments["job-id"]

        async def finish(session: Session) -> tuple[Preview, Result, dict[str, str]]:
            preview, result = await done(session, "job", {"do": "complete", "id": str(job)})
            return preview, result, {entry.node: entry.word for entry in session.ledger.entries}

        preview, result, marks = with_session(machine, finish)
        assert _roots(preview)["vda"] == "base"
        assert preview.draft.invalid == (str(machine.image("two")), str(machine.image("one")))
        assert (result.outcome, result.as_predicted) == (Phase.DONE, True), result
        assert marks == {"one": "invalid", "two": "invalid"}
        assert not {"one", "two"} & machine.names()
        machine.settled(vda=seen)


def test_cancelling_a_commit_says_what_stays() -> None:
    with Machine(_CHAIN) as machine:
        machine.qmp("block-commit", **{"job-id": "theirs"}, device="two", **{"base-node": "base"})
        _ready(machine, "theirs")
        keys = {"do": "cancel", "id": "theirs", "foreign": "yes"}
        preview, result = with_session(machine, lambda session: done(session, "job", keys))
        assert "base alone is not what it was" in " ".join(preview.warnings)
        assert _roots(preview)["vda"] == "two"
        assert not preview.after.jobs
        assert result.outcome is Phase.DONE, result


def test_two_of_our_operations_at_once_do_not_blame_each_other() -> None:
    with Machine(_CHAIN) as machine:
        seen = {disk: machine.contents(disk) for disk in ("vda", "vdb")}

        async def work(session: Session) -> tuple[Result, ...]:
            slow = await prepared(session, "stream", {"node": "vdb-2", "speed": str(2 * MIB)})
            carriage = session.carry_out(slow, confirmed=True)
            _, commit = await done(session, "commit", {"top": "one", "base": "base"})
            _, snapshot = await done(session, "snapshot", {"disks": "vda"})
            assert carriage.result is None, "the stream was to last longer"
            return commit, snapshot, await carriage.wait()

        for result in with_session(machine, work):
            assert (result.outcome, result.as_predicted) == (Phase.DONE, True), result
        machine.settled(**seen)


def test_nor_do_two_of_our_sessions(tmp_path: Path) -> None:
    """As where two commands run at once: each knows from the journal what the other one changed."""
    spare = tmp_path / "spare.qmp"
    with Machine(_CHAIN, extra=("-qmp", f"unix:{spare},server=on,wait=off")) as machine:
        seen = {disk: machine.contents(disk) for disk in ("vda", "vdb")}

        async def first(session: Session) -> tuple[Result, ...]:
            slow = await prepared(session, "stream", {"node": "vdb-2", "speed": str(2 * MIB)})
            carriage = session.carry_out(slow, confirmed=True)
            await asyncio.to_thread(machine.until, lambda: machine.qmp("query-jobs"), "no job")
            other = Session(str(spare), journal=Journal(machine.folder / "journal.qmp"), reconnect=False)
            await other.open()
            _, commit = await done(other, "commit", {"top": "one", "base": "base"})
            _, snapshot = await done(other, "snapshot", {"disks": "vda"})
            await other.close()
            assert carriage.result is None, "the stream was to last longer"
            return commit, snapshot, await carriage.wait()

        for result in with_session(machine, first):
            assert (result.outcome, result.as_predicted) == (Phase.DONE, True), result
        machine.settled(**seen)


def test_a_node_that_another_image_backs_onto_gets_no_snapshot() -> None:
    with Machine(_CHAIN) as machine:
        machine.qmp("block-commit", **{"job-id": "c"}, device="two", **{"base-node": "base"})
        _ready(machine, "c")
        machine.qmp("job-complete", id="c")
        machine.until(lambda: not machine.qmp("query-jobs"), "it goes on")
        preview = with_session(machine, lambda session: prepared(session, "snapshot", {"disks": "vda"}))
        against = " ".join(each.text for each in preview.objections)
        assert "one" in machine.names(), "QEMU keeps open what was opened by name"
        assert "base is also the backing image of one" in against


def _waiting(machine: Machine, name: str, keys: dict[str, str]) -> str:
    """Begin an operation, look away, and let its job copy all; the id of the job, which then waits to be finalized."""

    async def start(session: Session) -> str:
        carriage = session.carry_out(await prepared(session, name, {**keys, "speed": str(MIB)}))
        await asyncio.to_thread(machine.until, lambda: machine.qmp("query-jobs"), "no job")
        carriage.leave()
        assert (await carriage.wait()).outcome is Phase.LEFT
        return str(machine.qmp("query-jobs")[0]["id"])

    job = with_session(machine, start)
    machine.qmp("block-job-set-speed", device=job, speed=0)
    machine.until(lambda: machine.qmp("query-jobs")[0]["status"] == "pending", "it does not wait")
    return job


async def _ended(session: Session, job: str, do: str, **more: str) -> tuple[Preview, Result, dict[str, str]]:
    """Steer a job; the preview, the result, and which images are marked afterwards."""
    preview, result = await done(session, "job", {"do": do, "id": job, **more})
    return preview, result, {Path(entry.path).stem: entry.word for entry in session.ledger.entries}


@pytest.mark.parametrize("style", [Style.BLOCKDEV, Style.DRIVE])
@pytest.mark.parametrize("base", [0, 2], ids=["whole chain", "with a base"])
@pytest.mark.parametrize("do", ["cancel", "finalize"])
def test_an_own_stream_that_waits_is_cancelled_or_finished_after_we_came_back(do: str, base: int, style: Style) -> None:
    with Machine({"vda": "base <- one <- two <- three"}, style) as machine:
        seen, chain = machine.contents("vda"), machine.chain("vda")
        job = _waiting(machine, "stream", {"node": chain[0]} | ({"base": chain[base]} if base else {}))
        preview = with_session(machine, lambda session: prepared(session, "snapshot", {"disks": "vda"}))
        assert "finish it (finalize), or cancel it" in " ".join(each.text for each in preview.objections)
        preview = with_session(machine, lambda session: prepared(session, "job", {"do": "complete", "id": job}))
        assert preview.objections[0].text.endswith("now. Say do=finalize or do=cancel.")
        preview, result, _ = with_session(machine, lambda session: _ended(session, job, do))
        assert (result.outcome, result.as_predicted) == (Phase.DONE, True), result
        assert preview.draft.after is not None
        left = chain if do == "cancel" else [chain[0], *(chain[base:] if base else ())]
        assert machine.chain("vda") == left
        assert set(chain) - set(left) == set(preview.draft.closes)
        assert not set(preview.draft.closes) & machine.names()
        machine.settled(vda=seen)


@pytest.mark.parametrize("style", [Style.BLOCKDEV, Style.DRIVE])
def test_an_own_commit_that_waits_is_finished_after_we_came_back(style: Style) -> None:
    with Machine({"vda": "base <- one <- two <- three"}, style) as machine:
        seen, chain = machine.contents("vda"), machine.chain("vda")
        job = _waiting(machine, "commit", {"top": chain[1], "base": chain[3]})
        preview, result, marks = with_session(machine, lambda session: _ended(session, job, "finalize"))
        assert (result.outcome, result.as_predicted) == (Phase.DONE, True), result
        assert preview.draft.changed == (str(machine.image("base")), str(machine.image("three")))
        assert preview.draft.closes == (chain[1], chain[2])
        assert not set(preview.draft.closes) & machine.names()
        assert marks == {"one": "invalid", "two": "invalid"}
        assert machine.chain("vda") == [chain[0], chain[3]]
        machine.settled(vda=seen)


@pytest.mark.parametrize("end", ["job-finalize", "job-cancel"])
@pytest.mark.parametrize("style", [Style.BLOCKDEV, Style.DRIVE])
def test_a_commit_that_has_ended_is_dismissed_after_we_came_back(style: Style, end: str) -> None:
    """Where QEMU opened the images by itself, those that left the chain vanish only with the job. Cancelled, all stay marked."""
    with Machine({"vda": "base <- one <- two <- three"}, style) as machine:
        seen, chain = machine.contents("vda"), machine.chain("vda")
        job = _waiting(machine, "commit", {"top": chain[1], "base": chain[3]})
        machine.qmp(end, id=job)
        machine.until(lambda: machine.qmp("query-jobs")[0]["status"] == "concluded", "it does not end")
        preview, result, marks = with_session(machine, lambda session: _ended(session, job, "dismiss"))
        assert (result.outcome, result.as_predicted) == (Phase.DONE, True), result
        if end == "job-finalize":
            assert preview.draft.invalid == tuple(str(machine.image(name)) for name in ("two", "one"))
            assert marks == {"one": "invalid", "two": "invalid"}
            assert machine.chain("vda") == [chain[0], chain[3]]
        else:
            assert preview.draft.invalid == ()
            assert marks == dict.fromkeys(("base", "one"), "changed")
            assert machine.chain("vda") == chain
        machine.settled(vda=seen)


def test_a_commit_is_not_finished_while_another_program_holds_the_image_above() -> None:
    """QEMU 7.2 dies where it cannot open that image for writing at the end."""
    with Machine({"vda": "base <- one <- two <- three"}) as machine:
        seen, above = machine.contents("vda"), machine.image("two")
        job = _waiting(machine, "commit", {"top": "one", "base": "base"})
        other = holder(above)
        try:
            machine.until(lambda: held(above), "it does not open the image")
            keys = {"do": "finalize", "id": job}
            preview = with_session(machine, lambda session: prepared(session, "job", keys))
            assert any(str(above) in each.text for each in preview.objections)
        finally:
            other.kill()
            other.wait()
        _, result, _ = with_session(machine, lambda session: _ended(session, job, "finalize"))
        assert (result.outcome, result.as_predicted) == (Phase.DONE, True), result
        machine.settled(vda=seen)


def test_a_job_that_fails_in_the_end_is_no_refusal() -> None:
    """The command was taken and has its effect: that it failed then is not told as if nothing had been done."""
    with Machine(_CHAIN) as machine:
        seen = machine.contents("vda")
        name = "x" * 2000  # no header has room for it
        machine.qmp(
            "block-stream", job_id="theirs", device="two", base_node="base", backing_file=name, auto_finalize=False
        )
        machine.until(lambda: machine.qmp("query-jobs")[0]["status"] == "pending", "it does not wait")
        _, result, _ = with_session(machine, lambda session: _ended(session, "theirs", "finalize", foreign="yes"))
        assert result.outcome is Phase.FAILED, result
        assert "stays as it is" in result.text
        machine.until(lambda: not machine.qmp("query-jobs"), "the job stays")
        assert machine.contents("vda") == seen
