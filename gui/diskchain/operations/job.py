"""Steer a job that runs already: pause, resume, speed, complete, cancel, finalize, dismiss."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from diskchain.model.job import Job
from diskchain.model.state import State
from diskchain.operations.operation import Concerns, Objection, Offer, Send, Step, Wait
from diskchain.operations.preview import Draft, Surroundings
from diskchain.qapi.command import Command, command

DIRECT = frozenset({"pause", "resume", "speed"})
"""Verbs that are direct on anybody's job; the others want a second, named confirmation on a job that is not ours."""

_WORDS = {
    "pause": "Pause",
    "resume": "Resume",
    "speed": "Limit",
    "complete": "Complete",
    "cancel": "Cancel",
    "finalize": "Finish",
    "dismiss": "Dismiss",
}


@dataclass(frozen=True)
class SteerJob:
    """Do something to a job.

    :ivar do: `pause`, `resume`, `cancel`, `complete`, `finalize`, `dismiss`, `speed`. `id`: the job.
    :ivar speed: limit in bytes per second for `speed`; 0 = none. `foreign`: agreed for a job that is not ours.
    """

    do: str
    id: str
    speed: int | None = None
    foreign: bool = False

    name = "job"

    def keys(self) -> Mapping[str, str]:
        """The keys as the command line writes them."""
        keys = {"do": self.do, "id": self.id}
        if self.speed is not None:
            keys["speed"] = str(self.speed)
        return keys | ({"foreign": "yes"} if self.foreign else {})

    def offer(self, state: State) -> Offer:
        """This act as an offer, with its reason against it where there is one."""
        draft = self.draft(state, Surroundings())
        reason = next((objection.text for objection in draft.objections if not objection.lifts), "")
        return Offer(self, _WORDS.get(self.do, self.do), draft.title, reason)

    def concerns(self, state: State) -> Concerns:
        """Nothing outside QEMU."""
        return Concerns()

    def draft(self, state: State, surroundings: Surroundings) -> Draft:
        """Judge and plan; what a job's end does to the graph is told by the operation that started it."""
        job = state.job(self.id)
        verb = _WORDS.get(self.do, self.do)
        title = f"{verb} {job.type} {self.id}" if job else f"{verb} {self.id}"
        objections = tuple(self._objections(job, surroundings))
        steps = self._steps(job) if not any(not o.lifts for o in objections) else ()
        facts = (("Job", f"{job.type} on {', '.join(job.node_names)}"), ("Now", job.status)) if job else ()
        after = None if self.do in ("complete", "finalize") else state
        return Draft(title, verb, objections, steps=steps, moves=0, stop="nothing", facts=facts, after=after)

    def _steps(self, job: Job | None) -> tuple[Step, ...]:
        """The command; a job of ours that waits to be dismissed after its end is dismissed, whoever carries it on."""
        ends = self.do in ("cancel", "complete") and job is not None and job.ours and not job.auto_dismiss
        if not ends:
            return (Send(self._command()),)
        wait = Wait(self.id, "concluded", cancelled=self.do == "cancel")
        return (Send(self._command()), wait, Send(command("job-dismiss", id=self.id), tidy=True))

    def _objections(self, job: Job | None, surroundings: Surroundings) -> Iterator[Objection]:
        if self.do not in _WORDS:
            yield Objection(f"do={self.do} is not known: say one of {', '.join(_WORDS)}.")
        elif job is None:
            yield Objection(f"There is no job {self.id} here.")
        elif not job.allows(self.do):
            state = "paused" if job.paused and self.do == "pause" else job.status
            yield Objection(f"The job {self.id} is {state}: it cannot be asked to {self.do} now.")
        elif self.do == "speed" and self.speed is None:
            yield Objection("Say speed=: bytes per second, 0 for no limit.")
        elif self.do not in DIRECT and not self.foreign and not (job.ours and self.id in surroundings.own_jobs):
            yield Objection(
                f"{self.id} was started by another client; to {self.do} it anyway, say foreign=yes.", "foreign=yes"
            )

    def _command(self) -> Command:
        if self.do == "speed":
            return command("block-job-set-speed", device=self.id, speed=self.speed or 0)
        return command(f"job-{self.do}", id=self.id)
