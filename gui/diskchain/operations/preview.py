"""What an operation would do: decided and explained in one place, for window, command line and lessons."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from diskchain.model.backup import Mark
from diskchain.model.node import Node
from diskchain.model.public import state_as_json
from diskchain.model.state import INOPERABLE, OPERABLE, State
from diskchain.operations.local import Local
from diskchain.operations.operation import Objection, Operation
from diskchain.operations.saying import said_draft, said_objection
from diskchain.operations.steps import JOB_CONTROL, Choose, Fit, Free, Gone, Guest, Hold, Make, Send, Step, Wait
from diskchain.operations.surroundings import Surroundings
from diskchain.qapi.command import Command

_PREPARE = ("blockdev-create", "blockdev-del")
"""Commands that make and open what an operation needs, and close it again."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An operation's own answer, before the rules that hold for all operations are added.

    :ivar title: a sentence in the imperative ("Commit 2 overlays into base"). `verb`: the button's words ("Commit 2 overlays").
    :ivar moves: bytes that will move, an estimate; None: not known.
    :ivar changed: absolute paths of files whose contents or header change, `invalid`: of files that must not be used again,
        `created`: of files made. `closes`: nodes that are taken out of the chain and then closed.
    :ivar stop: what stopping half way leaves; empty: there is no half way. `guest`: what the guest notices.
    :ivar target: the folder whose free space counts.
    :ivar confirm: sentences that want one more yes (bitmaps that stop recording...).
    :ivar flow: (from node, to node) along which data moves; for the picture.
    :ivar copies: (image, node as it will be): copies that are made beside an image; for the picture.
    :ivar facts: lines of label and value for the sheet ("Format", "qcow2").
    :ivar loose: nodes that leave the chain; whether they vanish by themselves depends on who made them, which QEMU does not tell.
    :ivar kept: files of the images of branches that are left and kept. `rejoined`: of images that belong to a disk again.
    :ivar settles: the key of a plan that was cut off and needs nothing more after this; empty: none.
    :ivar unfinished: files that no longer hold what they held alone once it began, also if it is stopped or fails.
    :ivar about: nodes that it is about, where that shows neither in the graph nor in what changes.
    :ivar uri: where other programs find what it offers; empty: it offers nothing.
    :ivar marks: what bitmaps count from then; noted before anything is sent, so that no incremental backup ever has a hole.
    """

    title: str
    verb: str
    objections: tuple[Objection, ...] = ()
    warnings: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    moves: int | None = 0
    changed: tuple[str, ...] = ()
    invalid: tuple[str, ...] = ()
    created: tuple[str, ...] = ()
    closes: tuple[str, ...] = ()
    stop: str = ""
    guest: str = "keeps running"
    target: str = ""
    confirm: tuple[str, ...] = ()
    flow: tuple[str, str] | None = None
    copies: tuple[tuple[str, Node], ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    loose: tuple[str, ...] = ()
    unfinished: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    rejoined: tuple[str, ...] = ()
    settles: str = ""
    uri: str = ""
    about: tuple[str, ...] = ()
    marks: tuple[Mark, ...] = ()
    after: State | None = None


def walk(steps: tuple[Step, ...]) -> Iterator[Send | Wait | Make | Free | Gone | Fit | Guest | Local | Hold]:
    """Every step in order, with the expected branch where there is a choice."""
    for step in steps:
        if isinstance(step, Choose):
            yield from step.expected.steps
        else:
            yield step


@dataclass(frozen=True, slots=True)
class Preview:
    """Everything a user is shown before anything is sent, and the plan that runs after the yes.

    :ivar free: bytes free at the target; None: not known. `stamp`, `serial`: what the names in the plan were made from.
    `here`: whether QEMU sees the files that we see.
    """

    operation: Operation
    before: State
    draft: Draft
    objections: tuple[Objection, ...]
    warnings: tuple[str, ...]
    free: int | None = None
    stamp: str = ""
    serial: int = 1
    here: bool = False

    @property
    def allowed(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.objections

    @property
    def after(self) -> State:
        """The predicted state; where it cannot be had, the present one."""
        return self.draft.after or self.before

    @property
    def commands(self) -> tuple[Command, ...]:
        """Every command that will be sent, in order, but queries and the steering of jobs."""
        sends = (step.command for step in walk(self.draft.steps) if isinstance(step, Send))
        return tuple(command for command in sends if not command.looks and not command.name.startswith(JOB_CONTROL))

    @property
    def act(self) -> Command | None:
        """The command that does it: the first that neither only prepares something nor is undone again; None: there is none."""
        sends = (step for step in walk(self.draft.steps) if isinstance(step, Send))
        acts = (step.command for step in sends if not (step.probe or step.undo or step.refusal))
        return next((act for act in acts if not act.name.startswith((*JOB_CONTROL, *_PREPARE))), None)

    @property
    def all_commands(self) -> tuple[Command, ...]:
        """Every command that will be sent, in order, the steering of jobs included."""
        return tuple(step.command for step in walk(self.draft.steps) if isinstance(step, Send))

    def same_as(self, other: Preview) -> bool:
        """Whether the other one sends the same, changes the same and speaks of the same: what a yes was given to still holds."""
        mine, its = self.draft, other.draft
        return (
            (mine.steps, mine.changed, mine.invalid, mine.created, mine.closes, mine.confirm)
            == (its.steps, its.changed, its.invalid, its.created, its.closes, its.confirm)
        ) and self.objections == other.objections

    def as_json(self) -> dict[str, object]:
        """The dry run's object (the public contract, "Other JSON")."""
        machine = self.before.machine.name
        return {
            "operation": self.operation.name,
            "keys": dict(self.operation.keys()),
            "title": self.draft.title,
            "commands": [{"machine": machine, **command.as_json()} for command in self.commands],
            "moves": self.draft.moves,
            "changed_files": list(self.draft.changed),
            "invalid_files": list(self.draft.invalid),
            "created_files": list(self.draft.created),
            "closes": list(self.draft.closes),
            "warnings": [*self.warnings, *self.draft.confirm],
            "objections": [objection.text for objection in self.objections],
            "after": state_as_json(self.after),
        }


