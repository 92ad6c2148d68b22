"""One disk and the image it is to go back to: which disk that is, what speaks against it, and how its drive is exchanged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from diskchain.model import words
from diskchain.model.graph import BlockGraph
from diskchain.model.node import Kind
from diskchain.model.root import Device
from diskchain.model.state import State
from diskchain.operations.chains import handed_over, is_relative, jobs_on, listed, path_of, pieces
from diskchain.operations.operation import Objection
from diskchain.operations.reopening import throttle
from diskchain.operations.rewriting import relative_down
from diskchain.operations.steps import Guest
from diskchain.operations.surroundings import Surroundings
from diskchain.qapi.command import Command, command

_ASK_AGAIN = frozenset({"virtio-blk", "scsi-hd", "scsi-block"})
"""Models that look at the size of their drive anew when they are reset (hw/block/virtio-blk.c, hw/scsi/scsi-disk.c)."""

_NEEDS = frozenset({"qom-set", "system_reset", "blockdev-reopen"})
"""Commands of a QEMU that can exchange the disk of a device: `blockdev-reopen` came with the same release, 6.1."""
_INSTEAD = "Shut the guest down and start QEMU with a new overlay on it as its disk (`qemu-img create -f qcow2 -b ... -F ...`)."


def cannot_exchange(state: State, surroundings: Surroundings) -> str:
    """Why no disk of this machine can be exchanged while it runs, and what to do instead; empty: nothing is known against it."""
    machine = state.machine
    if machine.daemon:
        return "A storage daemon has no guest whose disk could be exchanged: open the image by a node of its own."
    if machine.commands is not None and not machine.commands >= _NEEDS:
        return f"This QEMU cannot exchange the disk of a device: it takes 6.1 or newer. {_INSTEAD}"
    return f"{surroundings.ends} {_INSTEAD}" if surroundings.ends else ""


def disks_of(state: State, node: str) -> tuple[Device, ...]:
    """The disks that could go back to a node: those in whose chain it is, else those that share an image with its chain."""
    graph = state.graph
    if node not in graph.nodes or graph.nodes[node].kind is Kind.FILTER or graph.is_leftover_child(node):
        return ()
    if own := state.devices_above(node):
        return own
    chains = [(device, graph.chain(device.root)) for device in state.devices if device.root is not None]
    below = set(graph.chain(node))
    files = {graph.nodes[name].file for name in below} - {None}
    return tuple(
        device
        for device, chain in chains
        if not below.isdisjoint(chain) or any(graph.nodes[name].file in files for name in chain)
    )


@dataclass(frozen=True)
class GoingBack:
    """A way back on one state. `to`: the node that the disk goes back to."""

    state: State
    surroundings: Surroundings
    to: str

    @cached_property
    def device(self) -> Device | None:
        """The disk; None: there is none, or there are several."""
        found = disks_of(self.state, self.to)
        return found[0] if len(found) == 1 else None

    @property
    def disk(self) -> str:
        """Its name."""
        return self.device.name if self.device is not None else ""

    @cached_property
    def active(self) -> str:
        """The image that it writes to now; empty: it cannot be told."""
        return (self.state.active_of(self.device) if self.device is not None else None) or ""

    @property
    def leaves(self) -> tuple[str, ...]:
        """The images of the branch that it leaves, from the top down."""
        stay = set(self.state.graph.chain(self.to))
        return tuple(name for name in self.state.graph.chain(self.active) if name not in stay)

    @property
    def path(self) -> str | None:
        """The file of the image it goes back to."""
        return path_of(self.state.graph.nodes[self.to], self.surroundings.cwd)

    @property
    def active_path(self) -> str | None:
        """The file that it writes to now."""
        return path_of(self.state.graph.nodes[self.active], self.surroundings.cwd)

    @property
    def files(self) -> tuple[str, ...]:
        """The files of the images that it stands on afterwards."""
        nodes = self.state.graph.nodes
        return tuple(file for name in self.state.graph.chain(self.to) if (file := nodes[name].file))

    @property
    def relative(self) -> bool:
        """Whether the new header names its image relative to its own folder: as the headers on the way did."""
        graph = self.state.graph
        if self.to in graph.chain(self.active):
            return relative_down(graph, self.active, self.to)
        return is_relative(graph.nodes[self.to].header_backing)

    @property
    def resized(self) -> str:
        """The size that the disk has afterwards, where it is another one; empty: it is the same."""
        new, old = (self.state.graph.nodes[name].virtual_size for name in (self.to, self.active))
        return "" if new is None or new == old else f"{words.size(new)} instead of {words.size(old or 0)}"

    @property
    def options(self) -> dict[str, object]:
        """Options of the active image that the new overlay takes over."""
        facts = self.state.graph.nodes[self.active].facts
        cache, zeroes = facts.get("cache"), facts.get("detect_zeroes")
        direct = isinstance(cache, dict) and cache.get("direct") is True
        found: dict[str, object] = {"cache": {"direct": True}} if direct else {}
        return found | ({"detect-zeroes": zeroes} if zeroes not in (None, "off") else {})

    @cached_property
    def filter(self) -> str:
        """The filter directly above the active image; empty: the device is attached to the image itself."""
        graph, above = self.state.graph, ""
        here = self.device.root if self.device is not None else None
        seen = set[str]()
        while here is not None and here != self.active and here not in seen:
            seen.add(here)
            above, here = here, graph.filtered(here)
        return above

    @property
    def role(self) -> str:
        """In which role that filter has the active image."""
        edges = self.state.graph.children(self.filter)
        return next((edge.role for edge in edges if edge.child == self.active), "file")

    @property
    def still(self) -> Guest:
        """What must be so when the drive is exchanged."""
        return Guest("still", self.disk, (self.device.root if self.device is not None else None) or "", self.active)

    def swaps(self, node: str) -> tuple[Command, Command]:
        """The command that puts another node in the place of the active one, and the one that takes that back."""
        return self._swap(node), self._swap(self.active)

    def _swap(self, node: str) -> Command:
        if self.filter:
            return command(
                "blockdev-reopen", options=[{**(throttle(self.state.graph, self.filter) or {}), "file": node}]
            )
        told = self.device.qdev if self.device is not None else ""
        path = told if told.startswith("/") else f"/machine/peripheral/{told}"
        return command("qom-set", path=path, property="drive", value=node)

    def wrong(self) -> Iterator[Objection]:
        """Everything that speaks against it; the first ends it where there is no such disk or image."""
        refused = self._not_there()
        if refused or not self.active:
            yield Objection(refused or f"{self.disk} has no medium.")
            return
        state, graph = self.state, self.state.graph
        if self.active in graph.chain(self.to):
            above = self.active != self.to
            where = (
                f"lies above {self.active}, which {self.disk} writes to" if above else f"is what {self.disk} writes to"
            )
            yield Objection(f"{self.to} {where}: there is nothing to go back to.")
            return
        if graph.nodes[self.active].read_only:
            yield Objection(f"{self.disk} is read-only: nothing was written that could be left.")
        if len(sharers := state.devices_on(self.active)) > 1:
            yield Objection(f"{self.active} is shared by {listed(device.name for device in sharers)}.")
        for name in graph.chain(self.to):
            if writers := state.devices_on(name):
                yield Objection(
                    f"{name} is what {listed(device.name for device in writers)} writes to: it is no earlier image."
                )
        yield from jobs_on(state, dict.fromkeys((*graph.chain(self.active), *graph.chain(self.to), self.filter)))
        yield from self._image_wrong(graph)
        yield from self._cannot_swap(graph)

    def _not_there(self) -> str:
        graph, found = self.state.graph, disks_of(self.state, self.to)
        node = graph.nodes.get(self.to)
        if node is None:
            return f"There is no node {self.to} here."
        if node.kind is Kind.FILTER:
            return f"{self.to} is a filter: name the image below it."
        if graph.is_leftover_child(self.to):
            return f"{self.to} is the file of an image: name the image."
        if not found:
            return f"No disk here shares an image with {self.to}."
        if len(found) > 1:
            return (
                f"{self.to} belongs to {listed(device.name for device in found)}: name an image that only one disk has."
            )
        return ""

    def _image_wrong(self, graph: BlockGraph) -> Iterator[Objection]:
        """Why the image cannot be built upon."""
        if self.path is None:
            yield Objection(f"The file of {self.to} is not known, so the header of an overlay cannot name it.")
        if graph.nodes[self.to].virtual_size is None:
            yield Objection(f"The size of {self.to} is not known.")
        yield from handed_over(graph, self.to)
        yield from pieces(graph, self.to)
        for name in graph.chain(self.to):
            path = path_of(graph.nodes[name], self.surroundings.cwd)
            if path and (why := self.surroundings.spoilt.get(path)):
                yield Objection(f"{name} no longer holds what it held: {why}")

    def _cannot_swap(self, graph: BlockGraph) -> Iterator[Objection]:
        """Why the device's drive cannot be exchanged."""
        device = self.device
        if device is None or not device.qdev:
            yield Objection(f"{self.disk} is no device of the guest whose drive could be exchanged.")
        elif self.resized and device.model not in _ASK_AGAIN:
            yield Objection(
                f"{self.to} has another size: {self.disk} would have {self.resized}, and a disk of the model"
                f" {device.model or '(unknown)'} learns that only when QEMU starts anew."
            )
        if self.filter and throttle(graph, self.filter) is None:
            node = graph.nodes[self.filter]
            yield Objection(
                f"The filter {self.filter} ({node.driver or 'unknown'}) lies above {self.active}, and QEMU does not tell how it"
                " was opened: take it out first, and put it in again afterwards."
            )
