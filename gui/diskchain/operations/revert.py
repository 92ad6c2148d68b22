"""Revert: have disks of a running machine go back to earlier images, all as one act (`qom-set drive`, then `system_reset`).

A disk goes on in a new, empty overlay on the image it goes back to, so that this one can be returned to again. The branch that it
leaves stays as it is at that moment. What the guest has in memory speaks of the branch that is left: it stands still from before
the first exchange, and is reset right after the last.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from diskchain.model.state import State
from diskchain.operations.chains import listed
from diskchain.operations.going_back import disks_of
from diskchain.operations.keys import Keys, without_defaults
from diskchain.operations.operation import Concerns, Offer
from diskchain.operations.preview import Draft
from diskchain.operations.reverting import Reverting
from diskchain.operations.surroundings import Surroundings


@dataclass(frozen=True)
class Revert:
    """Go back to these nodes, one for each disk.

    :ivar to: node-names: images below the disks' active ones, or of branches that were left before.
    :ivar restart: let a guest that ran start again. `keep`: keep the branches that are left: their nodes stay open, and they are
        remembered. `dir`: folder of the new files; empty: beside each active image.
    """

    to: tuple[str, ...]
    restart: bool = True
    keep: bool = True
    dir: str = ""

    name: ClassVar[str] = "revert"
    known: ClassVar[tuple[str, ...]] = ("to", "restart", "keep", "dir")

    @classmethod
    def read(cls, keys: Keys) -> Revert:
        """From the words of the command line. :raises UsageError: one is missing, or is not understood."""
        keys.needed("to")
        return cls(keys.list_of("to"), keys.yes("restart", True), keys.yes("keep", True), keys.path("dir"))

    def keys(self) -> Mapping[str, str]:
        """The keys as the command line writes them."""
        told = {
            "to": ",".join(self.to),
            "restart": "yes" if self.restart else "no",
            "keep": "yes" if self.keep else "no",
        }
        return without_defaults(told | {"dir": self.dir}, restart="yes", keep="yes")

    @classmethod
    def offered(cls, state: State, node: str) -> tuple[Offer, ...]:
        """The offer for an image that some disk can go back to; none where the node is of no disk, or the one in use."""
        return () if node in state.active or not disks_of(state, node) else (cls((node,)).offer(state),)

    @classmethod
    def offered_for_all(cls, state: State) -> tuple[Offer, ...]:
        """The offer to go back by one image on all disks at once; none where fewer than two disks could."""
        tops = [name for name in state.active if not state.graph.nodes[name].read_only]
        below = tuple(sorted({lower for name in tops if (lower := state.graph.backing(name)) is not None}))
        return (cls(below).offer(state),) if len(below) > 1 else ()

    def offer(self, state: State) -> Offer:
        """This revert as an offer, with its reason against it where there is one."""
        first = next(self._plan(state, Surroundings()).objections(), None)
        return Offer(self, "Go back here", f"Go back to {listed(self.to)}", first.text if first else "")

    def _plan(self, state: State, surroundings: Surroundings) -> Reverting:
        return Reverting(self.to, self.restart, self.keep, self.dir, state, surroundings)

    def concerns(self, state: State) -> Concerns:
        """The folders of the new files; what their headers name must be what QEMU has open."""
        plan = self._plan(state, Surroundings())
        folders = tuple(dict.fromkeys(posixpath.dirname(layer.path) for layer in plan.layers if layer.path))
        return Concerns(folders=folders, held=state.graph.files(layer.back.to for layer in plan.layers))

    def draft(self, state: State, surroundings: Surroundings) -> Draft:
        """Judge, plan and predict."""
        plan, title = self._plan(state, surroundings), f"Go back to {listed(self.to)}"
        if objections := tuple(plan.objections()):
            return Draft(title, "Go back", objections=objections)
        again = "and started again" if plan.runs and self.restart else "and not started"
        return Draft(
            title=title,
            verb="Reset and go back",
            warnings=tuple(plan.warnings()),
            steps=plan.steps(),
            moves=0,
            created=tuple(layer.path for layer in plan.layers),
            closes=plan.closing,
            stop="before the reset, all is taken back and the guest goes on; if the line breaks, the guest may be left stopped",
            guest=f"is {'stopped, ' if plan.runs else ''}reset {again}; what it has in memory is lost",
            target=posixpath.dirname(plan.layers[0].path),
            confirm=tuple(plan.confirm()),
            facts=plan.facts(),
            loose=plan.left,
            kept=plan.files_left if self.keep else (),
            rejoined=tuple(path for layer in plan.layers for path in layer.back.files),
            after=plan.predict(),
        )
