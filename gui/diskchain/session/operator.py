"""Carries a prepared operation out: sends the steps, waits, asks, undoes after a failure, and checks the result.

Nothing is sent unless a fresh look gives the very plan that was agreed to. A command without an answer is *unknown*: nothing is
undone and no file is touched then.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Protocol

from diskchain.model.ledger import LedgerEntry
from diskchain.model.state import State
from diskchain.monitors.monitor import Lost, Refused, Unanswered
from diskchain.operations.operation import Branch, Choose, Operation, Send, Step, Wait
from diskchain.operations.preview import Preview
from diskchain.qapi.command import Command
from diskchain.qapi.event import Event
from diskchain.session.carriage import Carriage, Phase, Result
from diskchain.session.check import differences
from diskchain.session.files import absent, remove_made
from diskchain.signal import Signal

_PATIENCE = 0.5
"""Seconds between two looks at a job that tells nothing by itself."""


class Worked(Protocol):
    """What an operator needs of a session."""

    event: Signal[Event]

    async def prepare(self, operation: Operation, again: Preview | None = None) -> Preview:
        """Look anew and plan anew, with the names of an earlier preview."""

    async def execute(self, command: Command) -> object:
        """Send one command."""

    async def look_at_jobs(self) -> State:
        """Ask for the jobs."""

    async def refresh(self) -> State:
        """Look at everything."""

    async def started(self, job: str, operation: Operation) -> None:
        """Note in the journal that this job is ours, before it is sent."""

    async def remember(self, entries: Sequence[LedgerEntry], finished: Sequence[str]) -> None:
        """Write the ledger: images to mark, and paths whose mark is to go."""

    @property
    def here(self) -> bool:
        """Whether QEMU sees the files that we see."""


class _Failure(Exception):
    """The plan cannot go on: plain words, and QEMU's own behind them."""

    def __init__(self, text: str, detail: str = "", outcome: Phase = Phase.FAILED) -> None:
        super().__init__(text)
        self.text, self.detail, self.outcome = text, detail, outcome


