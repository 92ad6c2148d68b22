"""One operation under way: its progress on stderr, its question, and Ctrl-C."""

from __future__ import annotations

import asyncio
import shlex
import sys
import time

from diskchain.cli.ask import Asker
from diskchain.cli.console import tell
from diskchain.cli.hold import hold
from diskchain.cli.progress import Progress
from diskchain.model.job import Job
from diskchain.operations.preview import Preview
from diskchain.operations.steps import Choose, Hold
from diskchain.session.carriage import Carriage, Phase, Result
from diskchain.session.session import Session
from diskchain.session.tasks import Tasks

_GRACE_SECONDS = 1.0


class Carrying:
    """Runs a preview that was agreed to and shows how it goes."""

    def __init__(self, session: Session, preview: Preview, asker: Asker) -> None:
        self._session, self._preview, self._asker = session, preview, asker
        self._progress = Progress(tell, sys.stderr.isatty())
        self._carriage: Carriage | None = None
        self._tasks = Tasks()
        self._asking: Choose | None = None
        self._held: Hold | None = None
        self._job = self._told = ""
        self._interrupted = False
        self._left = asyncio.Event()

    @property
    def preview(self) -> Preview:
        """What was carried out, or the new preview where the machine had changed."""
        return self._carriage.preview if self._carriage else self._preview

    def where(self, result: Result) -> str:
        """How to find a job that goes on without us; empty where there is none."""
        if result.outcome is not Phase.LEFT or not self._job:
            return ""
        target = self._session.target
        return (
            f"See it with: diskchain watch {target}; end it with: diskchain run {target} job do=cancel id={self._job}"
        )

    def back(self) -> list[str]:
        """The command lines that take back what was done; none where nothing can."""
        offers = self._session.operations.reverse(self.preview)
        said = (offer.operation for offer in offers)
        return [
            shlex.join(
                ["diskchain", "run", self._session.target, each.name, *(f"{k}={v}" for k, v in each.keys().items())]
            )
            for each in said
        ]

    def interrupt(self) -> None:
        """Once: stop, and undo what can be undone. Twice: leave the job running."""
        if self._carriage is None:
            return
        self._asker.interrupt()
        if self._interrupted:
            self._carriage.leave()
            self._left.set()
        else:
            self._interrupted = True
            self._carriage.cancel()
            self._show()

    async def run(self) -> Result:
        """From the first step to the result."""
        self._carriage = carriage = self._session.carry_out(self._preview, confirmed=True)
        told = [
            carriage.changed.connect(self._show),
            self._session.changed.connect(lambda *_: self._show()),
            self._session.sampled.connect(lambda _: self._show()),
        ]
        try:
            return await self._wait(carriage)
        finally:
            for disconnect in told:
                disconnect()
            self._progress.clear()
            await self._tasks.end()

    async def _wait(self, carriage: Carriage) -> Result:
        """Until it is over, or shortly after the user left: QEMU may be slow to answer, and the user need not be kept."""
        began = time.monotonic()
        over = self._tasks.start(carriage.wait(), "the result")
        left = self._tasks.start(self._left.wait(), "the second interrupt")
        await asyncio.wait({over, left}, return_when=asyncio.FIRST_COMPLETED)
        if not over.done():
            await asyncio.wait({over}, timeout=_GRACE_SECONDS)
        if over.done():
            return over.result()
        text = "QEMU has not answered yet: what was asked of it last may or may not happen, and a job may go on."
        return Result(Phase.LEFT, time.monotonic() - began, text, sent=True)

    def _show(self) -> None:
        carriage = self._carriage
        if carriage is None or carriage.result is not None:
            return
        self._job = carriage.job or self._job
        if carriage.held is not None:
            if self._held is None:
                self._held = carriage.held
                self._progress.clear()
                self._tasks.start(hold(carriage.held, tell), "tell what is held")
            return
        if carriage.choice is not None and carriage.phase is Phase.CHOOSING:
            if self._asking is None:
                self._asking = carriage.choice
                self._progress.clear()
                self._tasks.start(self._choose(carriage, carriage.choice), "the question on the terminal")
            return
        if self._asking is not None:
            self._asker.interrupt()
        state, meter = self._session.state, self._session.meter
        job = state.job(carriage.job) if state is not None and carriage.job else None
        self._tell_obstacle(carriage.waits or (_stopped(job) if job is not None else ""))
        if job is None:
            self._progress.show(carriage.text)
            return
        text = "Stopping" if carriage.stop else carriage.preview.draft.title
        self._progress.show(text, job.offset, job.length, meter.rate(job.id), meter.left(job.id))

    def _tell_obstacle(self, text: str) -> None:
        """Say on a line of its own what a job waits for, each time that it is something else."""
        if text and text != self._told:
            self._progress.clear()
            tell(f"{text}\n")
        self._told = text

    async def _choose(self, carriage: Carriage, choice: Choose) -> None:
        """Ask how a job that is ready shall end. No answer at all leaves it running."""
        answers = [(branch.key, branch.meaning) for branch in choice.branches]
        answer = await self._asker.one_of(choice.question, answers)
        if answer and carriage.choice is choice:
            carriage.choose(answer)
        elif not carriage.stop and carriage.choice is choice and carriage.phase is Phase.CHOOSING:
            carriage.leave()


def _stopped(job: Job) -> str:
    """Why QEMU has stopped a job by itself, and what to do; empty: it has not."""
    if job.io_status in ("", "ok"):
        return ""
    what = (
        "there is no space left for what it writes" if job.io_status == "nospace" else "an error came up while it wrote"
    )
    return (
        f"The job {job.id} stands still: {what}. Nothing is lost so far. Mend that, then let it go on (do=resume id={job.id}), or"
        " interrupt it here to undo it."
    )
