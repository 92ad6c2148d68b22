"""Mirror: copy a disk while the guest goes on, and follow each write (`blockdev-mirror` in qapi/block-core.json).

When ready, the copy is the disk as it is now: the guest is switched over to it, or it is kept, or the job goes on following.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from diskchain.model.state import State
from diskchain.operations.chains import bitmap_notes, listed
from diskchain.operations.keys import Keys, UsageError, without_defaults
from diskchain.operations.operation import Concerns, Objection, Offer
from diskchain.operations.preview import Draft
from diskchain.operations.source import Source
from diskchain.operations.spoiling import invalid_in
from diskchain.operations.steps import Branch, Choose, Send, Step, Wait
from diskchain.operations.surroundings import Surroundings
from diskchain.operations.target import FORMATS, Target, switched
from diskchain.qapi.command import Command, command

_LEAST, _MOST = 1 << 16, 1 << 24
"""Bytes in flight: one cluster, and QEMU's own (block/mirror.c): fastest, but it leaps under a limit."""
_HOLDS = {
    "full": "all data of the disk, in one image",
    "top": "what {active} holds; the rest stays in {below}",
    "none": "only what the guest writes from then on: by itself it is no copy of the disk",
}
_NOTE = "The copy follows each write until you choose: switch the disk over to it, or keep it."
_FINISHES = {
    "ask": "you choose when it is ready",
    "pivot": "the guest is switched over by itself",
    "copy": "the copy is kept as it is then",
}


@dataclass(frozen=True)
class Mirror:
    """Copy `disk` to a new file, an NBD export, or a node that is open already.

    :ivar target: absolute path of a new file, or an NBD URI; empty: a new file beside the active image.
    :ivar target_node: an open node instead of a new file. `sync`: what is copied, see `_HOLDS`. `format`: of a new file.
    :ivar finish: `pivot`, `copy` or `ask`. `copy_mode`: `background` or `write-blocking`: the guest's writes wait for the copy.
    :ivar speed: limit in bytes per second; 0 = none.
    """

    disk: str
    target: str = ""
    target_node: str = ""
    sync: str = "full"
    format: str = "qcow2"
    finish: str = "ask"
    copy_mode: str = "background"
    speed: int = 0

    name: ClassVar[str] = "mirror"
    known: ClassVar[tuple[str, ...]] = tuple("disk target target-node sync format finish copy-mode speed".split())

    @classmethod
    def read(cls, keys: Keys) -> Mirror:
        """From the words of the command line. :raises UsageError: one is missing, or is not understood."""
        if not keys.word("target") and not keys.word("target-node"):
            raise UsageError("target= is missing: say the path of a new file, or an NBD URI.")
        return cls(
            keys.needed("disk"),
            keys.place("target"),
            keys.word("target-node"),
            keys.one_of("sync", "full", "top", "none"),
            keys.one_of("format", *FORMATS),
            keys.one_of("finish", *_FINISHES),
            keys.one_of("copy-mode", "background", "write-blocking"),
            keys.size("speed"),
        )

    def keys(self) -> Mapping[str, str]:
        """The keys as the command line writes them."""
        told = {"disk": self.disk, "target": self.target, "target-node": self.target_node, "sync": self.sync}
        told |= {"format": self.format, "finish": self.finish, "copy-mode": self.copy_mode, "speed": str(self.speed)}
        return without_defaults(told, sync="full", format="qcow2", finish="ask", copy_mode="background", speed="0")

    def offer(self, state: State) -> Offer:
        """This mirror as an offer, with its reason against it where there is one."""
        reason = next((each.text for each in _Plan(self, state, Surroundings()).objections()), "")
        return Offer(self, "Copy and follow", f"Mirror {self.disk}", reason, _NOTE)

    def concerns(self, state: State) -> Concerns:
        """The folder of a new file; what its header is to name must be what QEMU has open."""
        plan = _Plan(self, state, Surroundings())
        if not plan.disk.active or not plan.to.new:
            return Concerns()
        return Concerns(folders=(plan.to.folder,), held=state.graph.files([plan.below] if plan.below else []))

    def draft(self, state: State, surroundings: Surroundings) -> Draft:
        """Judge, plan and predict."""
        plan = _Plan(self, state, surroundings)
        if objections := tuple(plan.objections()):
            return Draft(f"Mirror {self.disk}", "Mirror", objections=objections)
        return Draft(
            title=f"Mirror {self.disk} to {plan.to.titled}",
            verb=f"Mirror {self.disk}",
            warnings=tuple(plan.warnings()),
            steps=plan.steps(),
            moves=plan.moves,
            created=plan.to.created,
            stop=f"the disk stays as it is; {plan.to.unfinished}",
            guest="keeps running; its writes go to both from then on",
            target=plan.to.folder,
            confirm=tuple(plan.confirm()),
            copies=plan.to.drawn(plan.moves),
            facts=plan.facts(),
            loose=plan.leaving,
            after=switched(plan.to, plan.moves) if plan.can_pivot and self.finish != "copy" else state,
        )


