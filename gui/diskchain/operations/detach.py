"""Detach: take a disk out of the running guest and close its images, or close a node that nobody uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

from diskchain.model.root import Device
from diskchain.model.state import State
from diskchain.operations.chains import bitmap_notes, exports_on, jobs_on, listed
from diskchain.operations.keys import Keys, UsageError
from diskchain.operations.operation import Concerns, Objection, Offer
from diskchain.operations.preview import Draft
from diskchain.operations.steps import Gone, Send, Step
from diskchain.operations.surroundings import Surroundings
from diskchain.qapi.command import command

_ANONYMOUS = ("/machine/peripheral-anon/", "/machine/unattached/")


@dataclass(frozen=True)
class Detach:
    """Take `disk` from the guest, or close `node`; one of the two is empty."""

    disk: str = ""
    node: str = ""

    name: ClassVar[str] = "detach"
    known: ClassVar[tuple[str, ...]] = ("disk", "node")

    @classmethod
    def read(cls, keys: Keys) -> Detach:
        """From the words of the command line. :raises UsageError: neither is said, or both are."""
        disk, node = keys.word("disk"), keys.word("node")
        if bool(disk) == bool(node):
            raise UsageError("Say either disk= or node=.")
        return cls(disk, node)

    def keys(self) -> Mapping[str, str]:
        """The keys as the command line writes them."""
        return {"disk": self.disk} if self.disk else {"node": self.node}

    def offer(self, state: State) -> Offer:
        """This as an offer, with its reason against it where there is one."""
        first = next(self._plan(state).objections(), None)
        title = f"Take {self.disk} out of the guest" if self.disk else f"Close {self.node}"
        return Offer(self, "Detach", title, first.text if first else "")

    def concerns(self, state: State) -> Concerns:
        """Nothing beside the state."""
        return Concerns()

    def draft(self, state: State, surroundings: Surroundings) -> Draft:
        """Judge, plan and predict."""
        return self._plan(state).draft()

    def _plan(self, state: State) -> _Disk | _Node:
        return _Disk(state, self.disk) if self.disk else _Node(state, self.node)


@dataclass(frozen=True)
class _Disk:
    """A disk to be taken out."""

    state: State
    name: str

    @cached_property
    def device(self) -> Device | None:
        return self.state.device(self.name)

    @cached_property
    def left(self) -> tuple[str, ...]:
        """The nodes that nobody uses any more once the disk is gone, from the top down."""
        device = self.device
        return _unused(self.state, device.root, device) if device is not None and device.root else ()

    def objections(self) -> Iterator[Objection]:
        """Everything that speaks against it."""
        device = self.device
        if device is None:
            yield Objection(f"There is no disk {self.name} here.")
            return
        if not device.qdev:
            yield Objection(f"{self.name} belongs to no device of the guest: it can only be detached as a node.")
        elif device.model.startswith("ide"):
            yield Objection(f"{self.name} is an {device.model} disk: those stay while the machine runs.")
        chain = self.state.graph.chain(device.root or "")
        yield from jobs_on(self.state, chain)
        yield from exports_on(self.state, chain, "detached")

    def draft(self) -> Draft:
        """Judge, plan and predict."""
        objections, device = tuple(self.objections()), self.device
        draft = Draft(f"Take {self.name} out of the guest", f"Detach {self.name}", objections=objections)
        if objections or device is None:
            return draft
        graph, closes = self.state.graph, self._closes()
        rest = tuple(other for other in self.state.devices if other is not device)
        return replace(
            draft,
            steps=tuple(self._steps(device, closes)),
            closes=closes,
            loose=self.left,
            confirm=(f"{self.name} is taken from the guest: what it has mounted there must be unmounted first.",),
            warnings=tuple(bitmap_notes(self.state, self.left, "keeps its node open")),
            stop=f"{self.name} goes later, when the guest lets go of it; its image stays open then",
            guest="is asked to let go of it, which may take as long as it likes",
            after=replace(self.state, graph=graph.without(closes), devices=rest),
        )

    def _closes(self) -> tuple[str, ...]:
        """The nodes to close: named ones without a bitmap, and none below one that stays."""
        graph, found = self.state.graph, list[str]()
        for name in self.left:
            node = graph.nodes[name]
            parents = {edge.parent for edge in graph.parents(name)}
            if not node.nameless and not node.named_bitmaps and parents <= set(found):
                found.append(name)
        return tuple(found)

    def _steps(self, device: Device, closes: tuple[str, ...]) -> Iterator[Step]:
        known = device.qdev.removesuffix("/virtio-backend")
        yield Send(
            command("device_del", id=known if known.startswith(_ANONYMOUS) else device.name),
            refusal=f"{self.name} cannot be taken out while the guest runs.",
        )
        yield Gone(device.name)
        yield from (Send(command("blockdev-del", node_name=name), tidy=True) for name in closes)


@dataclass(frozen=True)
class _Node:
    """A node to be closed."""

    state: State
    name: str

    def objections(self) -> Iterator[Objection]:
        """Everything that speaks against it."""
        state, name = self.state, self.name
        if name not in state.graph.nodes:
            yield Objection(f"There is no node {name} here.")
            return
        if disks := [device.name for device in state.devices if device.root == name]:
            yield Objection(f"{name} is in use by the disk {listed(disks)}: take that out first (disk=).")
        for edge in state.graph.parents(name):
            yield Objection(f"{name} is in use by {edge.parent}, as its {edge.role}.")
        yield from jobs_on(state, (name,))
        yield from exports_on(state, (name,), "closed")
        if state.graph.nodes[name].nameless:
            yield Objection(f"{name} was opened by QEMU itself: it goes with what needs it.")

    def draft(self) -> Draft:
        """Judge, plan and predict."""
        objections = tuple(self.objections())
        draft = Draft(f"Close {self.name}", f"Close {self.name}", objections=objections, about=(self.name,))
        if objections:
            return draft
        left = _unused(self.state, self.name, None)
        lost = [
            bitmap for name in left for bitmap in self.state.graph.nodes[name].named_bitmaps if not bitmap.persistent
        ]
        return replace(
            draft,
            steps=(Send(command("blockdev-del", node_name=self.name), refusal=f"{self.name} stays open."),),
            closes=(self.name,),
            loose=tuple(name for name in left if name != self.name),
            confirm=tuple(f"The bitmap {bitmap.name} is in no file and is lost." for bitmap in lost),
            facts=(("Its file", self.state.graph.nodes[self.name].file or "not known"), ("The file itself", "stays")),
            stop="nothing: it is closed, or it is not",
            after=replace(self.state, graph=self.state.graph.without(left)),
        )


def _unused(state: State, top: str, going: Device | None) -> tuple[str, ...]:
    """The nodes that hang on a node alone, itself included, parents first: no other node, disk, export or job needs them.

    :param going: the disk that no longer counts.
    """
    graph = state.graph
    held = {device.root for device in state.devices if device is not going}
    held |= {export.node for export in state.exports} | {name for job in state.jobs for name in job.node_names}
    found: dict[str, None] = {}
    waiting = [top]
    while waiting:
        name = waiting.pop(0)
        above = {edge.parent for edge in graph.parents(name)} if name != top else set()
        if name in found or name in held or not above <= found.keys():
            continue
        found[name] = None
        waiting += [edge.child for edge in graph.children(name)]
    return tuple(found)
