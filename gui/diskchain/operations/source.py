"""The disk that is copied. Mirror and backup share it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from diskchain.model.root import Device
from diskchain.model.state import State
from diskchain.operations.chains import is_encrypted, jobs_on, listed, root_of
from diskchain.operations.operation import Objection


@dataclass(frozen=True)
class Source:
    """A disk of one state, by its device's name, qdev id or drive name."""

    state: State
    name: str

    @cached_property
    def device(self) -> Device | None:
        """The device; None: there is none of this name."""
        return self.state.device(self.name)

    @cached_property
    def active(self) -> str:
        """The image that it writes to; empty: there is none."""
        return (self.state.active_of(self.device) if self.device is not None else None) or ""

    @cached_property
    def root(self) -> str:
        """The node that a job is told: the topmost, with filters that somebody put above the active image."""
        return root_of(self.state.graph, self.active)

    @property
    def chain(self) -> tuple[str, ...]:
        """Its images, from the active one down."""
        return self.state.graph.chain(self.active)

    @property
    def size(self) -> int | None:
        """Bytes that the guest sees; None: not known."""
        return self.state.graph.nodes[self.active].virtual_size

    @property
    def direct(self) -> bool:
        """Whether it goes past the host's cache."""
        cache = self.state.graph.nodes[self.active].facts.get("cache")
        return isinstance(cache, dict) and cache.get("direct") is True

    def allocated(self, names: Iterable[str]) -> int | None:
        """Bytes that these images hold, at most the whole disk; None: not known."""
        sizes = [self.state.graph.nodes[name].allocated for name in names]
        return None if None in sizes else min(sum(size or 0 for size in sizes), self.size or 1 << 62)

    def wrong(self) -> Iterator[Objection]:
        """Why it cannot be copied by a job; the first ends it where there is no such disk."""
        if self.device is None:
            yield Objection(f"There is no disk {self.name} here.")
            return
        if not self.active:
            yield Objection(f"{self.name} has no medium.")
            return
        yield from jobs_on(self.state, (*self.chain, self.root))
        if overlays := self.state.graph.overlays(self.active):
            yield Objection(
                f"{self.active} is also the backing image of {listed(overlays)}: QEMU starts no job on it then."
            )
        if self.size is None:
            yield Objection(f"The size of {self.active} is not known, so no copy of the same size can be made.")
        elif not self.size:
            yield Objection(f"{self.active} has no bytes (its size is 0): there is nothing to copy.")

    def encrypted(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those of these images that are encrypted."""
        return tuple(name for name in names if is_encrypted(self.state.graph.nodes[name]))


def users_of(state: State, name: str) -> list[str]:
    """Who has to do with a node: nodes above it, devices, exports, jobs."""
    users = [edge.parent for edge in state.graph.parents(name)]
    users += [device.name for device in state.devices if device.root == name]
    return users + [export.id for export in state.exports_on({name})] + [job.id for job in state.jobs_on({name})]