@dataclass(frozen=True)
class _Plan:
    """A mirror on one state, all names fixed."""

    operation: Mirror
    state: State
    surroundings: Surroundings

    @cached_property
    def disk(self) -> Source:
        return Source(self.state, self.operation.disk)

    @cached_property
    def below(self) -> str | None:
        """What the copy is backed by; None: it stands alone."""
        return self.state.graph.backing(self.disk.active) if self.operation.sync == "top" else None

    @cached_property
    def to(self) -> Target:
        told = self.operation
        return Target(self.disk, self.surroundings, "copy", told.target, told.target_node, told.format, self.below)

    @cached_property
    def leaving(self) -> tuple[str, ...]:
        """What the guest no longer needs after a pivot, from the top down."""
        chain = self.disk.chain
        return chain[: chain.index(self.below)] if self.below in chain else chain

    @property
    def moves(self) -> int | None:
        return 0 if self.operation.sync == "none" else self.disk.allocated(self.leaving)

    @property
    def can_pivot(self) -> bool:
        """Whether the guest would find all its data on the copy."""
        if self.operation.sync == "none":
            return False
        lower = self.state.graph.backing(self.to.node) if self.to.open_node in self.state.graph.nodes else None
        return self.to.new or self.operation.sync == "full" or lower == self.below

    def objections(self) -> Iterator[Objection]:
        """Everything that speaks against it."""
        operation = self.operation
        yield from self.disk.wrong()
        if not self.disk.active:
            return
        yield from self.to.wrong()
        if operation.finish == "pivot" and operation.sync == "none":
            yield Objection("A copy of only the new writes (sync=none) lacks all older data: nobody is switched to it.")
        elif operation.finish == "pivot" and not self.can_pivot:
            text = f"{self.to.called} is not backed by {self.below}"
            yield Objection(f"{text}: a guest that is switched over to it would lose all older data.")

    def warnings(self) -> Iterator[str]:
        """What a user should know beforehand."""
        yield from self.to.warnings()
        yield from invalid_in(self.state, self.disk.chain, self.surroundings)
        may_pivot = self.operation.finish != "copy" and self.can_pivot
        if self.to.place is not None and may_pivot:
            yield f"Once switched over, {self.operation.disk} depends on {self.to.place.keeper}: it must not go away."
        if self.below is not None and self.to.new:
            yield f"The copy is backed by {self.below}, as the disk is now: it needs that image from then on."
        for export in self.state.exports_on({self.disk.active}) if may_pivot else ():
            yield f"The export {export.id} follows the disk once it is switched over."

    def confirm(self) -> Iterator[str]:
        """What wants one more yes."""
        graph, leaving = self.state.graph, self.leaving
        if self.can_pivot and self.operation.finish != "copy":
            yield from bitmap_notes(self.state, leaving[:1], "stays there and stops recording once it is switched over")
            for name in leaving:
                if snapshots := graph.nodes[name].snapshots:
                    yield f"The internal snapshot {listed(snapshots)} stays in {name}; the copy does not have it."
        yield from self.to.confirm(leaving)

    def facts(self) -> tuple[tuple[str, str], ...]:
        """The lines of the sheet."""
        holds = _HOLDS[self.operation.sync if self.below or self.operation.sync != "top" else "full"]
        told = [("The copy holds", holds.format(active=self.disk.active, below=self.below))]
        if self.can_pivot:
            told.append(("When ready", _FINISHES[self.operation.finish]))
        waits = [("Guest's writes", "wait until the copy has them too")]
        return (*told, *(waits if self.operation.copy_mode == "write-blocking" else ()))

    def steps(self) -> tuple[Step, ...]:
        """Make and open the target, start the job, wait until it is ready, end it as was chosen."""
        job, operation = f"diskchain-{self.surroundings.serial}", self.operation
        start = command(
            "blockdev-mirror",
            job_id=job,
            device=self.disk.root,
            target=self.to.node,
            replaces=self.disk.active if self.disk.root != self.disk.active else None,
            sync=operation.sync,
            speed=operation.speed or None,
            buf_size=min(max(operation.speed // 4, _LEAST), _MOST) if operation.speed else None,
            copy_mode=operation.copy_mode if operation.copy_mode != "background" else None,
            on_target_error="enospc",  # a full target stops the job, not the guest; it goes on once there is room
            filter_node_name=f"{job}-filter",
            auto_dismiss=False,
        )
        ready = Wait(job, "ready", (command("job-cancel", id=job),))
        return (*self.to.opened(), Send(start), ready, self._choice(job))

    def _choice(self, job: str) -> Choose:
        called = self.to.called
        pivot = Branch(
            "pivot",
            f"Switch {self.operation.disk} over",
            f"The guest goes on in {called}. Its images so far stay as they are at that moment.",
            self._ended(job, command("job-complete", id=job)),
        )
        copy = Branch(
            "copy",
            "Keep the copy",
            f"The guest stays where it is; {called} is the disk as it is at that moment.",
            (*self._ended(job, command("block-job-cancel", device=job)), *self.to.closed()),
            keeps=True,
        )
        follows = "takes each new write" if self.operation.sync == "none" else "holds everything and follows each write"
        first = called if self.to.told or self.to.open_node else f"The {self.to.word}"  # a name stays as it is
        question = f"{first} now {follows}. How shall it end?"
        branches = (pivot, copy) if self.can_pivot else (copy,)
        return Choose(question, job, branches, self.operation.finish.removeprefix("ask"))

    def _ended(self, job: str, how: Command) -> tuple[Send | Wait, ...]:
        return Send(how), Wait(job, "concluded"), Send(command("job-dismiss", id=job))
