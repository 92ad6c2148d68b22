"""An image that is to be opened: its chain as the headers tell it, who else uses it, and what QEMU is told of it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from diskchain.images.looking import Header
from diskchain.model.node import Edge, Kind, Node
from diskchain.model.state import State
from diskchain.operations.chains import listed, node_name, path_of
from diskchain.operations.operation import Objection
from diskchain.operations.surroundings import Surroundings


@dataclass(frozen=True)
class Closed:
    """One image file and what it is backed by, on one state, all names fixed.

    :ivar file: absolute path. `format`: QEMU's name of it; empty: as the file begins. `told_node`: its node-name; empty: after
        the file. `read_only`: nobody is to write to it.
    """

    state: State
    surroundings: Surroundings
    file: str
    format: str = ""
    told_node: str = ""
    read_only: bool = False

    @cached_property
    def chain(self) -> tuple[Header, ...]:
        """The file and what it is backed by, as they say themselves; empty: not seen from here."""
        return self.surroundings.headers.get(self.file, ())

    @cached_property
    def formats(self) -> tuple[str, ...]:
        """The format of each image of the chain; empty where it cannot be told."""
        if not self.chain:
            return (self.format,)
        below = (
            above.backing_format or header.format for above, header in zip(self.chain, self.chain[1:], strict=False)
        )
        return (self.format or self.chain[0].format, *below)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The node-name of each image of the chain."""
        found: list[str] = []
        for path in [header.path for header in self.chain] or [self.file]:
            stem = posixpath.splitext(posixpath.basename(path))[0]
            wanted = self.told_node if not found and self.told_node else node_name(stem, self.state.taken, set(found))
            found.append(wanted)
        return tuple(found)

    @property
    def node(self) -> str:
        """The node-name of the image."""
        return self.names[0]

    def wrong(self) -> Iterator[Objection]:
        """Everything that speaks against opening it."""
        yield from self._file_wrong()
        yield from self._in_use()

    def _file_wrong(self) -> Iterator[Objection]:
        """What the file and those below it say against it."""
        for header in self.chain:
            if header.trouble:
                base = "" if header is self.chain[0] else f", which {self.file} is backed by,"
                yield Objection(f"{header.path}{base} cannot be read: {header.trouble}.")
                return
            if why := self.surroundings.spoilt.get(header.path):
                yield Objection(f"{header.path} does not hold what it held: {why}")
        found = self.chain[0].format if self.chain else ""
        if not self.formats[0] and self.chain:
            yield Objection(f"The format of {self.file} cannot be told from its bytes: say format=raw if it is that.")
        elif not self.formats[0] and self.surroundings.stamp:
            yield Objection(f"{self.file} is not seen from here: say its format=.")
        elif found and found != self.formats[0]:
            yield Objection(
                f"{self.file} begins like a {found} image: read as {self.format}, the guest would see other data."
            )

    def _in_use(self) -> Iterator[Objection]:
        """Who has the file, or one below it, in a way that does not go with this."""
        around = self.surroundings
        for number, path in enumerate([header.path for header in self.chain] or [self.file]):
            writes = not number and not self.read_only
            for user in self._open_here(path):
                if writes or not self.state.graph.nodes[user].read_only:
                    yield Objection(f"{path} is open in this machine already, as {user}: two nodes would spoil it.")
                    break
            else:
                users = [holder.name for holder in around.holders.get(path, ()) if writes or holder.writes]
                if users:
                    yield Objection(f"{path} is in use by {listed(users)}: an image has one writer, or only readers.")
        if not self.read_only and (readers := around.readers.get(self.file)):
            need = "needs" if len(readers) == 1 else "need"
            yield Objection(
                f"{listed(readers)} {need} what {self.file} holds now: a change would spoil that. Say read-only=yes."
            )

    def _open_here(self, path: str) -> Iterator[str]:
        """Nodes that have a file open; the format node where there is one."""
        graph, alike = self.state.graph, self.surroundings.alike.get(path, ())
        for name, node in graph.nodes.items():
            if node.kind is Kind.PROTOCOL and (name in alike or path_of(node, self.surroundings.cwd) == path):
                yield next((edge.parent for edge in graph.parents(name)), name)

    def warnings(self) -> Iterator[str]:
        """What a user should know beforehand."""
        if not self.chain:
            yield f"{self.file} is not seen from here: what it is backed by is opened as its header says."
        for header, below, kind in zip(self.chain, self.chain[1:], self.formats[1:], strict=False):
            if not header.backing_format:
                yield f"{header.path} does not say the format of {below.path}: it is taken for {kind or 'raw'}."
            elif below.format and below.format != kind:
                yield f"{header.path} says that {below.path} is {kind}, but that one begins like a {below.format} image."

    def options(self, number: int = 0) -> dict[str, object]:
        """What `blockdev-add` is told of an image of the chain; where it is not seen, QEMU follows its header."""
        header = self.chain[number] if self.chain else Header(self.file)
        driver = "host_device" if header.device else "file"
        options: dict[str, object] = {"driver": self.formats[number] or "raw", "node-name": self.names[number]}
        if self.read_only and not number:
            options["read-only"] = True
        options["file"] = {"driver": driver, "filename": header.path}
        if number + 1 < len(self.chain):
            options["backing"] = self.options(number + 1)
        return options

    def opened(self) -> tuple[list[Node], list[Edge]]:
        """The nodes and edges that it will be; what is below an image that is not seen may come with them."""
        headers = self.chain or (Header(self.file),)
        nodes = [
            Node(
                name,
                kind or "raw",
                Kind.FORMAT,
                file=header.path,
                virtual_size=header.size,
                read_only=bool(number) or self.read_only,
                header_backing=header.backing or None,
                header_backing_format=header.backing_format or None,
            )
            for number, (name, kind, header) in enumerate(zip(self.names, self.formats, headers, strict=True))
        ]
        edges = [Edge(above, below, "backing") for above, below in zip(self.names, self.names[1:], strict=False)]
        return nodes, edges
