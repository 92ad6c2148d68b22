"""Where a copy of a disk goes: a new file, an NBD export, or a node that is open already. Mirror and backup share it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, replace
from functools import cached_property

from diskchain.model.graph import BlockGraph
from diskchain.model.nbd import NbdPlace, NotNbd, is_nbd, nbd_place
from diskchain.model.node import Edge, Kind, Node
from diskchain.model.state import State
from diskchain.operations.chains import (
    handed_over,
    header_format,
    header_name,
    is_encrypted,
    is_relative,
    listed,
    moved_roots,
    node_name,
    path_of,
    pieces,
)
from diskchain.operations.newfile import NewFile, file_wrong, files_in_use, free_path, image_steps, opening_of, probe
from diskchain.operations.operation import Objection
from diskchain.operations.probing import probe_name
from diskchain.operations.source import Source, users_of
from diskchain.operations.steps import Fit, Send, Step
from diskchain.operations.surroundings import Surroundings
from diskchain.qapi.command import command

FORMATS = ("qcow2", "raw")
"""Formats of new targets: those that can hold a disk of any size to the byte."""


@dataclass(frozen=True)
class Target:
    """One target on one state, all names fixed.

    :ivar word: what the copy is called in names (`copy`). `told`: absolute path of a new file, or an NBD URI; empty: a new file
        beside the active image. `open_node`: a node instead.
    :ivar below: the node that the copy is backed by; None: it stands alone.
    :ivar parent: path and format of an image that is not open and that the copy is to be backed by; empty: none.
    :ivar dir: folder of a new file that is not told; empty: beside the active image. `taken`: names that are not free either.
    :ivar number: of this target among those of one plan.
    """

    source: Source
    surroundings: Surroundings
    word: str
    told: str = ""
    open_node: str = ""
    format: str = "qcow2"
    below: str | None = None
    parent: tuple[str, str] = ("", "")
    dir: str = ""
    taken: Set[str] = frozenset()
    number: int = 0

    @property
    def state(self) -> State:
        """The state of the disk that is copied."""
        return self.source.state

    @cached_property
    def place(self) -> NbdPlace | None:
        """The NBD export, if it is one that can be told."""
        try:
            return nbd_place(self.told) if is_nbd(self.told) else None
        except NotNbd:
            return None

    @property
    def new(self) -> bool:
        """Whether a file is made."""
        return not self.open_node and not is_nbd(self.told)

    @cached_property
    def path(self) -> str:
        """The new file; empty where none is made."""
        if not self.new or self.told:
            return self.told if self.new else ""
        active = self.state.graph.nodes[self.source.active]
        folder = self.dir or posixpath.dirname(path_of(active, self.surroundings.cwd) or "")
        label = f"{self.source.name}-{self.word}-{self.surroundings.stamp}"
        return free_path(folder, label, f".{self.format}", self.surroundings, self.taken)

    @property
    def folder(self) -> str:
        """Its folder; empty where none is made."""
        return posixpath.dirname(self.path)

    @property
    def created(self) -> tuple[str, ...]:
        """The files that are made."""
        return (self.path,) if self.new else ()

    @property
    def unfinished(self) -> str:
        """What becomes of it where the job does not come to its end."""
        return f"a {self.word} that is not whole is removed" if self.new else f"the {self.word} is not whole"

    @cached_property
    def node(self) -> str:
        """The node that the job copies to."""
        if self.open_node:
            return self.open_node
        return node_name(f"{self.source.name}-{self.word}", self.state.taken, self.taken)

    @property
    def called(self) -> str:
        """The target in sentences: what the user named, by that name."""
        named = self.open_node or self.told
        return posixpath.basename(named) if named and self.new else named or f"the {self.word}"

    @property
    def titled(self) -> str:
        """The target in a title, where nothing was said of it yet."""
        return self.called if self.open_node or self.told else "a new file"

    @cached_property
    def header(self) -> tuple[str, str]:
        """What the new file's header says is below, and its format; empty: nothing."""
        if earlier := self.parent[0]:
            beside = posixpath.dirname(earlier) == self.folder
            return header_name(self.path, earlier, beside, self.surroundings.real), self.parent[1]
        if self.below is None or not self.new:
            return "", ""
        below = self.state.graph.nodes[self.below]
        relative = is_relative(self.state.graph.nodes[self.source.active].header_backing)
        path = path_of(below, self.surroundings.cwd) or ""
        return header_name(self.path, path, relative, self.surroundings.real), header_format(below)

    def wrong(self) -> Iterator[Objection]:
        """Everything that speaks against it."""
        if self.told and self.open_node:
            yield Objection("Say either target= or target-node=, not both.")
        elif self.open_node:
            yield from self._node_wrong(self.open_node)
        elif self.new:
            yield from self._file_wrong()
        else:
            try:
                nbd_place(self.told)
            except NotNbd as error:
                yield Objection(str(error))

    def _file_wrong(self) -> Iterator[Objection]:
        if self.format not in FORMATS:
            yield Objection(f"format={self.format} is not known: say one of {', '.join(FORMATS)}.")
        yield from file_wrong(self.path, f"the {self.word} of {self.source.name}", "target=PATH", self.surroundings)
        if self.surroundings.stamp and self.path in files_in_use(self.state, self.surroundings):
            yield Objection(f"{self.path} is in use by this machine; a new file never replaces an old one.")
        if self.format == "raw" and (self.below is not None or self.parent[0]):
            yield Objection("A raw image cannot be backed by another: say format=qcow2.")
        if self.below is None:
            return
        yield from handed_over(self.state.graph, self.below)
        yield from pieces(self.state.graph, self.below)
        if not self.header[0] and self.surroundings.stamp:
            yield Objection(f"The file of {self.below} is not known, so the header of {self.called} cannot name it.")

    def _node_wrong(self, name: str) -> Iterator[Objection]:
        """Why an open node cannot be the target."""
        state, node = self.state, self.state.graph.nodes.get(name)
        if node is None:
            yield Objection(f"There is no node {name} here.")
            return
        users = users_of(state, name)
        if name in state.graph.subtree(self.source.root):
            yield Objection(f"{name} is part of {self.source.name} itself: it cannot be the copy.")
        elif users:
            yield Objection(f"{name} is in use by {listed(users)}: a copy would spoil what is read there.")
        elif node.read_only:
            yield Objection(f"{name} is read-only: nothing can be copied to it.")
        if node.virtual_size != (size := self.source.size):
            text = f"{name} has {node.virtual_size} bytes and {self.source.name} has {size}"
            yield Objection(f"{text}: a copy must have the very same size.")

    def confirm(self, names: Iterable[str]) -> Iterator[str]:
        """A sentence where data of these images leave encryption by being copied there."""
        secret = self.source.encrypted(names)
        if secret and not (self.open_node and is_encrypted(self.state.graph.nodes[self.open_node])):
            are = "is" if len(secret) == 1 else "are"
            yield f"{listed(secret)} {are} encrypted and the {self.word} is not: the data will lie there in plain."

    def warnings(self) -> Iterator[str]:
        """What becomes of what is there now."""
        if self.open_node:
            yield f"What {self.node} holds now is overwritten."
        elif self.place is not None:
            yield f"What the export {self.place.export or '(default)'} of {self.place.keeper} holds now is overwritten."

    def opened(self) -> Iterator[Step]:
        """The steps after which the target is open and as large as the disk."""
        close = (command("blockdev-del", node_name=self.node),)
        if self.place is not None:
            server, export = self.place.server, self.place.export
            add = command("blockdev-add", driver="nbd", node_name=self.node, server=server, export=export)
            yield Send(add, undo=close, refusal=f"The export cannot be opened for writing at {self.place.keeper}.")
            yield Fit(self.node, self.source.size or 0)
        elif self.new:
            serial = self.surroundings.serial
            yield probe(self.path, probe_name(serial, self.number, self.surroundings.token))
            new = NewFile(self.path, self.format, self.source.size or 0, *self.header)
            yield from image_steps(new, f"diskchain-{serial}-{self.number}", self.surroundings.owner)
            yield Send(opening_of(new, self.node, self.source.direct, self.below), undo=close)

    def closed(self) -> tuple[Send, ...]:
        """The step that closes it again; none where it was open before."""
        return () if self.open_node else (Send(command("blockdev-del", node_name=self.node), tidy=True),)

    def as_state(self, allocated: int | None) -> State:
        """The state with the target open. `allocated`: bytes that it will take."""
        if self.open_node:
            return self.state
        copy = Node(
            self.node,
            "nbd" if self.place is not None else self.format,
            Kind.PROTOCOL if self.place is not None else Kind.FORMAT,
            file=self.path or None,
            virtual_size=self.source.size,
            allocated=allocated,
            header_backing=self.header[0] or None,
            header_backing_format=self.header[1] or None,
        )
        below = [Edge(self.node, self.below, "backing")] if self.below and self.new else []
        return replace(self.state, graph=self.state.graph.with_nodes([copy], below))

    def drawn(self, allocated: int | None) -> tuple[tuple[str, Node], ...]:
        """The copy beside the image that it is made of, for the picture."""
        return ((self.source.active, self.as_state(allocated).graph.nodes[self.node]),)


def switched(to: Target, allocated: int | None) -> State:
    """The state with the guest on the target; images that the guest leaves may vanish, or stay open beside it."""
    opened, active = to.as_state(allocated), to.source.active
    edges = tuple(
        replace(edge, child=to.node) if edge.child == active and edge.role != "backing" else edge
        for edge in opened.graph.edges
    )
    devices = moved_roots(opened.devices, active, to.node)
    return replace(opened, graph=BlockGraph(opened.graph.nodes, edges), devices=devices)
