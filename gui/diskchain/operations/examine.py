"""Examine: show a live disk to other programs as it is at one moment, and tell where the guest writes from then on.

A filter of QEMU (`copy-before-write`) keeps what the guest overwrites in a scratch file; a reader above it (`snapshot-access`)
gives the disk as it was. Where a copy fails the view breaks, not the guest's write (`on-cbw-error`, qapi/block-core.json): that
is why no backup job is used, which would fail the guest's write. All is taken down again when the user ends it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

from diskchain.model import root
from diskchain.model.nbd import client_lines
from diskchain.model.node import Edge, Kind, Node
from diskchain.model.state import State
from diskchain.operations.chains import unique
from diskchain.operations.keys import Keys
from diskchain.operations.operation import Concerns, Objection, Offer
from diskchain.operations.preview import Draft
from diskchain.operations.server import Server, deadly_to_read
from diskchain.operations.source import Source
from diskchain.operations.steps import Hold, Send, Step
from diskchain.operations.surroundings import Surroundings
from diskchain.operations.target import Target
from diskchain.qapi.command import Command, command

_NEEDS = (7, 1)
"""The QEMU in which a failed copy can break the view instead of the guest's write (`on-cbw-error`)."""


@dataclass(frozen=True)
class Examine:
    """Show `disk` as it is now."""

    disk: str

    name: ClassVar[str] = "examine"
    known: ClassVar[tuple[str, ...]] = ("disk",)

    @classmethod
    def read(cls, keys: Keys) -> Examine:
        """From the words of the command line. :raises UsageError: no disk is named."""
        return cls(keys.needed("disk"))

    def keys(self) -> Mapping[str, str]:
        """The keys as the command line writes them."""
        return {"disk": self.disk}

    def offer(self, state: State) -> Offer:
        """This as an offer, with its reason against it where there is one."""
        first = next(_Plan(self, state, Surroundings()).objections(), None)
        note = (
            "Other programs can read the disk as it is now, while the guest goes on; ending it leaves nothing behind."
        )
        return Offer(self, "Examine", f"Open {self.disk} read-only, as it is now", first.text if first else "", note)

    def concerns(self, state: State) -> Concerns:
        """The folder of the scratch file, and a private one for the socket."""
        plan = _Plan(self, state, Surroundings())
        return Concerns(folders=(plan.scratch.folder,) if plan.source.active else (), sockets=True, threads=True)

    def draft(self, state: State, surroundings: Surroundings) -> Draft:
        """Judge, plan and predict."""
        plan, title = _Plan(self, state, surroundings), f"Examine {self.disk} as it is now"
        if objections := tuple(plan.objections()):
            return Draft(title, f"Examine {self.disk}", objections=objections)
        return Draft(
            title=title,
            verb=f"Examine {self.disk}",
            warnings=tuple(plan.warnings()),
            steps=tuple(plan.steps()),
            created=(plan.scratch.path,),
            stop="nothing: all of it is taken down again",
            guest="keeps running; before it first overwrites a piece, that is copied to the scratch file",
            target=plan.scratch.folder,
            confirm=tuple(plan.scratch.confirm(plan.source.chain)),
            facts=plan.facts(),
            uri=plan.server.uri,
            about=(plan.source.active,),
            after=plan.predict(),
        )


