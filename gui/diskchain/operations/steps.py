"""The steps of a plan: commands to send, what is waited for, what is made on this computer, and the choice at the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from diskchain.operations.local import Local
from diskchain.qapi.command import Command


@dataclass(frozen=True, slots=True)
class Send:
    """Send one command.

    :ivar undo: commands that take it back, sent in this order if a later step fails.
    :ivar makes: absolute paths of files that QEMU creates by it; removed after a failure under the rule for files.
    :ivar probe: True where QEMU's *refusal* is what we want: a read-only open that shows that no such file exists yet.
        Where it succeeds, `undo` is sent and the plan is refused: nothing is ever overwritten.
    :ivar tidy: True where a refusal does not fail the plan (closing what is left over) but is told.
    :ivar leaves: what it leaves behind for good, in one sentence, although it only prepares something; empty: nothing.
    :ivar final: True where nothing that was sent before it is taken back any more once QEMU took it.
    :ivar refusal: what a refusal means, in one sentence; empty: QEMU's words say it.
    :ivar perhaps: what may be behind a refusal, and what to do then, in plain sentences; empty: nothing that is seen.
    :ivar rewrites: what it writes anew so that it says the same ("the header of two"); empty: nothing.
    :ivar passing: True where nothing is done for good by it, as the end of one job of several that are held together.
    """

    command: Command
    undo: tuple[Command, ...] = ()
    makes: tuple[str, ...] = ()
    probe: bool = False
    tidy: bool = False
    refusal: str = ""
    passing: bool = False
    leaves: str = ""
    perhaps: str = ""
    rewrites: str = ""
    final: bool = False

    @property
    def jobs(self) -> tuple[str, ...]:
        """Ids of the jobs that the command starts."""
        return tuple(job for part in self.command.parts if isinstance(job := part.arguments.get("job-id"), str))


@dataclass(frozen=True, slots=True)
class Make:
    """Make a file on this computer where none is yet, so that no other can take its name; removed if a later step fails.

    With a format it becomes an empty image, by `qemu-img`; without one it stays empty and only holds the name until QEMU
    makes the image in it: QEMU itself would overwrite whatever took the name a moment before.

    :ivar path: absolute. `owner`: user and group it shall belong to. `format`: QEMU's name of it; empty: none. `size`: bytes.
    :ivar header: what it shall name as its backing file, `header_format` in which format; empty: none.
    """

    path: str
    owner: tuple[int, int]
    format: str = ""
    header: str = ""
    header_format: str = ""
    size: int = 0

    @property
    def words(self) -> tuple[str, ...]:
        """The arguments for `qemu-img`, or none; `-u`: the backing file is open in QEMU and is not looked at (qemu-img(1))."""
        if not self.format:
            return ()
        backing = ("-u", "-b", self.header, "-F", self.header_format) if self.header else ()
        return ("create", "-q", "-f", self.format, *backing, "--", self.path, str(self.size))


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait until a job of ours is `ready`, `pending`, `concluded`, or `gone`; its failure fails the plan.

    :ivar cancel: commands that end the job, sent if the user stops here or a failure calls for it.
    :ivar cancelled: True where that the job is cancelled is just what is wanted.
    :ivar held: absolute paths that QEMU opens anew when the job is cancelled: each must still lead to the file it has open.
    :ivar group: jobs that were started at one moment with it, itself included: where one fails, the plan does.
    :ivar endless: it has no end of its own: the user's stop is its good end.
    """

    job: str
    until: Literal["ready", "pending", "concluded", "gone"]
    cancel: tuple[Command, ...] = ()
    cancelled: bool = False
    held: tuple[str, ...] = ()
    group: tuple[str, ...] = ()
    endless: bool = False


@dataclass(frozen=True, slots=True)
class Free:
    """Wait until QEMU can open files anew as the end of a job does: each is still the same one, and may be written where needed.

    A job of ours waits meanwhile (`pending`). Where it cannot be seen from here, this is passed over.

    :ivar written: absolute paths that are opened for writing, so that no other program may hold a lock on them.
    :ivar held: as `Wait.held`. `job`: the job that waits. `cancel`: commands that end it, sent if the user stops here.
    """

    written: tuple[str, ...]
    held: tuple[str, ...]
    job: str
    cancel: tuple[Command, ...] = ()


@dataclass(frozen=True, slots=True)
class Gone:
    """Wait until the guest has let go of a device, as it was asked to; it may never do so, and the user may give up.

    :ivar device: its name.
    """

    device: str


@dataclass(frozen=True, slots=True)
class Fit:
    """Look at a node that was opened just now: unless it has so many bytes, the plan is refused and undone."""

    node: str
    size: int


@dataclass(frozen=True, slots=True)
class Guest:
    """Look at the guest: go on only while it stands `still`, or once QEMU has told that it was `reset`.

    A guest that runs fails the plan: its disks would be exchanged under its caches. The event `RESET` must come after the command
    before this step; whether another client let the guest go on between the two looks is told at the end.

    :ivar disk: the device whose drive is exchanged next; it must still have `root` as its root, and write to `active`. So no job
        has come between either: each puts a filter there, or is refused by QEMU while our own nodes are open.
    """

    must: Literal["still", "reset"]
    disk: str = ""
    root: str = ""
    active: str = ""


@dataclass(frozen=True, slots=True)
class Branch:
    """One answer to a `Choose`: the key of `finish=`, the button's words, what it means, and the steps that follow.

    :ivar keeps: the graph is then as it was before, not as the draft predicts.
    """

    key: str
    label: str
    meaning: str
    steps: tuple[Send | Wait, ...]
    keeps: bool = False


@dataclass(frozen=True, slots=True)
class Choose:
    """Ask how a two-phase job shall end; `chosen` holds the key where the user has said it before."""

    question: str
    job: str
    branches: tuple[Branch, ...]
    chosen: str = ""

    @property
    def expected(self) -> Branch:
        """The branch that was chosen, else the first, which previews and predictions assume."""
        return next((branch for branch in self.branches if branch.key == self.chosen), self.branches[0])


@dataclass(frozen=True, slots=True)
class Hold:
    """Stay so until the user ends it; then all that was done before is taken back, the last first.

    :ivar text: what is there meanwhile, in a sentence. `label`: the words of the button that ends it. `ended`: what is said then.
    :ivar uri: where other programs find what is offered. `writes`: where one reads what was written since. Both may be empty.
    """

    text: str
    label: str
    ended: str
    uri: str = ""
    writes: str = ""


Step = Send | Make | Wait | Free | Gone | Fit | Guest | Local | Choose | Hold

JOB_CONTROL = ("job-", "block-job-")
"""Names of commands that steer a job begin so; they are not listed as commands of a plan."""
