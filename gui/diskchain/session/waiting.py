"""Waits for a job of ours: ready, pending, concluded or gone; tells failure from a cancel; ends it where the user says so."""

from __future__ import annotations

import time
from collections.abc import Sequence

from diskchain.monitors.monitor import Refused
from diskchain.operations.steps import Free, Wait
from diskchain.qapi.command import Command
from diskchain.qapi.event import Event
from diskchain.session.carriage import Carriage, Phase
from diskchain.session.patience import PATIENCE, Patience
from diskchain.session.worked import Halt, Worked

_PAST = {
    "job-complete": frozenset({"waiting", "pending", "concluded", "null"}),
    "job-finalize": frozenset({"concluded", "null"}),
    "job-cancel": frozenset({"concluded", "null"}),
    "job-dismiss": frozenset({"null"}),
}
"""Command -> statuses that a job has after it (`null`: it is gone)."""


class JobWait:
    """The waiting of one operation.

    :ivar notes: sentences on what went otherwise without harm. `ends`: job -> the event that told its end.
    :ivar stopped: the user chose to stop a job that was ready, so that its cancelling is no failure.
    """

    def __init__(self, session: Worked, carriage: Carriage, notes: list[str]) -> None:
        self._session, self._carriage, self.notes = session, carriage, notes
        self._patience = Patience(carriage)
        self.ends: dict[str, Event] = {}
        self.stopped = False

    def hear(self, event: Event) -> None:
        """Take in an event; for as long as the operation runs."""
        if event.job and event.name in ("BLOCK_JOB_COMPLETED", "BLOCK_JOB_CANCELLED"):
            self.ends[event.job] = event
        if event.job:
            self._carriage.wake.set()

    async def until(self, step: Wait) -> None:
        """Wait for a step. :raises Halt: the job failed, ended otherwise, or the user stopped or left it."""
        carriage = self._carriage
        carriage.job = step.job
        carriage.show(Phase.RUNNING if not self._carriage.choice else Phase.FINISHING)
        while not await self._reached(step):
            if carriage.leaving:
                raise Halt(f"The job {step.job} goes on without us.", outcome=Phase.LEFT)
            if carriage.stop and step.cancel:
                await self._cancel(step)
            await self._patience.pause()
        carriage.waits = ""

    async def free(self, step: Free) -> None:
        """Wait until QEMU can open its files anew. :raises Halt: the user stopped or left the job, or it ended otherwise."""
        carriage = self._carriage
        while reason := await self._session.unready(step.written, step.held):
            self._patience.tell(
                f"{reason} All is copied, and nothing is lost: the job ends by itself once that has changed."
            )
            if carriage.leaving:
                raise Halt(f"The job {step.job} waits to be finished.", outcome=Phase.LEFT)
            if carriage.stop:
                await self._cancel(step)
            await self._patience.pause()
            job = (await self._session.look_at_jobs()).job(step.job)
            if job is None or job.status != "pending":
                break
        carriage.waits = ""

    async def _reached(self, step: Wait) -> bool:
        """Whether the job is where it was waited for. :raises Halt: it ended otherwise."""
        state = await self._session.look_at_jobs()
        await self._blame_group(step)
        job = state.job(step.job)
        if job is None or job.status == "null":
            end = await self._end_of(step.job)
            self._blame(step, str(end.data.get("error") or "") if end else "", end)
            if step.until in ("gone", "concluded"):
                return True
            raise Halt(f"The job {step.job} was ended by another client before it was {step.until}.")
        if job.status == "concluded":
            if job.error and not (self.stopped or step.cancelled):
                end = await self._end_of(step.job)
                if step.endless and end is not None and end.name == "BLOCK_JOB_CANCELLED":
                    return True
                await self._dismiss(step.job)
                self._blame(step, job.error, end)
            return step.until == "concluded" or self._premature(step)
        if step.until == "ready":
            return job.ready
        return job.status == step.until

    async def _end_of(self, job: str) -> Event | None:
        """The event that told how a job ended; it may still be on its way to us when a look shows the end."""
        deadline = time.monotonic() + PATIENCE
        while job not in self.ends and time.monotonic() < deadline:
            await self._patience.pause()
        return self.ends.get(job)

    async def _blame_group(self, step: Wait) -> None:
        """:raises Halt: a job of the group failed or was cancelled; QEMU may have cancelled others for it just before."""
        if not any(end.name == "BLOCK_JOB_CANCELLED" or end.data.get("error") for end in self._ends_of(step.group)):
            return
        for job in step.group:
            await self._end_of(job)
        for end in self._ends_of(step.group):
            if error := end.data.get("error"):
                raise Halt(f"The job {end.job} failed: {error}.", str(error))
        if not step.endless:
            raise Halt("A job of these was cancelled, and so all were.", outcome=Phase.CANCELLED)

    def _ends_of(self, jobs: Sequence[str]) -> list[Event]:
        return [self.ends[job] for job in jobs if job in self.ends]

    def _blame(self, step: Wait, error: str, end: Event | None) -> None:
        if self.stopped or step.cancelled:
            return
        if end is not None and end.name == "BLOCK_JOB_CANCELLED":
            raise Halt(f"The job {step.job} was cancelled.", error, Phase.CANCELLED)
        if error:
            raise Halt(f"The job {step.job} failed: {error}.", error)

    def _premature(self, step: Wait) -> bool:
        raise Halt(f"The job {step.job} was ended by another client before it was {step.until}.")

    async def needless(self, command: Command) -> bool:
        """Whether a job is past what a refused command was to do, because another client did that first."""
        job = (await self._session.look_at_jobs()).job(str(command.arguments.get("id")))
        return (job.status if job else "null") in _PAST.get(command.name, ())

    async def _dismiss(self, job: str) -> None:
        try:
            await self._session.execute(Command("job-dismiss", {"id": job}))
        except Refused as error:
            self.notes.append(f"The job {job} could not be dismissed: {error.text}.")

    async def _cancel(self, step: Wait | Free) -> None:
        """End the own job because the user says so. :raises Halt: it was cancelled; not where it had ended by itself before.

        It goes on where QEMU would go on with another file then, which took the name of one of its own.
        """
        self._carriage.stop = False
        if await self._exchanged(step.held):
            return
        for command in step.cancel:
            try:
                await self._session.execute(command)
            except Refused as error:
                self.notes.append(f"{command.name}: {error.text}.")
        while True:
            job = (await self._session.look_at_jobs()).job(step.job)
            if job is None or job.status in ("null", "concluded"):
                break
            await self._patience.pause()
        end = self.ends.get(step.job)
        cancelled = bool(job.error) if job is not None and job.status == "concluded" else end is not None
        if cancelled and (end is None or end.name == "BLOCK_JOB_CANCELLED"):
            if isinstance(step, Wait) and step.endless:
                return
            if job is not None:
                await self._dismiss(step.job)
            raise Halt("It was stopped as you asked.", outcome=Phase.CANCELLED)
        self.notes.append(f"The job {step.job} had ended by itself before it could be stopped.")

    async def _exchanged(self, held: Sequence[str]) -> bool:
        """Whether another file has the name of one that QEMU opens anew at the end of a job; that is told."""
        reason = await self._session.unready((), held)
        if reason:
            self._patience.tell(f"{reason} Until then the job is not cancelled: QEMU would go on with the other file.")
        return bool(reason)

    async def end(self, job: str, held: Sequence[str]) -> None:
        """After a failure: let no job of ours run on or lie about, if it is still there.

        :param held: as `Wait.held`. It is waited for until they are right, or the user leaves.
        """
        found = (await self._session.look_at_jobs()).job(job)
        if found is not None and found.status not in ("concluded", "null"):
            while await self._exchanged(held):
                if self._carriage.leaving:
                    return
                await self._patience.pause()
            self._carriage.waits = ""
            try:
                await self._session.execute(Command("job-cancel", {"id": job}))
            except Refused as error:
                self.notes.append(f"The job {job} could not be cancelled: {error.text}.")
                return
        while found is not None and found.status not in ("concluded", "null"):
            await self._patience.pause()
            found = (await self._session.look_at_jobs()).job(job)
        if found is not None:
            await self._dismiss(job)
