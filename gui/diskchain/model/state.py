"""One machine's block layer at one moment."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from functools import cached_property

from diskchain.model.graph import BlockGraph
from diskchain.model.job import Job
from diskchain.model.naming import Naming
from diskchain.model.node import Kind
from diskchain.model.root import Device, Export
from diskchain.model.words import duration

OPERABLE = frozenset(
    {"running", "paused", "prelaunch", "io-error", "suspended", "debug", "watchdog", "guest-panicked", ""}
)
"""Run states in which the graph may be changed (`RunState` in qapi/run-state.json)."""

INOPERABLE = {
    "inmigrate": "a guest is to move in, and its disks are not its own yet.",
    "finish-migrate": "its guest is moving away, and its disks with it.",
    "postmigrate": "its guest has moved away, and its disks are the other side's now.",
    "colo": "it is one of two that run alike (COLO), and its disks follow the other one's.",
    "save-vm": "an internal snapshot is being made (savevm). Wait until it is done.",
    "restore-vm": "an internal snapshot is being loaded, or loading it has failed (loadvm). Where it has failed and nothing was"
    " loaded, let the guest go on (cont); else load one again, or reset the guest.",
    "shutdown": "its guest has ended. Reset it, or end QEMU.",
    "internal-error": "QEMU met an error from which the guest cannot go on. Reset it.",
}
"""The other run states -> why the graph must not be changed, and what to do where something can be done."""

LATEST = 1 << 35
"""Seconds since 1970: a thousand years from now, which every clock can show."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """The moment of a recording that is shown.

    :ivar began: when the recording was begun, in seconds since 1970; None: it does not tell. `at`: seconds since then.
    :ivar last: whether nothing comes after it.
    """

    began: float | None
    at: float
    last: bool = True

    @property
    def time(self) -> str:
        """The local time, `2026-11-28 13:20:42`; empty where it is not known."""
        if self.began is None or not 0 <= self.began + self.at < LATEST:
            return ""
        return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(self.began + self.at))

    @property
    def sentence(self) -> str:
        """For people: `Shown is its last moment, 42 s in: 2026-11-28 13:20:42`, and a full stop."""
        which = "its last moment" if self.last else "a moment of it"
        return f"Shown is {which}, {duration(self.at)} in{f': {self.time}' if self.time else ''}."


@dataclass(frozen=True, slots=True)
class Machine:
    """What the block layer belongs to.

    :ivar name: the guest's name (`-name`), or the end of the target where it has none.
    :ivar qemu: version, `10.0.2`. `status`: `RunState`; empty for a storage daemon, which has none.
    :ivar target: as the user wrote it.
    :ivar commands: names of the commands this server has (`query-commands`); None = not known.
    :ivar managed: who manages this machine (`libvirt`, `Proxmox VE`); empty: nobody that we could see.
    :ivar recorded: the moment at which all this was so, where it comes from a recording; None: it is so now.
    """

    name: str = ""
    qemu: str = ""
    status: str = ""
    target: str = ""
    commands: frozenset[str] | None = None
    managed: str = ""
    pid: int | None = None
    recorded: Recorded | None = None

    @property
    def version(self) -> tuple[int, ...]:
        """The first two numbers of QEMU's version; empty: it is not known."""
        return tuple(int(part) for part in re.findall(r"\d+", self.qemu)[:2])

    @property
    def daemon(self) -> bool:
        """Whether this is a qemu-storage-daemon: it has no guest and so no `query-status`."""
        return self.commands is not None and "query-status" not in self.commands


@dataclass(frozen=True)
class State:
    """Everything that is known of one machine's block layer at one moment; replaced whole, never changed.

    :ivar reduced: why the look was kept smaller than usual (the deadly-stream rule); empty: it was whole.
    :ivar jobs_known: False where the jobs could not be asked.
    """

    machine: Machine = field(default_factory=Machine)
    graph: BlockGraph = field(default_factory=BlockGraph)
    devices: tuple[Device, ...] = ()
    jobs: tuple[Job, ...] = ()
    exports: tuple[Export, ...] = ()
    reduced: str = ""

    @cached_property
    def naming(self) -> Naming:
        """What sentences call the nodes."""
        return Naming(self.graph)

    def active_of(self, device: Device) -> str | None:
        """The format node that a device writes to, under any filters."""
        return self.graph.through(device.root)

    @cached_property
    def active(self) -> frozenset[str]:
        """Names of the nodes that guest devices write to."""
        return frozenset(name for device in self.devices if (name := self.active_of(device)) is not None)

    @cached_property
    def _roots(self) -> dict[str, list[Device]]:
        roots: dict[str, list[Device]] = {}
        for device in self.devices:
            if (name := self.active_of(device)) is not None:
                roots.setdefault(name, []).append(device)
        return roots

    def devices_on(self, name: str) -> tuple[Device, ...]:
        """Devices whose active node this is."""
        return tuple(self._roots.get(name, ()))

    @cached_property
    def _above(self) -> dict[str, list[Device]]:
        above: dict[str, list[Device]] = {}
        for device in self.devices:
            for name in self.graph.chain(device.root) if device.root is not None else ():
                above.setdefault(name, []).append(device)
        return above

    def devices_above(self, name: str) -> tuple[Device, ...]:
        """Devices in whose chain this node is."""
        return tuple(self._above.get(name, ()))

    def device(self, name: str) -> Device | None:
        """The device with this id, qdev path or drive name, matched exactly."""
        return self._called.get(name) if name else None

    @cached_property
    def _called(self) -> dict[str, Device]:
        called: dict[str, Device] = {}
        for device in self.devices:
            for name in (device.name, device.qdev, device.drive):
                called.setdefault(name, device)
        return called

    @cached_property
    def taken(self) -> frozenset[str]:
        """Names that no new node can have: of nodes, devices and drives."""
        return frozenset(self.graph.nodes).union(word for each in self.devices for word in (each.name, each.drive))

    def job(self, name: str) -> Job | None:
        """The job with this id."""
        return next((job for job in self.jobs if job.id == name), None)

    def jobs_on(self, names: frozenset[str] | set[str]) -> tuple[Job, ...]:
        """Jobs that work on any of these nodes, or hold a filter above one of them."""
        return tuple(job for job in self.jobs if names.intersection(job.node_names))

    def exports_on(self, names: frozenset[str] | set[str]) -> tuple[Export, ...]:
        """Exports of any of these nodes, under filters as well."""
        return tuple(e for e in self.exports if e.node in names or self.graph.through(e.node) in names)

    def tops(self) -> tuple[str, ...]:
        """The upper ends of all chains in a stable order: devices' active nodes first, then nodes nobody is backed by."""
        found = dict.fromkeys(name for device in self.devices if (name := self.active_of(device)) is not None)
        for name, node in self.graph.nodes.items():
            folded = node.kind is Kind.FILTER or self.graph.is_leftover_child(name)
            if not folded and not self.graph.overlays(name):
                found.setdefault(name)
        return tuple(found)
