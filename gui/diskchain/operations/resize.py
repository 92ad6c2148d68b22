"""Resize: make a disk larger, or cut it off, while the guest runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from diskchain.model import words
from diskchain.model.node import Node
from diskchain.model.state import State
from diskchain.operations.chains import exports_on, jobs_on, path_of
from diskchain.operations.keys import Keys, without_defaults
from diskchain.operations.operation import Concerns, Objection, Offer
from diskchain.operations.preview import Draft
from diskchain.operations.steps import Send
from diskchain.operations.surroundings import Surroundings
from diskchain.qapi.command import command

_SECTOR = 512


@dataclass(frozen=True)
class Resize:
    """Give `node` another size.

    :ivar size: bytes. `shrink`: agreed that what lies beyond is cut off.
    """

    node: str
    size: int
    shrink: bool = False

    name: ClassVar[str] = "resize"
    known: ClassVar[tuple[str, ...]] = ("node", "size", "shrink")

    @classmethod
    def read(cls, keys: Keys) -> Resize:
        """From the words of the command line. :raises UsageError: one is missing, or is not understood."""
        keys.needed("size")
        return cls(keys.needed("node"), keys.size("size"), keys.yes("shrink"))

    def keys(self) -> Mapping[str, str]:
        """The keys as the command line writes them."""
        told = {"node": self.node, "size": str(self.size), "shrink": "yes" if self.shrink else "no"}
        return without_defaults(told, shrink="no")

    def offer(self, state: State) -> Offer:
        """This as an offer, with its reason against it where there is one; which size is asked for in its form."""
        first = next(self._not_now(state), None)
        return Offer(self, "Resize", f"Resize {self.node}", first.text if first else "")

    def concerns(self, state: State) -> Concerns:
        """Nothing beside the state."""
        return Concerns()

    def draft(self, state: State, surroundings: Surroundings) -> Draft:
        """Judge, plan and predict."""
        objections = (*self._not_now(state), *self._size_wrong(state))
        node, title = state.graph.nodes.get(self.node), f"Resize {self.node}"
        if objections or node is None or node.virtual_size is None:
            return Draft(title, "Resize", objections=objections, about=(self.node,))
        old, path = node.virtual_size, path_of(node, surroundings.cwd)
        more = self.size > old
        disks = [device.name for device in state.devices_on(self.node)]
        return Draft(
            title=f"{title} to {words.size(self.size)}",
            verb="Resize" if more else "Cut it off",
            steps=(Send(command("block_resize", node_name=self.node, size=self.size)),),
            changed=(path,) if path else (),
            stop="nothing: it has the new size, or the old one",
            guest="keeps running; it is told that its disk has another size" if disks else "keeps running",
            confirm=tuple(self._lost(state, node, old)),
            facts=(
                ("Size now", f"{words.size(old)} ({old} bytes)"),
                ("Size then", f"{words.size(self.size)} ({self.size} bytes)"),
                ("What is new", "reads as zeroes" if more else "nothing"),
                ("Partitions and file systems", "stay as they are: the guest must change them itself"),
            ),
            after=replace(state, graph=state.graph.with_nodes([replace(node, virtual_size=self.size)])),
        )

    def _not_now(self, state: State) -> Iterator[Objection]:
        """Why the node cannot have another size, whichever."""
        node = state.graph.nodes.get(self.node)
        if node is None:
            yield Objection(f"There is no node {self.node} here.")
            return
        if node.read_only:
            yield Objection(f"{self.node} is open read-only: it keeps its size.")
        elif node.virtual_size is None:
            yield Objection(f"The size of {self.node} is not known.")
        for overlay in state.graph.overlays(self.node):
            yield Objection(f"{overlay} is backed by {self.node}: only the image that is written to can be resized.")
        if state.graph.is_leftover_child(self.node):
            yield Objection(f"{self.node} is the file of an image: resize the image above it.")
        yield from jobs_on(state, (self.node,))
        yield from exports_on(state, (self.node,), "resized")

    def _size_wrong(self, state: State) -> Iterator[Objection]:
        """What is wrong with the size itself."""
        node = state.graph.nodes.get(self.node)
        old = node.virtual_size if node is not None else None
        if old is None:
            return
        if not self.size:
            yield Objection("Say how large it shall be (size=20G, for example).", asks="size")
        elif self.size % _SECTOR:
            yield Objection(f"A disk has whole sectors: {self.size} is no multiple of {_SECTOR} bytes.")
        elif self.size == old:
            yield Objection(f"{self.node} has {words.size(old)} already.")
        elif self.size < old and not self.shrink:
            cut = words.size(old - self.size)
            yield Objection(f"That would cut off the last {cut} of {self.node}, with all that is there.", "shrink=yes")

    def _lost(self, state: State, node: Node, old: int) -> Iterator[str]:
        """What wants one more yes."""
        if self.size >= old:
            return
        yield f"The last {words.size(old - self.size)} of {self.node} are cut off for good, with all data there."
        if node.snapshots:
            yield f"{self.node} has internal snapshots: QEMU may refuse."
        if state.devices_on(self.node):
            yield "A guest that uses that part loses its file system."
