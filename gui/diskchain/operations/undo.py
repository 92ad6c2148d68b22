"""Undo: take back what a plan of ours has left that was cut off half way, or do what it had still to do.

Each command is looked at once more: what was taken back meanwhile, or never done, is left out. No disk is exchanged under a
guest that runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from diskchain.images.scratch import RemoveScratch
from diskchain.model.state import State
from diskchain.operations.cutoff import CutOff
from diskchain.operations.filtering import device_of, off_filter
from diskchain.operations.keys import Keys, without_defaults
from diskchain.operations.local import Local
from diskchain.operations.operation import Concerns, Objection, Offer
from diskchain.operations.preview import Draft
from diskchain.operations.steps import Guest, Send, Step
from diskchain.operations.surroundings import Surroundings
from diskchain.qapi.command import Command

_EXCHANGES = frozenset({"qom-set", "blockdev-reopen"})


@dataclass(frozen=True)
class Undo:
    """Take one back. `plan`: its key in the journal; empty: the newest."""

    plan: str = ""

    name: ClassVar[str] = "undo"
    known: ClassVar[tuple[str, ...]] = ("plan",)

    @classmethod
    def read(cls, keys: Keys) -> Undo:
        """From the words of the command line."""
        return cls(keys.word("plan"))

    def keys(self) -> Mapping[str, str]:
        """The keys as the command line writes them."""
        return without_defaults({"plan": self.plan})

    def offer(self, cut: CutOff) -> Offer:
        """This as an offer."""
        return Offer(self, _verb(cut), f"{_verb(cut)} what was cut off: {cut.title}")

    def concerns(self, _: State) -> Concerns:
        """Nothing outside QEMU."""
        return Concerns()

    def draft(self, state: State, surroundings: Surroundings) -> Draft:
        """Judge and plan; what comes of it depends on how far the other plan came, so nothing is predicted."""
        known = [cut for cut in surroundings.cut_off if self.plan in ("", cut.plan)]
        if not known:
            text = "No plan is known here that was cut off on this machine."
            return Draft("Take back what was cut off", "Take back", objections=(Objection(text),))
        cut = known[-1]
        title = f"{_verb(cut)} what was cut off: {cut.title}"
        if objections := tuple(_objections(state, cut)):
            return Draft(title, _verb(cut), objections=objections)
        steps = tuple(_steps(state, cut))
        starts = any(isinstance(step, Send) and step.command.name == "cont" for step in steps)
        return Draft(
            title=title,
            verb=_verb(cut),
            warnings=tuple(_warnings(cut)),
            steps=steps,
            stop="what is not done yet stays as it is",
            guest="goes on" if starts else "keeps running",
            facts=(() if steps else (("Left over", "nothing: it is only forgotten"),)),
            confirm=tuple(_confirm(steps)),
            settles=cut.plan,
        )


def _verb(cut: CutOff) -> str:
    return "Bring to its end" if cut.forward else "Take back"


def _objections(state: State, cut: CutOff) -> Iterator[Objection]:
    """What must be ended before: QEMU closes no node that a job works on, and the plan would be forgotten with it half done."""
    closes = {str(each.arguments.get("node-name")) for each in cut.back if each.name == "blockdev-del"}
    for job in state.jobs_on(closes):
        yield Objection(f"The {job.type} job {job.id} of it still runs: cancel that first (job do=cancel id={job.id}).")


def _warnings(cut: CutOff) -> Iterator[str]:
    """What a user should know beforehand."""
    if cut.forward:
        yield "It had gone too far to be taken back: the disks were exchanged already. What was still to do is done now."
    elif not cut.scratch:
        yield from (f"{path} may have been made by it, and stays." for path in cut.made)


def _steps(state: State, cut: CutOff) -> Iterator[Step]:
    """The commands that are still needed."""
    exports = {export.id for export in state.exports}
    for command in cut.back:
        if command.name in ("block-export-del", "nbd-server-stop"):
            if command.arguments.get("id") in exports or command.name == "nbd-server-stop":
                yield Send(command, tidy=True)
        elif command.name == "blockdev-del":
            if command.arguments.get("node-name") in state.graph.nodes:
                yield Send(command, tidy=True)
        elif command.name == "cont":
            if state.machine.status != "running":
                yield Send(command)
        elif command.name in _EXCHANGES:
            now = off_filter(state, command)
            if not _stands(state, now):
                yield from () if _same_data(state, now) else (Guest("still"),)
                yield Send(now)
        else:
            yield Send(command)
    for path, device, inode in cut.scratch:
        yield Local(RemoveScratch(path, (device, inode)), f"{path} stays.")


def _confirm(steps: tuple[Step, ...]) -> Iterator[str]:
    """What nobody can see from here, and the user must know."""
    if any(isinstance(step, Guest) for step in steps):
        yield "The guest has not run since then: it would lose data on disks that are put back under what it has in memory."


def _same_data(state: State, exchange: Command) -> bool:
    """Whether a device only loses a filter: the very image stays below it, so that the guest sees the same."""
    device = device_of(state, exchange)
    root = device.root if device is not None else None
    return root is not None and state.graph.through(root) == state.graph.through(str(exchange.arguments.get("value")))


def _stands(state: State, exchange: Command) -> bool:
    """Whether a device is on the node already that a command would put it on."""
    told = exchange.arguments
    return any(
        told.get("path") in (device.qdev, f"/machine/peripheral/{device.qdev}") and told.get("value") == device.root
        for device in state.devices
    )
