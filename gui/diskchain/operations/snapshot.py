"""Snapshot: put a new, empty overlay on top of one disk or several, at one moment (`transaction` of `blockdev-snapshot-sync`).

The guest is not asked to flush: what the images hold is what they would hold after a power cut (crash-consistent).
"""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import ClassVar

from diskchain.model.backup import Mark, Since
from diskchain.model.graph import BlockGraph
from diskchain.model.node import Edge, Kind, Node
from diskchain.model.root import Device
from diskchain.model.state import State
from diskchain.operations.bitmaps import continued, goes_on
from diskchain.operations.chains import (
    handed_over,
    header_format,
    header_name,
    is_encrypted,
    is_node_name,
    is_relative,
    jobs_on,
    listed,
    node_name,
    path_of,
    pieces,
)
from diskchain.operations.keys import Keys
from diskchain.operations.newfile import NewFile, file_wrong, files_in_use, free_path, image_steps, probe
from diskchain.operations.operation import Concerns, Objection, Offer
from diskchain.operations.preview import Draft
from diskchain.operations.probing import probe_name
from diskchain.operations.spoiling import invalid_in
from diskchain.operations.steps import Make, Send, Step
from diskchain.operations.surroundings import Surroundings
from diskchain.qapi.command import command

_EMPTY_OVERLAY = 196_616
"""Bytes that a fresh qcow2 overlay takes (measured on QEMU 7.2 and 10.0, 64 KiB clusters)."""


@dataclass(frozen=True)
class Snapshot:
    """A new overlay on each of these disks.

    :ivar disks: device names; empty: all writable, non-removable disks with a medium.
    :ivar dir: folder of the new files; empty: beside each active image. `label`: part of the names; empty: a time stamp.
    :ivar files: disk -> absolute path of its new file. `nodes`: disk -> node-name of its overlay.
    """

    disks: tuple[str, ...] = ()
    dir: str = ""
    label: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    nodes: Mapping[str, str] = field(default_factory=dict)

    name: ClassVar[str] = "snapshot"
    known: ClassVar[tuple[str, ...]] = ("disks", "dir", "name", "file.DISK", "node.DISK")

    @classmethod
    def read(cls, keys: Keys) -> Snapshot:
        """From the words of the command line."""
        files, nodes = keys.paths_under("file"), keys.under("node")
        return cls(keys.list_of("disks"), keys.path("dir"), keys.word("name"), files, nodes)

    def keys(self) -> Mapping[str, str]:
        """The keys as the command line writes them."""
        keys = {"disks": ",".join(self.disks)} if self.disks else {}
        keys |= {word: value for word, value in (("dir", self.dir), ("name", self.label)) if value}
        keys |= {f"file.{disk}": path for disk, path in self.files.items()}
        return keys | {f"node.{disk}": node for disk, node in self.nodes.items()}

    def offer(self, state: State) -> Offer:
        """This snapshot as an offer, with its reason against it where there is one."""
        plan = _Plan(self, state, Surroundings())
        first = next(plan.objections(), None)
        return Offer(self, "Snapshot", plan.title, first.text if first else "")

    def concerns(self, state: State) -> Concerns:
        """The folders in which the new files are made."""
        chosen, _ = self.chosen(state)
        paths = [state.graph.nodes[active].file for _, active in chosen]
        folders = [self.dir] if self.dir else [posixpath.dirname(path) for path in paths if path]
        folders += [posixpath.dirname(path) for path in self.files.values()]
        return Concerns(folders=tuple(dict.fromkeys(folders)), held=state.graph.files(active for _, active in chosen))

    def draft(self, state: State, surroundings: Surroundings) -> Draft:
        """Judge, plan and predict."""
        plan = _Plan(self, state, surroundings)
        names = [layer.device.name for layer in plan.layers]
        verb = f"Snapshot {names[0]}" if len(names) == 1 else f"Snapshot {len(names)} disks"
        return Draft(
            title=plan.title,
            verb=verb if names else "Snapshot",
            objections=tuple(plan.objections()),
            warnings=tuple(plan.warnings()),
            steps=plan.steps(),
            moves=0,
            created=tuple(layer.path for layer in plan.layers),
            changed=(),
            stop="nothing: it is taken at one moment, or not at all"
            if len(names) == 1
            else "nothing: all disks are taken at one moment, or none is",
            guest="keeps running; it was not asked to flush (crash-consistent)",
            target=posixpath.dirname(plan.layers[0].path) if plan.layers else "",
            confirm=tuple(plan.confirm()),
            facts=tuple(plan.facts()),
            marks=tuple(plan.marks()),
            after=plan.predict(),
        )

    def chosen(self, state: State) -> tuple[list[tuple[Device, str]], list[str]]:
        """The disks with their active nodes, and one sentence for each that is left out."""
        chosen: list[tuple[Device, str]] = []
        left: list[str] = []
        for device in state.devices:
            active = state.active_of(device)
            if self.disks and not {device.name, device.qdev, device.drive} & set(self.disks):
                continue
            if reason := _unfit(device, active, state.graph, bool(self.disks)):
                left.append(f"{device.name or 'A device'} is left out: {reason}.")
            elif active is not None and active not in [node for _, node in chosen]:
                chosen.append((device, active))
        return chosen, left