@dataclass(frozen=True)
class _Plan:
    """A view on one state, all names fixed."""

    operation: Examine
    state: State
    surroundings: Surroundings

    @cached_property
    def source(self) -> Source:
        """The disk."""
        return Source(self.state, self.operation.disk)

    @cached_property
    def scratch(self) -> Target:
        """The file that takes what is overwritten."""
        return Target(self.source, self.surroundings, "scratch")

    @cached_property
    def filter(self) -> Target:
        """Names the filter that copies, as any node of ours is named."""
        return replace(self.scratch, word="before")

    @cached_property
    def view(self) -> Target:
        """Names the reader."""
        return replace(self.scratch, word="view")

    @property
    def root(self) -> str:
        """The node that the guest's device is on now."""
        device = self.source.device
        return (device.root if device is not None else None) or ""

    def _export(self, word: str) -> str:
        clean = re.sub(r"[^A-Za-z0-9._-]", "-", self.operation.disk).lstrip("-.0123456789") or "disk"
        return unique(f"{clean}-{word}", {export.id for export in self.state.exports}, longest=31)

    @cached_property
    def server(self) -> Server:
        """The server of the view."""
        return Server(self.state, self.surroundings, self._export("view"))

    @cached_property
    def writes(self) -> Server:
        """The same server, for the scratch file: what it holds is what was overwritten."""
        return replace(self.server, export=self._export("writes"), told="")

    @property
    def writes_uri(self) -> str:
        """Where the scratch file is read."""
        place = self.server.place
        return replace(place, export=self.writes.export).uri if place is not None else ""

    def objections(self) -> Iterator[Objection]:
        """Everything that speaks against it."""
        yield from self.source.wrong()
        device = self.source.device
        if device is None or not self.source.active:
            return
        version = self.state.machine.version
        if self.state.machine.daemon:
            yield Objection("A storage daemon has no guest: export the node itself, nobody writes to it unseen.")
        elif version and version < _NEEDS:
            yield Objection(
                f"QEMU {self.state.machine.qemu} cannot do that without risk for the guest's writes: it takes 7.1 or newer."
                " Back the disk up to a file, and look at that."
            )
        elif not device.qdev:
            yield Objection(f"{device.name} is no device of the guest that a filter could be put under.")
        yield from deadly_to_read(self.state, self.source.active, self.surroundings)
        yield from self.scratch.wrong()
        yield from self.server.wrong()

    def warnings(self) -> Iterator[str]:
        """What a user should know beforehand."""
        size, folder = self.source.size or 0, self.surroundings.folders.get(self.scratch.folder)
        if folder is not None and folder.free is not None and folder.free < size:
            yield (
                "The scratch file can grow to the size of the disk, and there is not so much room: where none is left the view"
                " breaks; the guest's writes do not."
            )
        yield from self.server.warnings(self.operation.disk)

    def facts(self) -> tuple[tuple[str, str], ...]:
        """The lines of the sheet: where it is, and what reads it there."""
        uri = self.server.uri
        return ("Shows", f"{self.operation.disk} as it is when it begins"), ("Address", uri), *client_lines(uri, False)

    def steps(self) -> Iterator[Step]:
        """Make the scratch file, put the filter under the device, read above it, offer that; hold it."""
        copy, view = self.filter.node, self.view.node
        yield from self.scratch.opened()
        add = command(
            "blockdev-add", driver="copy-before-write", node_name=copy, file=self.root, target=self.scratch.node,
            on_cbw_error="break-snapshot",
        )  # fmt: skip
        yield Send(add, undo=(command("blockdev-del", node_name=copy),))
        cannot = f"{self.operation.disk} cannot be put on a filter while QEMU runs."
        yield Send(self._exchange(copy), undo=(self._exchange(self.root),), refusal=cannot)
        reader = command("blockdev-add", driver="snapshot-access", node_name=view, file=copy)
        yield Send(reader, undo=(command("blockdev-del", node_name=view),))
        yield from self.server.started()
        yield self._offered(self.server.export, view)
        yield self._offered(self.writes.export, self.scratch.node)
        yield Hold(
            f"{self.operation.disk} is shown as it was at {self._clock}: {self.server.uri}",
            "End the view",
            f"The view of {self.operation.disk} has ended, and nothing of it is left.",
            self.server.uri,
            self.writes_uri,
        )

    @property
    def _clock(self) -> str:
        told = self.surroundings.stamp[9:15]
        return ":".join((told[:2], told[2:4], told[4:])) if len(told) == 6 else "its start"

    def _exchange(self, node: str) -> Command:
        told = self.source.device.qdev if self.source.device is not None else ""
        path = told if told.startswith("/") else f"/machine/peripheral/{told}"
        return command("qom-set", path=path, property="drive", value=node)

    def _offered(self, export: str, node: str) -> Send:
        add = command("block-export-add", type="nbd", id=export, node_name=node, name=export, writable=False)
        return Send(add, undo=(command("block-export-del", id=export, mode="hard"),))

    def predict(self) -> State:
        """The state while it is held."""
        opened, copy, view = self.scratch.as_state(0), self.filter.node, self.view.node
        size = self.source.size
        made = [
            Node(copy, "copy-before-write", Kind.FILTER, virtual_size=size),
            Node(view, "snapshot-access", Kind.FILTER, virtual_size=size),
        ]
        edges = [Edge(copy, self.root, "file"), Edge(copy, self.scratch.node, "target"), Edge(view, copy, "file")]
        devices = tuple(
            replace(device, root=copy) if device == self.source.device else device for device in self.state.devices
        )
        offers = ((self.server.export, view, self.server.uri), (self.writes.export, self.scratch.node, self.writes_uri))
        exports = (
            root.Export(name, "nbd", node, name, uri, False, listen=self.server.listen) for name, node, uri in offers
        )
        graph = opened.graph.with_nodes(made, edges)
        return replace(opened, graph=graph, devices=devices, exports=(*self.state.exports, *exports))