class QmpOperator:
    """Carries out one operation on one session."""

    def __init__(self, session: Worked, carriage: Carriage, confirmed: bool) -> None:
        self._session, self._carriage, self._confirmed = session, carriage, confirmed
        self._done: list[Send] = []
        self._absent: set[str] = set()
        self._notes: list[str] = []
        self._ends: dict[str, Event] = {}
        self._job_began = self._stopped = False
        self._begun = time.monotonic()

    async def run(self) -> None:
        """From the fresh look to the result, which is always given, whatever happens."""
        disconnect = self._session.event.connect(self._hear)
        try:
            result = await self._run()
        except _Failure as failure:
            result = await self._failed(failure)
        except Lost as error:
            result = self._lost(str(error))
        except Unanswered as error:
            text = f"{error} Nothing was undone and no file was touched. Look at the graph before you go on."
            result = self._result(Phase.UNKNOWN, text)
        finally:
            disconnect()
        self._carriage.end(result)

    def _hear(self, event: Event) -> None:
        if event.job and event.name in ("BLOCK_JOB_COMPLETED", "BLOCK_JOB_CANCELLED"):
            self._ends[event.job] = event
        if event.job:
            self._carriage.wake.set()

    async def _run(self) -> Result:
        agreed = self._carriage.preview
        fresh = await self._session.prepare(agreed.operation, again=agreed)
        if not fresh.allowed:
            self._carriage.preview = fresh
            raise _Failure(" ".join(objection.text for objection in fresh.objections), outcome=Phase.REFUSED)
        if not fresh.same_as(agreed):
            self._carriage.preview = fresh
            text = (
                "The machine has changed since the preview. Nothing was sent. Look at the new preview and decide again."
            )
            raise _Failure(text, outcome=Phase.REFUSED)
        if fresh.draft.confirm and not self._confirmed:
            text = f"One more yes is wanted: {' '.join(fresh.draft.confirm)} Nothing was sent."
            raise _Failure(text, outcome=Phase.REFUSED)
        self._carriage.preview = fresh
        self._carriage.show(Phase.RUNNING)
        await self._steps(fresh.draft.steps)
        return await self._checked(fresh)

    async def _steps(self, steps: Sequence[Step]) -> None:
        for step in steps:
            if isinstance(step, Send):
                if self._carriage.stop and not self._job_began:
                    raise _Failure("Stopped before it began.", outcome=Phase.CANCELLED)
                await self._send(step)
            elif isinstance(step, Wait):
                await self._wait(step)
            else:
                branch, rest = await self._chosen(step)
                self._stopped = branch.key == "stop"
                self._carriage.show(Phase.FINISHING)
                await self._steps(rest)

    async def _send(self, step: Send) -> None:
        if step.tidy:
            await self._tidy(step)
            return
        if step.probe:
            await self._probe(step)
            return
        await self._see_absent(step)
        job = step.command.arguments.get("job-id")
        if isinstance(job, str):
            await self._session.started(job, self._carriage.preview.operation)
        self._done.append(step)
        try:
            await self._session.execute(step.command)
        except Refused as error:
            self._done.remove(step)
            self._done.append(Send(step.command, makes=step.makes))
            raise _Failure(f"QEMU refused {step.command.name}: {error.text}.", error.text, Phase.REFUSED) from error
        if isinstance(job, str) and step.command.name.startswith("block-"):
            self._job_began = True

    async def _see_absent(self, step: Send) -> None:
        for path in step.makes if self._session.here else ():
            if not await asyncio.to_thread(absent, path):
                raise _Failure(f"{path} exists already; a new file never replaces an old one.", outcome=Phase.REFUSED)
            self._absent.add(path)

    async def _probe(self, step: Send) -> None:
        """A read-only open that must be refused; QEMU's words are not looked at, its refusal is the answer."""
        path = str(step.command.arguments.get("filename"))
        if self._session.here and not await asyncio.to_thread(absent, path):
            raise _Failure(f"{path} exists already; a new file never replaces an old one.", outcome=Phase.REFUSED)
        try:
            await self._session.execute(step.command)
        except Refused:
            return
        for command in step.undo:
            await self._session.execute(command)
        raise _Failure(
            f"{path} exists already, QEMU says; a new file never replaces an old one.", outcome=Phase.REFUSED
        )

    async def _tidy(self, step: Send) -> None:
        """Close a node that left the chain, if it is still there and nobody has anything to do with it."""
        name = str(step.command.arguments.get("node-name"))
        state = await self._session.refresh()
        if name not in state.graph.nodes:
            return
        holders = [edge.parent for edge in state.graph.parents(name)]
        holders += [export.id for export in state.exports_on({name})] + [job.id for job in state.jobs_on({name})]
        holders += [device.name for device in state.devices if device.root == name]
        if holders or state.graph.nodes[name].named_bitmaps:
            self._notes.append(f"{name} stays open: {', '.join(holders) or 'a bitmap'} still needs it.")
            return
        try:
            await self._session.execute(step.command)
        except Refused as error:
            self._notes.append(f"{name} stays open: {error.text}.")

    async def _wait(self, step: Wait) -> None:
        carriage = self._carriage
        carriage.job = step.job
        carriage.show(Phase.RUNNING if not self._carriage.choice else Phase.FINISHING)
        while not await self._reached(step):
            if carriage.leaving:
                raise _Failure(f"The job {step.job} goes on without us.", outcome=Phase.LEFT)
            if carriage.stop and step.cancel:
                await self._cancel(step)
            await self._pause()

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._carriage.wake.wait()
        except TimeoutError:
            pass
        self._carriage.wake.clear()

    async def _reached(self, step: Wait) -> bool:
        """Whether the job is where it was waited for. :raises _Failure: it ended otherwise."""
        state = await self._session.look_at_jobs()
        job = state.job(step.job)
        if job is None or job.status == "null":
            end = self._ends.get(step.job)
            self._blame(step.job, str(end.data.get("error") or "") if end else "", end)
            if step.until in ("gone", "concluded"):
                return True
            raise _Failure(f"The job {step.job} was ended by another client before it was {step.until}.")
        if job.status == "concluded":
            if job.error and not (self._stopped and self._ends.get(step.job)):
                await self._dismiss(step.job)
                self._blame(step.job, job.error, self._ends.get(step.job))
            return step.until == "concluded" or self._premature(step)
        if step.until == "ready":
            return job.ready
        return job.status == step.until

    def _blame(self, job: str, error: str, end: Event | None) -> None:
        if end is not None and end.name == "BLOCK_JOB_CANCELLED" and not self._stopped:
            raise _Failure(f"The job {job} was cancelled.", error, Phase.CANCELLED)
        if error and not self._stopped:
            raise _Failure(f"The job {job} failed: {error}.", error)

    def _premature(self, step: Wait) -> bool:
        raise _Failure(f"The job {step.job} was ended by another client before it was {step.until}.")

    async def _dismiss(self, job: str) -> None:
        try:
            await self._session.execute(Command("job-dismiss", {"id": job}))
        except Refused as error:
            self._notes.append(f"The job {job} could not be dismissed: {error.text}.")

    async def _cancel(self, step: Wait) -> None:
        """End the own job, wait until it has ended, and stop the plan there."""
        for command in step.cancel:
            try:
                await self._session.execute(command)
            except Refused as error:
                self._notes.append(f"{command.name}: {error.text}.")
        for _ in range(600):
            state = await self._session.look_at_jobs()
            job = state.job(step.job)
            if job is None:
                break
            if job.status == "concluded":
                await self._dismiss(step.job)
                break
            await self._pause()
        raise _Failure("It was stopped as you asked.", outcome=Phase.CANCELLED)

    async def _chosen(self, step: Choose) -> tuple[Branch, Sequence[Send | Wait]]:
        """The branch to go, and its steps; if another client decided meanwhile, what is left of them."""
        if step.chosen:
            return step.expected, step.expected.steps
        carriage = self._carriage
        carriage.choice, carriage.job = step, step.job
        carriage.show(Phase.CHOOSING, step.question)
        while not carriage.answer:
            if carriage.leaving:
                raise _Failure(
                    f"The job {step.job} stays ready and follows each write until it is ended.", outcome=Phase.LEFT
                )
            if carriage.stop:
                carriage.answer = step.branches[-1].key
                break
            job = (await self._session.look_at_jobs()).job(step.job)
            if job is None or not job.ready:
                return step.branches[0], step.branches[0].steps[1:]
            await self._pause()
        branch = next(branch for branch in step.branches if branch.key == carriage.answer)
        return branch, branch.steps

    async def _checked(self, preview: Preview) -> Result:
        """Hold what came about against the prediction, and write the ledger."""
        now = await self._session.refresh()
        draft = preview.draft
        if self._stopped:
            await self._session.remember(self._entries(preview, "changed"), ())
            text = f"It was stopped as you chose: {draft.stop}."
            return self._result(Phase.CANCELLED, text)
        found = differences(draft, preview.before, now)
        if not found:
            await self._session.remember(self._entries(preview, "invalid"), draft.changed)
        elif draft.unfinished:
            await self._session.remember(self._entries(preview, "changed"), ())
        made = tuple(name for name in preview.after.graph.nodes if name not in preview.before.graph.nodes)
        text = f"{draft.title}: done."
        if found:
            text = (
                f"{draft.title}: it ended, but not as predicted. {' '.join(found)} Look at the graph before you go on."
            )
        return self._result(Phase.DONE, text, found=found, files=draft.created, nodes=made)

    def _entries(self, preview: Preview, word: str) -> list[LedgerEntry]:
        draft, graph = preview.draft, preview.before.graph
        paths = draft.invalid if word == "invalid" else draft.unfinished
        nodes = {node.file: name for name, node in graph.nodes.items() if not graph.is_leftover_child(name)}
        why = {
            "invalid": f"Its base was changed by: {draft.title}. It must not be used again.",
            "changed": f"It was changed by a commit that was not finished: {draft.title}.",
        }[word]
        found = []
        for path in paths:
            name = nodes.get(path, "")
            below = graph.backing(name) if name else None
            disks = [device.name for device in preview.before.devices if name in graph.chain(device.root or "")]
            found.append(
                LedgerEntry(
                    path, name, word, why, graph.nodes[below].file if below else None, disks[0] if disks else ""
                )
            )
        return found

    async def _failed(self, failure: _Failure) -> Result:
        if failure.outcome is Phase.LEFT:
            return self._result(Phase.LEFT, failure.text)
        preview = self._carriage.preview
        try:
            left = await self._undo()
            now = await self._session.refresh()
        except (Lost, Unanswered) as error:
            return self._lost(str(error))
        if self._job_began and preview.draft.unfinished:
            await self._session.remember(self._entries(preview, "changed"), ())
        same = not left and _shape(now) == _shape(preview.before) and not self._job_began
        if same:
            outcome = Phase.CANCELLED if failure.outcome is Phase.CANCELLED else Phase.REFUSED
            state = "Nothing was changed." if "othing was" not in failure.text else ""
        else:
            outcome = Phase.CANCELLED if failure.outcome is Phase.CANCELLED else Phase.FAILED
            state = f"State: {preview.draft.stop}." if self._job_began else "Not all of it could be undone."
        text = " ".join(word for word in (failure.text, state, *left) if word)
        return self._result(outcome, text, failure.detail)

    async def _undo(self) -> list[str]:
        """Take back what was sent, last first; returns sentences on what is left behind."""
        left: list[str] = []
        for step in reversed(self._done):
            for command in step.undo:
                try:
                    await self._session.execute(command)
                except Refused as error:
                    self._notes.append(f"{command.name}: {error.text}.")
            for path in step.makes:
                if path in self._absent:
                    left.append(await asyncio.to_thread(remove_made, path))
                else:
                    left.append(f"{path} may have been made; it could not be looked at from here.")
        return [sentence for sentence in left if sentence]

    def _lost(self, text: str) -> Result:
        if not any(not step.command.looks for step in self._done):
            return self._result(Phase.LOST, f"{text} Nothing had been sent.")
        stop = self._carriage.preview.draft.stop
        text = f"{text} What was under way may or may not have happened: {stop}. Look again once it is back."
        return self._result(Phase.LOST, text)

    def _result(
        self,
        outcome: Phase,
        text: str,
        detail: str = "",
        found: tuple[str, ...] = (),
        files: tuple[str, ...] = (),
        nodes: tuple[str, ...] = (),
    ) -> Result:
        checked = outcome is Phase.DONE
        return Result(
            outcome=outcome,
            seconds=time.monotonic() - self._begun,
            text=text,
            detail=detail,
            as_predicted=not found if checked else None,
            differences=found,
            notes=tuple(self._notes),
            sent=bool(self._done),
            files=files,
            nodes=nodes,
        )


def _shape(state: State) -> tuple[object, ...]:
    """What a failed act must have left as it was: edges, names, roots."""
    edges = frozenset((edge.parent, edge.child, edge.role) for edge in state.graph.edges)
    return edges, frozenset(state.graph.nodes), frozenset((device.name, device.root) for device in state.devices)
