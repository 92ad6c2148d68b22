"""Export: offer a node to other programs over NBD, on a server of ours that stops with the last export.

A machine has one NBD server, and QEMU tells neither whether it runs nor where it listens: what we started is remembered.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

from diskchain.model import root
from diskchain.model.bitmap import Bitmap
from diskchain.model.nbd import ADDRESS, client_lines
from diskchain.model.state import State
from diskchain.operations.chains import listed, path_of, unique
from diskchain.operations.keys import Keys, without_defaults
from diskchain.operations.operation import Concerns, Objection, Offer
from diskchain.operations.preview import Draft
from diskchain.operations.server import Server, deadly_to_read
from diskchain.operations.steps import Send, Step
from diskchain.operations.surroundings import Surroundings
from diskchain.qapi.command import command

_ID = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,200}")
"""Ids that QEMU takes (`id_wellformed` in QEMU's util/id.c)."""


@dataclass(frozen=True)
class Export:
    """Offer `node` under a name.

    :ivar label: its name and its id (`name=`); empty: the node's. `listen`: absolute path of a unix socket, or HOST:PORT; empty:
        the server that we started before, else a socket in a private folder.
    :ivar tls: id of QEMU's TLS credentials. `writable`: clients may write. `bitmap`: the dirty bitmap that clients may read too.
    """

    node: str
    label: str = ""
    listen: str = ""
    tls: str = ""
    writable: bool = False
    bitmap: str = ""

    name: ClassVar[str] = "export"
    known: ClassVar[tuple[str, ...]] = ("node", "name", "listen", "tls", "writable", "bitmap")

    @classmethod
    def read(cls, keys: Keys) -> Export:
        """From the words of the command line. :raises UsageError: one is missing, or is not understood."""
        told = keys.word("listen")
        listen = told if ADDRESS.fullmatch(told) else keys.path("listen")
        words = keys.word("tls"), keys.yes("writable"), keys.word("bitmap")
        return cls(keys.needed("node"), keys.word("name"), listen, *words)

    def keys(self) -> Mapping[str, str]:
        """The keys as the command line writes them."""
        told = {"node": self.node, "name": self.label, "listen": self.listen, "tls": self.tls}
        told |= {"writable": "yes" if self.writable else "no", "bitmap": self.bitmap}
        return without_defaults(told, writable="no")

    def offer(self, state: State) -> Offer:
        """This export as an offer, with its reason against it where there is one."""
        plan = _Plan(self, state, Surroundings())
        first = next(plan.objections(), None)
        return Offer(self, "Export", f"Export {self.node} over NBD", first.text if first else "")

    def concerns(self, state: State) -> Concerns:
        """The folder of the socket."""
        folder = posixpath.dirname(self.listen) if self.listen.startswith("/") else ""
        return Concerns(folders=(folder,) if folder else (), sockets=not self.listen, threads=True)

    def draft(self, state: State, surroundings: Surroundings) -> Draft:
        """Judge, plan and predict."""
        plan = _Plan(self, state, surroundings)
        objections = tuple(plan.objections())
        draft = Draft(
            f"Export {self.node} as {plan.id}", f"Export {self.node}", objections=objections, about=(self.node,)
        )
        if objections:
            return draft
        return replace(
            draft,
            warnings=tuple(plan.warnings()),
            confirm=tuple(plan.confirm()),
            steps=tuple(plan.steps()),
            stop="nothing: it is offered, or it is not",
            facts=plan.facts(),
            uri=plan.server.uri,
            after=replace(state, exports=(*state.exports, plan.made)),
        )


@dataclass(frozen=True)
class _Plan:
    """An export on one state, all names fixed."""

    operation: Export
    state: State
    surroundings: Surroundings

    @cached_property
    def id(self) -> str:
        """The export's id, which is also its name."""
        wanted = re.sub(r"[^A-Za-z0-9._-]", "-", self.operation.node)
        wanted = wanted if _ID.fullmatch(wanted) else f"node-{wanted.lstrip('-')}"
        return self.operation.label or unique(wanted, {export.id for export in self.state.exports}, longest=31)

    @cached_property
    def server(self) -> Server:
        """The server that it is offered on."""
        return Server(self.state, self.surroundings, self.id, self.operation.listen, self.operation.tls)

    @property
    def made(self) -> root.Export:
        """The export as it will be."""
        told = self.operation
        return root.Export(
            self.id, "nbd", told.node, self.id, self.server.uri, told.writable, listen=self.server.listen
        )

    @property
    def bitmap(self) -> tuple[str, Bitmap] | None:
        """The node that has the bitmap, and the bitmap: QEMU looks for it down the chain."""
        graph = self.state.graph
        for name in graph.chain(self.operation.node) or (self.operation.node,):
            for bitmap in graph.nodes[name].named_bitmaps:
                if bitmap.name == self.operation.bitmap:
                    return name, bitmap
        return None

    def objections(self) -> Iterator[Objection]:
        """Everything that speaks against it."""
        told, node = self.operation, self.state.graph.nodes.get(self.operation.node)
        if node is None:
            yield Objection(f"There is no node {told.node} here.")
            return
        if not _ID.fullmatch(self.id):
            yield Objection(f"{self.id} is no name that QEMU takes: a letter first, then letters, digits, - . and _.")
        elif self.id in {export.id for export in self.state.exports}:
            yield Objection(f"There is an export {self.id} already: say another name=.")
        yield from deadly_to_read(self.state, told.node, self.surroundings)
        if why := self.surroundings.spoilt.get(path_of(node, self.surroundings.cwd) or ""):
            yield Objection(f"{told.node} does not hold what it held: {why}")
        if told.writable:
            yield from self._not_writable()
        if told.bitmap:
            yield from self._no_bitmap()
        yield from self.server.wrong()

    def _not_writable(self) -> Iterator[Objection]:
        """Why clients cannot be let write to the node."""
        name, state = self.operation.node, self.state
        if state.graph.nodes[name].read_only:
            yield Objection(f"{name} is open read-only: it can only be exported to be read.")
        for device in state.devices:
            if state.active_of(device) == name and "write" not in device.shared:
                yield Objection(
                    f"{device.name} writes to {name} and does not share that (share-rw=on): export it to be read."
                )
        for edge in state.graph.parents(name):
            if "write" not in edge.shared:
                yield Objection(f"{edge.parent} uses {name} as its {edge.role}: what a client writes would spoil it.")
        for job in state.jobs_on({name}):
            yield Objection(f"The {job.type} job {job.id} works on {name}: wait until it has ended.")

    def _no_bitmap(self) -> Iterator[Objection]:
        """Why clients cannot read the bitmap."""
        wanted, found = self.operation.bitmap, self.bitmap
        if found is None:
            yield Objection(f"Neither {self.operation.node} nor an image below it has a bitmap {wanted}.")
            return
        holder, bitmap = found
        if bitmap.inconsistent:
            yield Objection(f"The bitmap {wanted} was not saved properly: it says nothing any more.")
        elif bitmap.busy:
            yield Objection(f"The bitmap {wanted} is in use by a job or another export.")
        elif bitmap.recording and not self.operation.writable and not self.state.graph.nodes[holder].read_only:
            yield Objection(f"The bitmap {wanted} still records: a read-only export shows only one that is disabled.")

    def warnings(self) -> Iterator[str]:
        """What a user should know beforehand."""
        name, state = self.operation.node, self.state
        if state.devices_on(name):
            yield f"An export follows the disk: after a snapshot it shows what the guest then writes to, not {name}."
        for job in state.jobs_on({name}):
            yield f"The {job.type} job {job.id} works on {name}: readers may see it change."
        yield from self.server.warnings(name)

    def confirm(self) -> Iterator[str]:
        """What wants one more yes."""
        name = self.operation.node
        if self.operation.writable:
            shared = [device.name for device in self.state.devices_on(name)]
            beside = f", while {listed(shared)} writes to it too" if shared else ""
            yield f"Whoever connects can change {name}{beside}."
        yield from self.server.confirm()

    def steps(self) -> Iterator[Step]:
        """Start the server, where ours does not run yet; offer the node."""
        told = self.operation
        yield from self.server.started()
        add = command(
            "block-export-add",
            type="nbd",
            id=self.id,
            node_name=told.node,
            name=self.id,
            writable=told.writable,
            bitmaps=[told.bitmap] if told.bitmap else None,
            allocation_depth=True,
        )
        yield Send(add)

    def facts(self) -> tuple[tuple[str, str], ...]:
        """The lines of the sheet: where it is, and what reads it there."""
        told, uri = self.operation, self.server.uri
        may = "read and write" if told.writable else "read"
        return ("Address", uri), ("Clients may", may), *client_lines(uri, told.writable, told.bitmap)