def _unfit(device: Device, active: str | None, graph: BlockGraph, named: bool) -> str:
    """Why a device is not snapshotted; empty where it is."""
    if active is None:
        return "it has no medium"
    if graph.nodes[active].read_only:
        return f"its node {active} is read-only"
    if device.removable and not named:
        return "its medium is removable"
    return ""


@dataclass(frozen=True)
class _Layer:
    """One new overlay. `plain`: QEMU itself writes the right name into the header; else the file is made with `header` first."""

    device: Device
    active: str
    path: str
    node: str
    header: str
    plain: bool


@dataclass(frozen=True)
class _Plan:
    """A snapshot on one state, all names fixed."""

    operation: Snapshot
    state: State
    surroundings: Surroundings

    @cached_property
    def layers(self) -> tuple[_Layer, ...]:
        taken = set(self.operation.nodes.values())
        found: list[_Layer] = []
        used: set[str] = set()
        for device, active in self.operation.chosen(self.state)[0]:
            short = self.operation.label or self.surroundings.stamp[9:]  # the day stands in the file's name
            node = self.operation.nodes.get(device.name) or node_name(f"{device.name}-{short}", self.state.taken, taken)
            taken.add(node)
            found.append(self._layer(device, active, node, used))
            used.add(posixpath.basename(found[-1].path)[:-6])
        return tuple(found)

    @property
    def title(self) -> str:
        """What is done, in a few words."""
        names = [layer.device.name for layer in self.layers]
        return f"Snapshot {listed(names)}" if names else "Snapshot"

    def _layer(self, device: Device, active: str, node: str, used: set[str]) -> _Layer:
        below = self.state.graph.nodes[active]
        own = path_of(below, self.surroundings.cwd) or ""
        folder = self.operation.dir or posixpath.dirname(own)
        label = f"{device.name}-{self.operation.label or self.surroundings.stamp}"
        free = free_path(folder, label, ".qcow2", self.surroundings, used)
        path = self.operation.files.get(device.name) or free
        relative = is_relative(below.header_backing)
        header = header_name(path, own, relative, self.surroundings.real)
        plain = header == own == below.facts.get("file") and posixpath.isabs(own) and below.kind is not Kind.PROTOCOL
        return _Layer(device, active, path, node, header, plain)

    def objections(self) -> Iterator[Objection]:
        """Everything that speaks against it."""
        yield from self._names_wrong()
        if not self.layers and not self.operation.disks:
            yield Objection("There is no writable disk with a medium here to take a snapshot of.")
        nodes = Counter(layer.node for layer in self.layers)
        for layer in self.layers:
            yield from jobs_on(self.state, (layer.active,))
            yield from pieces(self.state.graph, layer.active)
            yield from handed_over(self.state.graph, layer.active)
            if overlays := self.state.graph.overlays(layer.active):
                yield Objection(
                    f"{layer.active} is also the backing image of {listed(overlays)}: QEMU takes no snapshot of it then."
                )
            yield from self._file_wrong(layer)
            if self.operation.nodes and not is_node_name(layer.node):
                yield Objection(
                    f"{layer.node} is no node-name: a letter, then at most 30 letters, digits, dots, dashes, underscores."
                )
            if layer.node in self.state.graph.nodes or nodes[layer.node] > 1:
                yield Objection(f"There is a node {layer.node} already.")
            if path_of(self.state.graph.nodes[layer.active], self.surroundings.cwd) is None:
                yield Objection(
                    f"The file of {layer.active} is not known, so the header of its overlay cannot be written."
                )
            if self.state.graph.nodes[layer.active].virtual_size is None:
                yield Objection(f"The size of {layer.active} is not known.")

    def _names_wrong(self) -> Iterator[Objection]:
        for name in (*self.operation.disks, *self.operation.files, *self.operation.nodes):
            device = self.state.device(name)
            if device is None:
                yield Objection(f"There is no disk {name} here.")
            elif reason := _unfit(device, self.state.active_of(device), self.state.graph, True):
                yield Objection(f"{name} cannot be snapshotted: {reason}.")
            elif name not in self.operation.disks and device.name not in [layer.device.name for layer in self.layers]:
                yield Objection(f"{name} is not among the disks of this snapshot.")

    @cached_property
    def _new_files(self) -> Counter[str]:
        return Counter(layer.path for layer in self.layers)

    @cached_property
    def _files_in_use(self) -> frozenset[str]:
        return files_in_use(self.state, self.surroundings)

    def _file_wrong(self, layer: _Layer) -> Iterator[Objection]:
        name = layer.device.name
        yield from file_wrong(layer.path, f"{name}'s new file", f"file.{name}=PATH", self.surroundings)
        if self._new_files[layer.path] > 1:
            yield Objection(f"Two disks cannot have the same new file {layer.path}.")
        if self.surroundings.stamp and layer.path in self._files_in_use:
            yield Objection(f"{layer.path} is in use by this machine; a new file never replaces an old one.")

    def warnings(self) -> Iterator[str]:
        """What a user should know beforehand."""
        yield from self.operation.chosen(self.state)[1]
        if self.surroundings.owner is None and not all(layer.plain for layer in self.layers):
            yield "QEMU makes a file first; another client that asks it for its nodes in that moment could end QEMU."
        for layer in self.layers:
            yield from invalid_in(self.state, self.state.graph.chain(layer.active), self.surroundings)
            for export in self.state.exports_on({layer.active}):
                yield f"The export {export.id} follows the disk: its readers then see {layer.node}, which goes on changing."

    def confirm(self) -> Iterator[str]:
        """What wants one more yes."""
        for layer in self.layers:
            for bitmap in self.state.graph.nodes[layer.active].named_bitmaps:
                if not goes_on(bitmap):
                    yield f"The bitmap {bitmap.name} stays on {layer.active} and records nothing: it cannot be continued."
            if is_encrypted(self.state.graph.nodes[layer.active]):
                yield (
                    f"{layer.active} is encrypted and the new overlay is not: what the guest writes from then on lies in plain in"
                    f" {layer.path}."
                )

    def facts(self) -> Iterator[tuple[str, str]]:
        """The lines of the sheet."""
        yield from ((f"New file of {layer.device.name}", layer.path) for layer in self.layers)
        for layer in self.layers:
            names = [bitmap.name for bitmap in self.state.graph.nodes[layer.active].bitmaps if goes_on(bitmap)]
            if names:
                yield (
                    f"Bitmaps of {layer.active}",
                    f"{listed(names)} continue{'s' if len(names) == 1 else ''} on {layer.node}",
                )

    def marks(self) -> Iterator[Mark]:
        """Bitmaps that go on on an overlay count from what they counted from."""
        for layer in self.layers:
            image = path_of(self.state.graph.nodes[layer.active], self.surroundings.cwd) or ""
            for bitmap in self.state.graph.nodes[layer.active].bitmaps:
                since = self.surroundings.since.get((image, bitmap.name))
                if since is not None and goes_on(bitmap):
                    yield Mark(layer.path, bitmap.name, Since(), since)

    def steps(self) -> tuple[Step, ...]:
        """Probe that no file exists, hold the names, write headers of ours, then put on all overlays at one moment."""
        steps: list[Step] = []
        for number, layer in enumerate(self.layers):
            steps.append(probe(layer.path, probe_name(self.surroundings.serial, number, self.surroundings.token)))
        for number, layer in enumerate(self.layers):
            if not layer.plain:
                steps += image_steps(
                    self._image(layer), f"diskchain-{self.surroundings.serial}-{number}", self.surroundings.owner
                )
            elif self.surroundings.owner is not None:
                steps.append(Make(layer.path, self.surroundings.owner))
        by_qemu = tuple(layer.path for layer in self.layers if layer.plain and self.surroundings.owner is None)
        actions = [{"type": "blockdev-snapshot-sync", "data": _action(layer)} for layer in self.layers]
        for layer in self.layers:
            on = continued(self.state.graph.nodes[layer.active], layer.node)
            actions += [{"type": each.name, "data": dict(each.arguments)} for each in on]
        return (*steps, Send(command("transaction", actions=actions), makes=by_qemu)) if self.layers else ()

    def _image(self, layer: _Layer) -> NewFile:
        below = self.state.graph.nodes[layer.active]
        return NewFile(layer.path, "qcow2", below.virtual_size or 0, layer.header, header_format(below))

    def predict(self) -> State:
        """The state with the overlays in place."""
        graph, over = self.state.graph, {layer.active: layer.node for layer in self.layers}
        nodes = []
        for layer in self.layers:
            below = graph.nodes[layer.active]
            made = Node(
                layer.node,
                "qcow2",
                Kind.FORMAT,
                file=layer.path,
                virtual_size=below.virtual_size,
                allocated=_EMPTY_OVERLAY,
                header_backing=layer.header,
                header_backing_format=header_format(below),
                bitmaps=tuple(bitmap for bitmap in below.bitmaps if goes_on(bitmap)),
            )
            nodes += [made, replace(below, read_only=True)]
        edges = tuple(
            replace(edge, child=over[edge.child]) if edge.child in over and edge.role != "backing" else edge
            for edge in graph.edges
        )
        after = BlockGraph(graph.nodes, edges).with_nodes(
            nodes, [Edge(layer.node, layer.active, "backing") for layer in self.layers]
        )
        devices = tuple(
            replace(device, root=top) if (top := over.get(device.root or "")) is not None else device
            for device in self.state.devices
        )
        return replace(self.state, graph=after, devices=devices)


def _action(layer: _Layer) -> dict[str, object]:
    return {
        "node-name": layer.active,
        "snapshot-file": layer.path,
        "snapshot-node-name": layer.node,
        "format": "qcow2",
        "mode": "absolute-paths" if layer.plain else "existing",
    }
