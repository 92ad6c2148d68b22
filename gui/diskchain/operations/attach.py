"""Attach: open an image as a node, and, if asked, plug it into the running guest as a disk."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

from diskchain.model import words
from diskchain.model.bus import Bus
from diskchain.model.root import Device
from diskchain.model.state import State
from diskchain.operations.chains import is_node_name, node_name
from diskchain.operations.closed import Closed
from diskchain.operations.keys import Keys, without_defaults
from diskchain.operations.newfile import sayable
from diskchain.operations.operation import Concerns, Objection, Offer
from diskchain.operations.preview import Draft
from diskchain.operations.steps import Send, Step
from diskchain.operations.surroundings import Surroundings
from diskchain.qapi.command import command

_MODELS = {"virtio-blk": ("virtio-blk-pci", "pci"), "scsi": ("scsi-hd", "scsi")}
"""`as=` -> the driver of the device, and the kind of bus that it is plugged into."""
_NO_BUS = {
    "pci": "There is no free port for one more virtio-blk disk: QEMU must have been started with a pcie-root-port that is empty.",
    "scsi": "There is no SCSI controller: QEMU must have been started with one (virtio-scsi-pci).",
}


@dataclass(frozen=True)
class Attach:
    """Open `file`, and plug it in.

    :ivar file: absolute path. `format`: QEMU's name of it; empty: as the file begins. `node`: node-name; empty: after the file.
    :ivar read_only: nobody can write to it. `model`: `virtio-blk` or `scsi` (`as=`); empty: only a node, no disk.
    """

    file: str = ""
    format: str = ""
    node: str = ""
    read_only: bool = False
    model: str = ""

    name: ClassVar[str] = "attach"
    known: ClassVar[tuple[str, ...]] = ("file", "format", "node", "read-only", "as")

    @classmethod
    def read(cls, keys: Keys) -> Attach:
        """From the words of the command line. :raises UsageError: one is missing, or is not understood."""
        keys.needed("file")
        model = keys.one_of("as", *_MODELS) if keys.word("as") else ""
        return cls(keys.path("file"), keys.word("format"), keys.word("node"), keys.yes("read-only"), model)

    def keys(self) -> Mapping[str, str]:
        """The keys as the command line writes them."""
        told = {"file": self.file, "format": self.format, "node": self.node, "as": self.model}
        return without_defaults(told | {"read-only": "yes" if self.read_only else "no"}, read_only="no")

    def offer(self, state: State) -> Offer:
        """This as an offer: what is missing is asked for in its form."""
        return Offer(self, "Attach", "Attach an image")

    def concerns(self, state: State) -> Concerns:
        """The file with all below it, who else needs it, and where the guest has room for a disk."""
        files = (self.file,) if self.file else ()
        return Concerns(images=files, headers=files, buses=bool(self.model))

    def draft(self, state: State, surroundings: Surroundings) -> Draft:
        """Judge, plan and predict."""
        plan = _Plan(self, state, surroundings)
        objections = tuple(plan.objections())
        title = f"Attach {posixpath.basename(self.file)}" if self.file else "Attach an image"
        if objections:
            return Draft(title, "Attach", objections=objections)
        return Draft(
            title=f"{title} as {plan.disk or plan.image.node}",
            verb="Attach",
            warnings=tuple(plan.image.warnings()),
            steps=tuple(plan.steps()),
            stop="the image is closed again",
            guest="keeps running; it finds a new disk" if self.model else "keeps running; it sees nothing of it",
            facts=plan.facts(),
            after=plan.predict(),
        )


@dataclass(frozen=True)
class _Plan:
    """An image to attach to one state, all names fixed."""

    operation: Attach
    state: State
    surroundings: Surroundings

    @cached_property
    def image(self) -> Closed:
        """The image, as it lies there."""
        told = self.operation
        return Closed(self.state, self.surroundings, told.file, told.format, told.node, told.read_only)

    @cached_property
    def bus(self) -> Bus | None:
        """Where the disk is plugged in; None: there is no room."""
        kind = _MODELS[self.operation.model][1] if self.operation.model in _MODELS else ""
        return next((bus for bus in self.surroundings.buses if bus.kind == kind and bus.free), None)

    @cached_property
    def disk(self) -> str:
        """The id of the guest's disk; empty: there is to be none."""
        taken = {name for device in self.state.devices for name in (device.drive, device.name)}
        return node_name(f"{self.image.node[:26]}-disk", taken | set(self.image.names)) if self.operation.model else ""

    def objections(self) -> Iterator[Objection]:
        """Everything that speaks against it."""
        told = self.operation
        if not told.file or not posixpath.isabs(told.file) or not sayable(told.file):
            yield Objection("Say which file is to be attached, by its full path.", asks="" if told.file else "file")
            return
        yield from self.image.wrong()
        if told.node in self.state.graph.nodes or any(
            told.node and told.node == each.drive for each in self.state.devices
        ):
            yield Objection(f"There is a node or drive {told.node} already: say another node=.")
        elif not is_node_name(self.image.node):
            yield Objection(
                f"{self.image.node} is no node-name that QEMU takes: a letter, then letters, digits, - . _, 31 at most."
            )
        if not told.model:
            return
        if told.model not in _MODELS:
            yield Objection(f"as={told.model} is not known: say one of {', '.join(_MODELS)}.")
        elif self.state.machine.daemon:
            yield Objection("A storage daemon has no guest: leave out as=.")
        elif self.bus is None and self.surroundings.stamp:
            yield Objection(_NO_BUS[_MODELS[told.model][1]])

    def steps(self) -> Iterator[Step]:
        """Open the image; plug it in."""
        close = (command("blockdev-del", node_name=self.image.node),)
        refusal = "The image could not be opened."
        yield Send(command("blockdev-add", **self.image.options()), undo=close, refusal=refusal)
        if self.bus is not None:
            driver = _MODELS[self.operation.model][0]
            yield Send(command("device_add", driver=driver, id=self.disk, drive=self.image.node, bus=self.bus.name))

    def facts(self) -> tuple[tuple[str, str], ...]:
        """The lines of the sheet."""
        told = self.operation
        lines = [("File", told.file), ("Format", self.image.formats[0])]
        if self.image.chain and self.image.chain[0].size is not None:
            lines.append(("Size", words.size(self.image.chain[0].size)))
        lines += [("Backed by", f"{header.path}") for header in self.image.chain[1:]]
        if self.bus is not None:
            lines.append(("The guest's disk", f"{self.disk} ({told.model}) on {self.bus.name}"))
        return (*lines, ("May be written", "no" if told.read_only else "yes"))

    def predict(self) -> State:
        """The state with the image open; what is below an image that is not seen may come with it."""
        after = replace(self.state, graph=self.state.graph.with_nodes(*self.image.opened()))
        if self.bus is None:
            return after
        disk = Device(self.disk, self.disk, self.operation.model, self.image.node)
        return replace(after, devices=(*after.devices, disk))
