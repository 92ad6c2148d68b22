"""Carries a prepared operation out: sends the steps, waits, asks, undoes after a failure, and checks the result.

Nothing is sent unless a fresh look gives the very plan that was agreed to. A command without an answer is *unknown*: nothing is
undone and no file is touched then.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Sequence
from dataclasses import replace

from diskchain.model.backup import Mark
from diskchain.model.ledger import KEPT
from diskchain.model.root import Export
from diskchain.monitors.monitor import Lost, Refused, Unanswered
from diskchain.operations.cutoff import CutOff
from diskchain.operations.local import Local
from diskchain.operations.preview import Preview
from diskchain.operations.steps import Branch, Choose, Fit, Free, Gone, Guest, Hold, Make, Send, Step, Wait
from diskchain.qapi.command import Command
from diskchain.qapi.event import Event
from diskchain.session.aftermath import entries, healed, lasts, remains, shape, taken_back, unchanged, undo
from diskchain.session.carriage import Carriage, Phase, Result
from diskchain.session.check import differences, left_open, touched
from diskchain.session.guest import GuestWait
from diskchain.session.holding import Holding
from diskchain.session.making import Making
from diskchain.session.patience import Patience
from diskchain.session.tidying import Tidying
from diskchain.session.unplugging import Unplugging
from diskchain.session.waiting import JobWait
from diskchain.session.worked import Halt, Worked

_LEFT = "Not all of it could be undone."
_STAYS = "What QEMU was told before stays as it is. Look at the graph before you go on."


class QmpOperator:
    """Carries out one operation on one session."""

    def __init__(self, session: Worked, carriage: Carriage, confirmed: bool) -> None:
        self._session, self._books = session, session.books
        self._carriage, self._confirmed = carriage, confirmed
        self._done: list[Send] = []
        self._notes: list[str] = []
        self._started: list[str] = []
        self._making, self._tidying = Making(session, carriage), Tidying(session, carriage, self._notes)
        self._jobs, self._guest = JobWait(session, carriage, self._notes), GuestWait(session)
        self._unplugging, self._patience = Unplugging(session, carriage), Patience(carriage)
        self._job_began = self._lasting = self._keeps = False
        self._work = ""
        self._holding = Holding(session, carriage, self._notes)
        self._plan, self._owing, self._final = secrets.token_hex(4), False, False
        self._marked: tuple[Mark, ...] = ()
        self._begun = time.monotonic()

    async def run(self) -> None:
        """From the fresh look to the result, which is always given, whatever happens."""
        disconnect = self._session.event.connect(self._hear)
        try:
            result = await self._run()
        except Halt as failure:
            result = await self._failed(failure)
        except Lost as error:
            result = self._lost(str(error))
        except Unanswered as error:
            text = (
                f"{error} Nothing was undone and no file was removed.{self._left()} Look at the graph before you go on."
                f"{self._way_back}"
            )
            result = self._result(Phase.UNKNOWN, text)
        except asyncio.CancelledError:
            if self._owing:
                await self._books.cut(self._plan)
            raise
        finally:
            disconnect()
            if self._work:
                await self._books.rests(self._work)
        if self._owing:
            left = result.outcome in (Phase.LOST, Phase.UNKNOWN, Phase.FAILED)
            left |= self._holds and result.outcome is Phase.LEFT
            await (self._books.cut(self._plan) if left else self._books.settle(self._plan))
        self._carriage.end(result)

    async def _owe(self, back: Sequence[Command], makes: tuple[str, ...] = (), forward: bool = False) -> None:
        """Have written down how to take back what was done, should we be cut off after the next step; or what is still to do.

        :param makes: files that the next step makes. `forward`: whether `back` is what is still to do.
        """
        if not self._final and (back or makes or self._owing):
            self._owing = True
            title, made = self._carriage.preview.draft.title, (*self._making.made, *makes)
            scratch = tuple((path, *file) for path, file in self._making.made.items()) if self._holds else ()
            await self._books.owes(CutOff(self._plan, title, tuple(back), made, scratch, forward))

    @property
    def _back(self) -> list[Command]:
        """What takes back all that was sent, the last first."""
        return [command for done in reversed(self._done) for command in done.undo]

    @property
    def _holds(self) -> bool:
        """Whether all of the plan is taken back in the end, the files that it made too."""
        return any(isinstance(step, Hold) for step in self._carriage.preview.draft.steps)

    def _hear(self, event: Event) -> None:
        self._jobs.hear(event)
        self._guest.hear(event)
        self._unplugging.hear(event)

    async def _run(self) -> Result:
        agreed = self._carriage.preview
        fresh = await self._session.prepare(agreed.operation, again=agreed)
        if not fresh.allowed:
            self._carriage.preview = fresh
            raise Halt(" ".join(objection.text for objection in fresh.objections), outcome=Phase.REFUSED)
        if not fresh.same_as(agreed):
            self._carriage.preview = fresh
            text = (
                "The machine has changed since the preview. Nothing was sent. Look at the new preview and decide again."
            )
            raise Halt(text, outcome=Phase.REFUSED)
        if fresh.draft.confirm and not self._confirmed:
            text = f"One more yes is wanted: {' '.join(fresh.draft.confirm)} Nothing was sent."
            raise Halt(text, outcome=Phase.REFUSED)
        self._carriage.preview = fresh
        self._carriage.show(Phase.RUNNING)
        if fresh.draft.marks and not await self._books.counts(fresh.draft.marks, "open"):
            raise Halt("The journal cannot be written, so no incremental backup would be safe.", outcome=Phase.REFUSED)
        self._marked = fresh.draft.marks
        self._work = await self._books.works(touched(fresh.draft, fresh.before))
        await self._steps(fresh.draft.steps)
        await self._books.counts(fresh.draft.marks, "was" if self._keeps or self._jobs.stopped else "becomes")
        return await self._checked(fresh)

    async def _steps(self, steps: Sequence[Step]) -> None:
        for step in steps:
            if isinstance(step, Send):
                if self._carriage.stop and not self._lasting:
                    began = "It was stopped as you asked." if self._started else "Stopped before it began."
                    raise Halt(began, outcome=Phase.CANCELLED)
                await self._send(step)
            elif isinstance(step, Make):
                await self._owe(self._back, (step.path,))
                await self._making.make(step)
            elif isinstance(step, Wait):
                await self._jobs.until(step)
                await self._making.see_made()
            elif isinstance(step, Free):
                await self._jobs.free(step)
            elif isinstance(step, Gone):
                await self._unplugging.gone(step)
            elif isinstance(step, Fit):
                await self._making.fit(step)
            elif isinstance(step, Guest):
                await (self._guest.still(step) if step.must == "still" else self._guest.was_reset())
            elif isinstance(step, Local):
                await self._making.act(step)
            elif isinstance(step, Hold):
                await self._holding.hold(step, self._done, self._making)
                self._keeps = True
            else:
                branch, rest = await self._chosen(step)
                self._jobs.stopped = branch.key == "stop"
                self._keeps = branch.keeps
                self._carriage.show(Phase.FINISHING)
                await self._steps(rest)

    async def _send(self, step: Send) -> None:
        if step.tidy:
            await self._tidying.tidy(step)
            return
        if step.probe:
            await self._making.probe(step)
            return
        await self._making.see_absent(step)
        for job in step.jobs:
            await self._books.started(job, self._carriage.preview.operation)
        marks = await self._mark(step)
        offered = self._offered(step.command)
        if offered is not None:
            await self._books.offered.note(offered)
        self._done.append(step)
        self._guest.sends()
        await self._owe(self._back)
        try:
            await self._session.execute(step.command)
        except Refused as error:
            await self._making.see_made()
            if step.command.arguments.get("id") in self._started and await self._jobs.needless(step.command):
                self._notes.append(f"{step.command.name}: another client had done it already.")
                return
            await self._refused(step, marks, offered)
            said = f"{step.refusal} QEMU refused {step.command.name}: {error.text}. {step.perhaps}".strip()
            raise Halt(said, error.text, Phase.REFUSED) from error
        await self._making.see_made()
        # Only now: a job of this id that was there before is another's, who may have chosen the same name at the same moment.
        self._started += step.jobs
        self._job_began |= step.command.name in ("block-commit", "block-stream")
        self._lasting |= lasts(step)
        if step.final:
            self._done = [replace(done, undo=()) for done in self._done]
            steps = self._carriage.preview.draft.steps
            later = [later.command for later in steps[steps.index(step) + 1 :] if isinstance(later, Send)]
            await self._owe(later, forward=True)
            self._final = True
            await self._books.remember(entries(self._carriage.preview, KEPT), ())
        self._let_go(step.command)

    async def _refused(self, step: Send, marks: Sequence[str], offered: Export | None) -> None:
        """Take back what was noted for a command that QEMU did not take."""
        # A transaction may have made files before it failed; a job that did not begin has made none.
        self._done[-1] = Send(step.command, makes=() if step.jobs else step.makes)
        await self._unmark(marks)
        if offered is not None:
            await self._books.offered.forget(offered.id)

    def _offered(self, command: Command) -> Export | None:
        """The export that a command makes, or starts the server for, as it was predicted; None: it makes none."""
        if command.name not in ("nbd-server-start", "block-export-add"):
            return None
        before = {export.id for export in self._carriage.preview.before.exports}
        new = [export for export in self._carriage.preview.after.exports if export.id not in before]
        named = [export for export in new if export.id == command.arguments.get("id")]
        return next(iter(named or new), None)

    def _let_go(self, command: Command) -> None:
        """What a command took away again is no longer ours: another client may take its name."""
        if command.name == "job-dismiss":
            self._started = [job for job in self._started if job != command.arguments.get("id")]
        elif command.name == "blockdev-del":
            self._done = [replace(step, undo=()) if command in step.undo else step for step in self._done]

    async def _mark(self, step: Send) -> list[str]:
        """Mark the images that a commit changes from its first block on, so that a crash forgets none; returns the new marks."""
        found = entries(self._carriage.preview, "changed") if step.command.name == "block-commit" else []
        known = self._books.marked()
        await self._books.remember(found, ())
        return [entry.path for entry in found if entry.path not in known]

    async def _unmark(self, marks: Sequence[str]) -> None:
        """Take new marks back, as nothing began; but not where somebody else works on the images now, or did just before."""
        before = self._carriage.preview.before
        now = await self._session.refresh() if marks else before
        if shape(now) == shape(before) and {job.id for job in now.jobs} <= {job.id for job in before.jobs}:
            await self._books.remember((), marks)

    async def _chosen(self, step: Choose) -> tuple[Branch, Sequence[Step]]:
        """The branch to go, and its steps; if another client decided meanwhile, what is left of them."""
        if step.chosen:
            return step.expected, step.expected.steps
        carriage = self._carriage
        carriage.choice, carriage.job = step, step.job
        carriage.show(Phase.CHOOSING, step.question)
        while not carriage.answer:
            if carriage.leaving:
                raise Halt(
                    f"The job {step.job} stays ready and follows each write until it is ended.", outcome=Phase.LEFT
                )
            if carriage.stop:
                carriage.answer = step.branches[-1].key
                break
            job = (await self._session.look_at_jobs()).job(step.job)
            if job is None or not job.ready:
                return step.branches[0], step.branches[0].steps[1:]
            await self._patience.pause()
        branch = next(branch for branch in step.branches if branch.key == carriage.answer)
        return branch, branch.steps

    async def _checked(self, preview: Preview) -> Result:
        """Hold what came about against the prediction, and write the ledger."""
        now = await self._session.refresh()
        draft = replace(preview.draft, after=preview.before) if self._keeps else preview.draft
        aside = await self._session.meanwhile(self._begun) - touched(draft, preview.before)
        found = differences(draft, preview.before, now, aside)
        found += self._guest.strayed + (() if self._holds else await self._making.exchanged())
        if self._jobs.stopped and (found or shape(now) == shape(preview.before)):
            text = f"It was stopped as you chose: {draft.stop}."
            return self._result(Phase.CANCELLED, text)
        if not found and draft.settles:
            await self._books.settle(draft.settles)
        if not found:
            over = healed(preview, self._books.marked(), self._books.moving())
            await self._books.remember(entries(preview, "invalid"), over)
        self._notes += [
            f"{name} stays open, as QEMU was told to open it apart from its image. Detach it where it is not needed."
            for name in left_open(draft, preview.before, now)
        ]
        after = draft.after or preview.before
        made = tuple(name for name in after.graph.nodes if name not in preview.before.graph.nodes)
        text = self._holding.ended or f"{draft.title}: done."
        if found:
            text = (
                f"{draft.title}: it ended, but not as predicted. {' '.join(found)} Look at the graph before you go on."
            )
        elif draft.uri and not self._holds:
            text = f"{text} Its address: {draft.uri}"
        files, uri = ((), "") if self._holds else (draft.created, draft.uri)
        return self._result(Phase.DONE, text, found=found, files=files, nodes=made, uri=uri)

    async def _failed(self, failure: Halt) -> Result:
        if failure.outcome is Phase.LEFT:
            return self._result(Phase.LEFT, failure.text)
        preview = self._carriage.preview
        waits = [step for step in preview.draft.steps if isinstance(step, Wait | Free)]
        try:
            for job in self._started:
                await self._jobs.end(job, [path for step in waits if step.job == job for path in step.held])
            left = await taken_back(() if self._lasting else self._making.acted)
            left += await undo(
                self._session, self._done, self._making.made, self._making.absent, self._notes, self._lasting
            )
            now = await self._session.refresh()
        except (Lost, Unanswered) as error:
            return self._lost(str(error))
        left += remains(self._done, self._started, now)
        cancelled = failure.outcome is Phase.CANCELLED
        if not self._lasting:
            await self._books.counts(self._marked, "was")
        if not left and not self._lasting:
            outcome = Phase.CANCELLED if cancelled else Phase.REFUSED
            state = unchanged(self._done) if "othing was" not in failure.text else ""
            if shape(now) != shape(preview.before):
                state = f"{state} Another client has changed the machine meanwhile: look at it anew.".lstrip()
        else:
            outcome = Phase.CANCELLED if cancelled else Phase.FAILED
            state = f"State: {preview.draft.stop}." if self._job_began else _STAYS if self._lasting else _LEFT
        text = " ".join(word for word in (failure.text, state, *left) if word)
        return self._result(outcome, text, failure.detail)

    def _lost(self, text: str) -> Result:
        if not self._making.made and not any(not step.command.looks for step in self._done):
            return self._result(Phase.LOST, f"{text} Nothing had been sent.")
        stop = self._carriage.preview.draft.stop
        leaves = f": {stop}" if stop else ""
        text = (
            f"{text} What was under way may or may not have happened{leaves}.{self._left()} If QEMU itself has ended, the guest"
            f" lost what it had not flushed, as in a power cut. Look again once it is back.{self._way_back}"
        )
        return self._result(Phase.LOST, text)

    @property
    def _way_back(self) -> str:
        """How what was done can be taken back later."""
        return " The operation undo then takes back what was done." if self._owing else ""

    def _left(self) -> str:
        """The files that we made and that stay, where nobody knows whether QEMU uses them now."""
        return f" Made and perhaps in use: {', '.join(self._making.made)}." if self._making.made else ""

    def _result(
        self,
        outcome: Phase,
        text: str,
        detail: str = "",
        found: tuple[str, ...] = (),
        files: tuple[str, ...] = (),
        nodes: tuple[str, ...] = (),
        uri: str = "",
    ) -> Result:
        checked, say = outcome is Phase.DONE, self._carriage.preview.before.naming.said
        return Result(
            outcome=outcome,
            seconds=time.monotonic() - self._begun,
            text=say(text),
            detail=detail,
            as_predicted=not found if checked else None,
            differences=tuple(map(say, found)),
            notes=tuple(map(say, self._notes)),
            sent=bool(self._done),
            files=files,
            nodes=nodes,
            uri=uri,
        )
