"""What an operation would do: decided and explained in one place, for window, command line and lessons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from diskchain.images.locks import Holder
from diskchain.images.looking import Header
from diskchain.model.backup import Earlier, Mark, Since
from diskchain.model.bus import Bus
from diskchain.model.node import Node
from diskchain.model.public import state_as_json
from diskchain.model.state import OPERABLE, State
from diskchain.operations.cutoff import CutOff
from diskchain.operations.local import Local
from diskchain.operations.operation import (
    JOB_CONTROL,
    Choose,
    Fit,
    Free,
    Gone,
    Guest,
    Make,
    Objection,
    Operation,
    Send,
    Step,
    Wait,
)
from diskchain.qapi.command import Command

_PREPARE = ("blockdev-create", "blockdev-del")
"""Commands that make and open what an operation needs, and close it again."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder as we see it. `entries`: the names in it. `free`: bytes left for a user; None: not known from here."""

    entries: frozenset[str]
    free: int | None = None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an operation needs to know beyond `State`, gathered off the user interface's thread.

    :ivar here: whether QEMU sees the same files as we do (same mount namespace); None: not known.
    :ivar owner: user and group of QEMU, where we can make files for it by `qemu-img`; None: only QEMU itself can.
    :ivar folders: path -> what is in it, where we can see it. A path that is missing here could not be seen.
    :ivar readers: image path -> images elsewhere (closed, or open in another machine) that name it as their backing file.
    :ivar alike: image path -> the protocol nodes of this machine that have that very file open, by whatever name.
    :ivar unsearched: sentences on what could not be searched.
    :ivar real: folder -> where it truly lies, links followed; only folders that can be seen from here.
    :ivar replaced: sentences on names behind which there is no longer the file that QEMU has open.
    :ivar stamp: time stamp for names, `20261123-193000`. `serial`: a number for job ids and node-names, unused on this machine.
    :ivar token: six letters and digits that no other client has, for names that must not be anybody else's.
    :ivar read_only: why this machine is only looked at (managed, a recording); empty: it may be changed.
    :ivar spoilt: image path -> why it no longer holds what it held (an unfinished or finished commit), from the ledger.
    :ivar own_jobs: ids of the jobs that the journal knows as ours for this very QEMU.
    :ivar cwd: QEMU's working folder, which relative file names are relative to; empty: not known.
    :ivar ends: why QEMU would end where its guest is reset, in a sentence; empty: nothing is known against it.
    :ivar cut_off: plans of ours that were cut off on this very QEMU, the newest last.
    :ivar sockets: a private folder of the user's in which QEMU can make sockets; empty: there is none, or none was wanted.
    :ivar holders: image path -> the other programs that hold a lock on it.
    :ivar buses: where the guest has room for a disk, where that was asked.
    :ivar server: where the NBD server that we started listens, as `listen=` says it, also where no export of ours is left on it.
    :ivar headers: image path -> what it says of itself, and then what each image below says; only where they are seen from here.
    :ivar qemu: its process and start time, which name it for good; None: not known.
    :ivar earlier: disk -> the backup that a new one would continue. `since`: (image path, bitmap) -> what that counts from.
    """

    here: bool | None = None
    owner: tuple[int, int] | None = None
    folders: Mapping[str, Folder] = field(default_factory=dict)
    readers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    alike: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unsearched: tuple[str, ...] = ()
    real: Mapping[str, str] = field(default_factory=dict)
    replaced: tuple[str, ...] = ()
    stamp: str = ""
    serial: int = 1
    token: str = ""
    read_only: str = ""
    spoilt: Mapping[str, str] = field(default_factory=dict)
    own_jobs: frozenset[str] = frozenset()
    cwd: str = ""
    ends: str = ""
    cut_off: tuple[CutOff, ...] = ()
    sockets: str = ""
    headers: Mapping[str, tuple[Header, ...]] = field(default_factory=dict)
    holders: Mapping[str, tuple[Holder, ...]] = field(default_factory=dict)
    buses: tuple[Bus, ...] = ()
    server: str = ""
    qemu: tuple[int, int] | None = None
    earlier: Mapping[str, Earlier] = field(default_factory=dict)
    since: Mapping[tuple[str, str], Since] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Draft:
    """An operation's own answer, before the rules that hold for all operations are added.

    :ivar title: a sentence in the imperative ("Commit 2 overlays into base"). `verb`: the button's words ("Commit 2 overlays").
    :ivar moves: bytes that will move, an estimate; None: not known.
    :ivar changed: absolute paths of files whose contents or header change, `invalid`: of files that must not be used again,
        `created`: of files made. `closes`: nodes that are taken out of the chain and then closed.
    :ivar stop: what stopping half way leaves. `guest`: what the guest notices.
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


def walk(steps: tuple[Step, ...]) -> Iterator[Send | Wait | Make | Free | Gone | Fit | Guest | Local]:
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
    draft = operation.draft(state, surroundings)
    if state.machine.status not in ("running", "") and draft.guest.startswith("keeps running"):
        draft = replace(draft, guest=f"stays {state.machine.status}")
    elif state.machine.daemon:
        draft = replace(draft, guest="there is none: this is a storage daemon")
    objections = list(_general(state, surroundings))
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
        yield Objection(
            f"The machine is {state.machine.status}: its disks are the other side's now, or not yet anybody's."
        )
    for sentence in surroundings.replaced:
        yield Objection(sentence)
    if state.reduced:
        yield Objection(f"{state.reduced} Dismiss that job first.")
