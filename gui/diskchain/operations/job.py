"""Steer a job that runs already: pause, resume, speed, complete, cancel, finalize, dismiss."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from diskchain.model.flows import flow_of
from diskchain.model.job import DIRECT, Job
from diskchain.model.state import State
from diskchain.operations.chains import listed, path_of, stored
from diskchain.operations.ending import Ending, completed, finalized, freed, left_by_cancel, released, was_committed
from diskchain.operations.keys import Keys
from diskchain.operations.operation import Concerns, Objection, Offer
from diskchain.operations.preview import Draft
from diskchain.operations.rewriting import not_writable
from diskchain.operations.steps import Send, Step, Wait
from diskchain.operations.surroundings import Surroundings
from diskchain.qapi.command import Command, command

_WORDS = {
    "pause": "Pause",
    "resume": "Resume",
    "speed": "Limit",
    "write-blocking": "Have writes wait for",
    "complete": "Complete",
    "finalize": "Finish",
    "cancel": "Cancel",
    "dismiss": "Dismiss",
}
VERBS = tuple(_WORDS)
"""What can be done to a job, in the order in which it is offered."""


@dataclass(frozen=True)
class SteerJob:
    """Do something to a job.

    :ivar do: one of `VERBS`; `write-blocking`: from now on the guest's writes wait until a mirror has copied them. `id`: the job.
    :ivar speed: limit in bytes per second for `speed`; 0 = none. `foreign`: agreed for a job that is not ours.
    """

    do: str
    id: str
    speed: int | None = None
    foreign: bool = False

    name: ClassVar[str] = "job"
    known: ClassVar[tuple[str, ...]] = ("do", "id", "speed", "foreign")

    @classmethod
    def read(cls, keys: Keys) -> SteerJob:
        """From the words of the command line. :raises UsageError: one is missing, or is not understood."""
        keys.needed("do")
        speed = keys.size("speed") if keys.word("speed") else None
        return cls(keys.one_of("do", *VERBS), keys.needed("id"), speed, keys.yes("foreign"))

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
        """The files that QEMU opens anew when a commit or a stream ends; a commit rewrites the header of the overlay above it."""
        job = state.job(self.id)
        graph, way = state.graph, flow_of(state, job) if job is not None else None
        if way is None or job is None or self.do not in ("cancel", "finalize") or job.type not in ("commit", "stream"):
            return Concerns()
        if job.type == "stream":
            return Concerns(held=graph.files(filter(None, (way.target, graph.backing(way.source)))))
        above = graph.overlays(way.source)
        closed = tuple(name for name in above if graph.nodes[name].read_only) if self.do == "finalize" else ()
        return Concerns(held=graph.files((way.target, *above)), written=graph.files(closed))

    def draft(self, state: State, surroundings: Surroundings) -> Draft:
        """Judge, plan and predict."""
        job = state.job(self.id)
        verb = _WORDS.get(self.do, self.do)
        title = f"{verb} {job.type} {self.id}" if job else f"{verb} {self.id}"
        objections = (*self._objections(job, state.machine.commands, surroundings), *self._deadly(state, job))
        draft = Draft(title, verb, objections, moves=0, after=state)
        if job is None or any(not objection.lifts for objection in objections):
            return draft
        facts = (("Job", f"{job.type} on {', '.join(job.node_names)}"), ("Now", job.status))
        draft = replace(draft, facts=facts, steps=self._steps(job))
        if self.do == "complete":
            return self._ending(draft, state, job, completed(state, job), surroundings.cwd)
        if self.do == "finalize":
            return self._ending(draft, state, job, finalized(state, job), surroundings.cwd)
        if self.do == "cancel":
            return replace(draft, warnings=tuple(left_by_cancel(state, job)), after=released(state, job))
        return self._dismissing(draft, state, job, surroundings.cwd) if self.do == "dismiss" else draft

    def _dismissing(self, draft: Draft, state: State, job: Job, cwd: str) -> Draft:
        """What forgetting a job does: until then it holds its nodes, and those that nobody else holds may vanish with it.

        A commit that ended while nobody waited for it leaves images that must not be used again: that is told now.
        """
        draft = replace(draft, loose=freed(state, job), after=released(state, job))
        moved = was_committed(state, job) if job.ours and not self.foreign else ()
        if not moved:
            return draft
        graph = state.graph
        return replace(draft, invalid=stored(graph, moved, cwd), flow=(moved[0], graph.backing(moved[-1]) or ""))

    def _ending(self, draft: Draft, state: State, job: Job, ending: Ending | None, cwd: str) -> Draft:
        """What the good end of a job does. Images that left the chain are closed again only where the job is ours."""
        if ending is None:
            return replace(draft, after=None)
        graph, (source, target) = state.graph, ending.flow
        draft = replace(draft, flow=ending.flow, loose=ending.leaves, after=ending.after)
        if job.type == "mirror":
            was = "Its images so far", f"{listed(ending.leaves)}: stay as they are at that moment"
            return replace(draft, facts=(*draft.facts, was))
        closes = ending.unused if job.ours and not self.foreign else ()
        above = (path_of(graph.nodes[name], cwd) for name in graph.overlays(source)) if ending.spoilt else ()
        fact = () if ending.spoilt else (("Images that leave", "stay valid"),)
        return replace(
            draft,
            steps=(*draft.steps, *(Send(command("blockdev-del", node_name=name), tidy=True) for name in closes)),
            changed=(*stored(graph, (target,), cwd), *(path for path in above if path)),
            invalid=stored(graph, ending.leaves, cwd) if ending.spoilt else (),
            closes=closes,
            facts=(*draft.facts, *fact),
        )

    def _steps(self, job: Job) -> tuple[Step, ...]:
        """The command, and its end; a job of ours that then waits to be dismissed is dismissed, whoever carries it on."""
        if self.do not in ("cancel", "complete", "finalize"):
            return (Send(self._command()),)
        steps = (Send(self._command()), Wait(self.id, "concluded", cancelled=self.do == "cancel"))
        dismiss = Send(command("job-dismiss", id=self.id), tidy=True)
        return (*steps, dismiss) if job.ours and not job.auto_dismiss else steps

    def _objections(
        self, job: Job | None, commands: frozenset[str] | None, surroundings: Surroundings
    ) -> Iterator[Objection]:
        if self.do not in _WORDS:
            yield Objection(f"do={self.do} is not known: say one of {', '.join(_WORDS)}.")
        elif job is None:
            yield Objection(f"There is no job {self.id} here.")
        elif not job.allows(self.do):
            state = "paused" if job.paused and self.do == "pause" else job.status
            ways = [verb for verb in ("finalize", "complete", "dismiss", "cancel") if job.allows(verb)]
            way = f" Say {' or '.join(f'do={verb}' for verb in ways)}." if self.do not in DIRECT and ways else ""
            yield Objection(f"The job {self.id} is {state}: it cannot be asked to {self.do} now.{way}")
        elif self.do == "speed" and self.speed is None:
            yield Objection("Say speed=: bytes per second, 0 for no limit.")
        elif self.do == "write-blocking" and commands is not None and "block-job-change" not in commands:
            yield Objection(
                "This QEMU cannot change the copy mode of a mirror that runs: begin it with copy-mode=write-blocking."
            )
        elif self.do not in DIRECT and not self.foreign and not (job.ours and self.id in surroundings.own_jobs):
            yield Objection(
                f"{self.id} was started by another client; to {self.do} it anyway, say foreign=yes.", "foreign=yes"
            )

    def _deadly(self, state: State, job: Job | None) -> Iterator[Objection]:
        """Where the end of another client's commit may kill QEMU, as nobody tried beforehand what a commit of ours tries."""
        way = flow_of(state, job) if job is not None else None
        if job is None or way is None or self.do != "finalize" or job.type != "commit" or job.ours:
            return
        for name in state.graph.overlays(way.source):
            if perhaps := not_writable(state.graph, name):
                yield Objection(f"If QEMU cannot write to {name} at the end of this commit, it dies. {perhaps}")

    def _command(self) -> Command:
        if self.do == "speed":
            return command("block-job-set-speed", device=self.id, speed=self.speed or 0)
        if self.do == "write-blocking":
            return command("block-job-change", id=self.id, type="mirror", copy_mode="write-blocking")
        return command(f"job-{self.do}", id=self.id)