def prepare(operation: Operation, state: State, surroundings: Surroundings) -> Preview:
    """Decide and explain: the one place for window, command line and lessons. Sends nothing.

    To what the operation itself finds, this adds the rules for all: a machine that is only looked at, a guest that has moved
    away, and space at the target.
    """
    draft = said_draft(operation.draft(state, surroundings), state.naming.said)
    if state.machine.status not in ("running", "") and draft.guest.startswith("keeps running"):
        draft = replace(draft, guest=f"stays {state.machine.status}")
    elif state.machine.daemon:
        draft = replace(draft, guest="there is none: this is a storage daemon")
    objections = [said_objection(objection, state.naming.said) for objection in _general(state, surroundings)]
    objections += draft.objections
    warnings = [*draft.warnings, *surroundings.unsearched]
    free = surroundings.folders[draft.target].free if draft.target in surroundings.folders else None
    if free is not None and draft.moves and draft.moves > free:
        warnings.append(
            f"It may move up to {draft.moves} bytes, but only {free} bytes are free in {draft.target}; the job may stop half way."
        )
    return Preview(
        operation,
        state,
        draft,
        tuple(objections),
        tuple(warnings),
        free,
        surroundings.stamp,
        surroundings.serial,
        surroundings.here is True,
    )


def _general(state: State, surroundings: Surroundings) -> Iterator[Objection]:
    """The objections that hold for every operation."""
    if surroundings.read_only:
        yield Objection(surroundings.read_only)
    if state.machine.status not in OPERABLE:
        why = INOPERABLE.get(state.machine.status, "whether its disks may be changed then is not known here.")
        yield Objection(f"The machine is {state.machine.status}: {why}")
    for sentence in surroundings.replaced:
        yield Objection(sentence)
    if state.reduced:
        yield Objection(f"{state.reduced} Dismiss that job first.")
