"""A revert on one state: its disks with their new overlays, what speaks against it, its steps, and what comes of it."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import takewhile

from diskchain.model.node import Edge, Kind, Node
from diskchain.model.state import State
from diskchain.operations.chains import bitmap_notes, header_format, header_name, is_encrypted, listed, node_name
from diskchain.operations.going_back import GoingBack, cannot_exchange
from diskchain.operations.newfile import NewFile, file_wrong, files_in_use, free_path, image_steps, probe
from diskchain.operations.operation import Objection
from diskchain.operations.probing import probe_name
from diskchain.operations.steps import Guest, Send, Step
from diskchain.operations.surroundings import Surroundings
from diskchain.qapi.command import command

_EMPTY_OVERLAY = 196_616
"""Bytes that a fresh qcow2 overlay takes (64 KiB clusters)."""


@dataclass(frozen=True)
class Layer:
    """One disk that goes back. `node`, `path`: of its new overlay. `header`: what that names."""

    back: GoingBack
    node: str
    path: str
    header: str

    @property
    def below(self) -> Node:
        """The image that it goes back to."""
        return self.back.state.graph.nodes[self.back.to]

    @property
    def image(self) -> NewFile:
        """The overlay's file."""
        size, kind = self.below.virtual_size or 0, header_format(self.below)
        return NewFile(self.path, "qcow2", size, self.header, kind)

    def opened(self) -> Send:
        """The step that opens the overlay."""
        add = command(
            "blockdev-add",
            driver="qcow2",
            node_name=self.node,
            file={"driver": "file", "filename": self.path},
            backing=self.back.to,
            discard="unmap",
            **self.back.options,
        )
        return Send(add, undo=(command("blockdev-del", node_name=self.node),))

    def held(self, name: str) -> Send:
        """The step that has a reader of this name hold the active image open.

        Where QEMU opened that by itself, it would be closed as soon as the disk lets go of it, and there were no way back.
        """
        add = command("blockdev-add", driver="raw", node_name=name, file=self.back.active, read_only=True)
        return Send(add, undo=(command("blockdev-del", node_name=name),))


