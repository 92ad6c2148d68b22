"""Create: make an empty image, which nothing uses yet; by `qemu-img` where files can be made for QEMU, else by QEMU itself."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from diskchain.images.looking import Header
from diskchain.model import words
from diskchain.model.node import Kind, Node
from diskchain.model.state import State
from diskchain.operations.chains import listed, path_of
from diskchain.operations.keys import Keys, without_defaults
from diskchain.operations.newfile import NewFile, file_wrong, files_in_use, image_steps, probe
from diskchain.operations.operation import Concerns, Objection, Offer
from diskchain.operations.preview import Draft
from diskchain.operations.probing import probe_name
from diskchain.operations.steps import Step
from diskchain.operations.surroundings import Surroundings

FORMATS = ("qcow2", "raw")
_SECTOR = 512


@dataclass(frozen=True)
class Create:
    """Make a new image file.

    :ivar file: absolute path. `size`: bytes; 0: as large as what it is backed by. `format`: `qcow2` or `raw`.
    :ivar backing: absolute path of the image that it is backed by; empty: it stands alone. `backing_format`: QEMU's name of that
        one's format; empty: as it is open, or as it begins.
    """

    file: str = ""
    size: int = 0
    format: str = "qcow2"
    backing: str = ""
    backing_format: str = ""

    name: ClassVar[str] = "create"
    known: ClassVar[tuple[str, ...]] = ("file", "size", "format", "backing", "backing-format")

    @classmethod
    def read(cls, keys: Keys) -> Create:
        """From the words of the command line. :raises UsageError: one is missing, or is not understood."""
        keys.needed("file")
        if not keys.word("backing"):
            keys.needed("size")
        words = keys.one_of("format", *FORMATS), keys.path("backing"), keys.word("backing-format")
        return cls(keys.path("file"), keys.size("size"), *words)

    def keys(self) -> Mapping[str, str]:
        """The keys as the command line writes them."""
        told = {"file": self.file, "size": str(self.size), "format": self.format, "backing": self.backing}
        told |= {"backing-format": self.backing_format}
        return without_defaults(told, format="qcow2", size="" if not self.backing else "0")

    def offer(self, state: State) -> Offer:
        """This as an offer: what is missing is asked for in its form."""
        return Offer(self, "Create", "Create an image")

    def concerns(self, state: State) -> Concerns:
        """The folder of the new file, and what it is to be backed by."""
        folders = tuple(posixpath.dirname(path) for path in (self.file, self.backing) if path)
        return Concerns(folders=tuple(dict.fromkeys(folders)), headers=(self.backing,) if self.backing else ())

    def draft(self, state: State, surroundings: Surroundings) -> Draft:
        """Judge and plan; the graph stays as it is."""
        plan = _Plan(self, state, surroundings)
        objections = tuple(plan.objections())
        title = f"Create {posixpath.basename(self.file)}" if self.file else "Create an image"
        if objections:
            return Draft(title, "Create", objections=objections)
        return Draft(
            title=title,
            verb="Create",
            warnings=tuple(plan.warnings()),
            steps=tuple(plan.steps()),
            created=(self.file,),
            stop="a file that is not whole is removed",
            target=posixpath.dirname(self.file),
            confirm=tuple(plan.confirm()),
            facts=plan.facts(),
            after=state,
        )


@dataclass(frozen=True)
class _Plan:
    """A new image on one state."""

    operation: Create
    state: State
    surroundings: Surroundings

    @cached_property
    def below(self) -> Node | None:
        """The node that has the backing file open; None: nobody here has."""
        nodes, path = self.state.graph.nodes.values(), self.operation.backing
        found = [node for node in nodes if path and path_of(node, self.surroundings.cwd) == path]
        return next((node for node in found if node.kind is Kind.FORMAT), found[0] if found else None)

    @cached_property
    def header(self) -> Header | None:
        """What the backing file says of itself; None: it is not seen from here."""
        return next(iter(self.surroundings.headers.get(self.operation.backing, ())), None)

    @property
    def below_format(self) -> str:
        """The format of what is below; empty: not known."""
        opened = self.below.driver if self.below is not None and self.below.kind is Kind.FORMAT else ""
        return self.operation.backing_format or opened or (self.header.format if self.header else "")

    @property
    def below_size(self) -> int | None:
        """Bytes of what is below; None: not known."""
        if self.below is not None and self.below.virtual_size is not None:
            return self.below.virtual_size
        return self.header.size if self.header is not None and not self.header.device else None

    @property
    def size(self) -> int:
        """Bytes of the new image; 0: not known."""
        return self.operation.size or self.below_size or 0

    def objections(self) -> Iterator[Objection]:
        """Everything that speaks against it."""
        told = self.operation
        if not told.file:
            yield Objection("Say which file is to be made.", asks="file")
            return
        if told.format not in FORMATS:
            yield Objection(f"format={told.format} is not known: say one of {', '.join(FORMATS)}.")
        yield from file_wrong(told.file, "the new image", "file=PATH", self.surroundings)
        if told.file in files_in_use(self.state, self.surroundings):
            yield Objection(f"{told.file} is in use by this machine; a new file never replaces an old one.")
        if told.backing:
            yield from self._below_wrong()
        if not self.size:
            yield Objection("Say how large it shall be (size=20G, for example).", asks="size")
        elif self.size % _SECTOR:
            yield Objection(f"An image holds whole sectors: {self.size} is no multiple of {_SECTOR} bytes.")

    def _below_wrong(self) -> Iterator[Objection]:
        """Why the new image cannot be backed by that one."""
        path, header = self.operation.backing, self.header
        if self.operation.format == "raw":
            yield Objection("A raw image cannot be backed by another: say format=qcow2.")
        if self.below is None and header is not None and header.trouble:
            yield Objection(f"{path} cannot be read: {header.trouble}.")
        elif not self.below_format:
            yield Objection(f"The format of {path} cannot be told from here: say backing-format=.")
        elif header is not None and header.format and header.format != self.below_format:
            yield Objection(
                f"{path} is a {header.format} image: read as {self.below_format}, it would give other data."
            )
        if why := self.surroundings.spoilt.get(path):
            yield Objection(f"{path} does not hold what it held: {why}")

    def warnings(self) -> Iterator[str]:
        """What a user should know beforehand."""
        below = self.below_size
        if below is not None and self.size < below:
            cut = words.size(below - self.size)
            yield f"It is smaller than {self.operation.backing}: the last {cut} of that one are not seen in it."

    def confirm(self) -> Iterator[str]:
        """What wants one more yes."""
        if self.below is not None and not self.below.read_only:
            users = [device.name for device in self.state.devices_on(self.below.name)]
            yield f"{listed(users) or self.below.name} may write to {self.operation.backing}: that spoils the new image."

    def steps(self) -> Iterator[Step]:
        """See that nothing has the name, and make it."""
        told, around = self.operation, self.surroundings
        yield probe(told.file, probe_name(around.serial, 0, around.token))
        new = NewFile(told.file, told.format, self.size, told.backing, self.below_format if told.backing else "")
        yield from image_steps(new, f"diskchain-{around.serial}-0", around.owner)

    def facts(self) -> tuple[tuple[str, str], ...]:
        """The lines of the sheet."""
        told = self.operation
        lines = [("New file", told.file), ("Size", words.size(self.size)), ("Format", told.format)]
        if told.backing:
            lines.append(("Backed by", f"{told.backing} ({self.below_format})"))
        return tuple(lines)