@dataclass(frozen=True)
class Reverting:
    """A revert on one state, all names fixed. `to`, `restart`, `keep`, `dir`: as in `Revert`."""

    to: tuple[str, ...]
    restart: bool
    keep: bool
    dir: str
    state: State
    surroundings: Surroundings

    @property
    def runs(self) -> bool:
        """Whether the guest runs now."""
        return self.state.machine.status == "running"

    @cached_property
    def ways(self) -> tuple[GoingBack, ...]:
        """One way back for each image that was named."""
        return tuple(GoingBack(self.state, self.surroundings, to) for to in self.to)

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """The disks that can be told; those with objections may be missing."""
        found: list[Layer] = []
        taken: set[str] = set()
        used: set[str] = set()
        for back in self.ways:
            if not back.active:
                continue
            node = node_name(f"{back.disk}-{self.surroundings.stamp[9:]}", self.state.taken, taken)
            folder = self.dir or posixpath.dirname(back.active_path or "")
            path = free_path(folder, f"{back.disk}-{self.surroundings.stamp}", ".qcow2", self.surroundings, used)
            header = header_name(path, back.path or "", back.relative, self.surroundings.real)
            taken.add(node)
            used.add(posixpath.basename(path).removesuffix(".qcow2"))
            found.append(Layer(back, node, path, header))
        return tuple(found)

    @cached_property
    def left(self) -> tuple[str, ...]:
        """The nodes of the branches that are left, each from the top down."""
        return tuple(dict.fromkeys(name for layer in self.layers for name in layer.back.leaves))

    @property
    def closing(self) -> tuple[str, ...]:
        """Those of them that are closed: from the top down, as far as nobody has anything to do with a node."""
        graph, left = self.state.graph, set(self.left)

        def free(name: str) -> bool:
            kept = graph.nodes[name].named_bitmaps or self.state.exports_on({name})
            return not kept and left.issuperset(graph.overlays(name))

        found = (name for layer in self.layers for name in takewhile(free, layer.back.leaves))
        return () if self.keep else tuple(found)

    @property
    def files_left(self) -> tuple[str, ...]:
        """Their files."""
        return tuple(file for name in self.left if (file := self.state.graph.nodes[name].file))

    def objections(self) -> Iterator[Objection]:
        """Everything that speaks against it."""
        if why := cannot_exchange(self.state, self.surroundings):
            yield Objection(why)
            return
        if not self.to:
            yield Objection("Name an image to go back to.")
        for back in self.ways:
            yield from back.wrong()
        for disk, count in Counter(back.disk for back in self.ways if back.active).items():
            if count > 1:
                yield Objection(f"{disk} cannot go back to {count} images at once: name one for each disk.")
        in_use = files_in_use(self.state, self.surroundings) if self.surroundings.stamp else frozenset()
        for layer in self.layers:
            yield from file_wrong(layer.path, f"{layer.back.disk}'s new file", "dir=FOLDER", self.surroundings)
            if layer.path in in_use:
                yield Objection(f"{layer.path} is in use by this machine; a new file never replaces an old one.")

    def warnings(self) -> Iterator[str]:
        """What a user should know beforehand."""
        back = {layer.back.disk for layer in self.layers}
        for device in self.state.devices:
            active = self.state.active_of(device)
            if device.removable or active is None or self.state.graph.nodes[active].read_only:
                continue
            if device.name and device.name not in back:
                yield f"{device.name} stays as it is: what it holds may be newer than what the guest then finds elsewhere."
        for layer in self.layers:
            for export in self.state.exports_on({layer.back.active}):
                yield f"The export {export.id} stays with the branch that is left: its readers do not see {layer.node}."
            if layer.back.resized:
                yield f"{layer.back.disk} then has {layer.back.resized}."
        if self.surroundings.owner is None:
            yield "QEMU makes a file first; another client that asks it for its nodes in that moment could end QEMU."

    def confirm(self) -> Iterator[str]:
        """What wants one more yes."""
        yield "What the guest has in memory and has not written is lost: it is reset as by its reset button."
        for layer in self.layers:
            back = layer.back
            left = f"The branch that {back.disk} leaves ({listed(back.leaves)})"
            yield f"{left} is as after a power cut: the guest is not asked to flush."
            yield from bitmap_notes(
                self.state, (back.active,), "stays with the branch that is left and stops recording"
            )
            if is_encrypted(self.state.graph.nodes[back.to]):
                text = f"{back.to} is encrypted and the new overlay is not: what the guest writes from then on lies in plain in"
                yield f"{text} {layer.path}."

    def facts(self) -> tuple[tuple[str, str], ...]:
        """The lines of the sheet."""
        told = [(f"{layer.back.disk} goes back to", layer.back.to) for layer in self.layers]
        return (*told, ("The branch it leaves", "is kept from commits" if self.keep else "is closed; its files stay"))

    def steps(self) -> tuple[Step, ...]:
        """Make all that is new; stop; exchange all; reset; start again. Until the reset each step can be taken back."""
        serial, token = self.surroundings.serial, self.surroundings.token
        steps: list[Step] = [
            probe(layer.path, probe_name(serial, number, token)) for number, layer in enumerate(self.layers)
        ]
        for number, layer in enumerate(self.layers):
            steps += image_steps(layer.image, f"diskchain-{serial}-{number}", self.surroundings.owner)
            steps.append(layer.opened())
        held = [layer.held(f"diskchain-{serial}-{number}-hold") for number, layer in enumerate(self.layers)]
        steps += held
        if self.runs:
            steps.append(Send(command("stop"), undo=(command("cont"),)))
        for layer in self.layers:
            there, again = layer.back.swaps(layer.node)
            steps += [layer.back.still, Send(there, undo=(again,), refusal=f"{layer.back.disk} cannot be exchanged.")]
        steps.append(Send(command("system_reset"), final=True))
        steps += [Send(close, tidy=True) for hold in held for close in hold.undo]
        steps.append(Guest("reset"))
        if self.runs and self.restart:
            steps.append(Send(command("cont"), refusal="The disks were exchanged, and the guest was reset."))
        return (*steps, *(Send(command("blockdev-del", node_name=name), tidy=True) for name in self.closing))

    def predict(self) -> State:
        """The state with the disks on their new overlays; those that are left may vanish, or stay open."""
        graph, devices = self.state.graph, self.state.devices
        for layer in self.layers:
            back, new = layer.back, layer.image
            made = Node(
                layer.node,
                new.format,
                Kind.FORMAT,
                file=new.path,
                virtual_size=layer.below.virtual_size,
                allocated=_EMPTY_OVERLAY,
                header_backing=new.header,
                header_backing_format=new.header_format,
            )
            graph = graph.with_nodes([made], [Edge(layer.node, back.to, "backing")])
            if back.filter:
                graph = graph.rewired(back.filter, back.role, layer.node)
            else:
                devices = tuple(
                    replace(device, root=layer.node) if device == back.device else device for device in devices
                )
        graph = graph.without(self.closing)
        status = "running" if self.runs and self.restart else "prelaunch"
        machine = replace(self.state.machine, status=status)
        return replace(self.state, machine=machine, graph=graph, devices=devices)
