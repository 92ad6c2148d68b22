"""Stream: pull the data of images below up into an overlay, which then needs them no more (`block-stream`).

Images that leave the chain stay valid. Our streams run with `auto-finalize` off and dismiss themselves: a stream that waits to
be dismissed would make a look at the nodes deadly for some versions of QEMU.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import ClassVar

from diskchain.model.graph import BlockGraph
from diskchain.model.state import State
from diskchain.operations.chains import (
    bitmap_notes,
    exports_on,
    filters_between,
    header_format,
    header_name,
    jobs_on,
    listed,
    path_of,
    shows_through,
    stored,
    unencrypted,
)
from diskchain.operations.keys import Keys, without_defaults
from diskchain.operations.operation import Concerns, Drag, Objection, Offer
from diskchain.operations.preview import Draft
from diskchain.operations.rewriting import not_writable, relative_down, subclustered, unnameable, unwritable
from diskchain.operations.steps import Free, Send, Step, Wait
from diskchain.operations.surroundings import Surroundings
from diskchain.qapi.command import command

_NAMED = 3
"""Images that a title names; of more it says how many."""


@dataclass(frozen=True)
class Stream:
    """Pull what lies below `node`, down to but without `base`, up into `node`.

    :ivar base: the node that stays as its backing; empty: the whole chain is pulled and nothing stays below.
    :ivar close: close the nodes it takes out of the chain. `speed`: limit in bytes per second; 0 = none.
    """

    node: str
    base: str = ""
    close: bool = True
    speed: int = 0

    name: ClassVar[str] = "stream"
    known: ClassVar[tuple[str, ...]] = ("node", "base", "close", "speed")

    @classmethod
    def read(cls, keys: Keys) -> Stream:
        """From the words of the command line. :raises UsageError: one is missing, or is not understood."""
        return cls(keys.needed("node"), keys.word("base"), keys.yes("close", True), keys.size("speed"))

    def keys(self) -> Mapping[str, str]:
        """The keys as the command line writes them."""
        close = "yes" if self.close else "no"
        told = {"node": self.node, "base": self.base, "close": close, "speed": str(self.speed)}
        return without_defaults(told, close="yes", speed="0")

    @classmethod
    def offered(cls, state: State, drag: Drag) -> tuple[Offer, ...]:
        """Offers for a node dropped on an overlay above it: pull it too; or only what lies between and keep it as backing."""
        chain = state.graph.chain(drag.target)
        if drag.source not in chain[1:]:
            return ()
        found = [cls(drag.target, state.graph.backing(drag.source) or "")]
        if state.graph.backing(drag.target) != drag.source:
            found.append(cls(drag.target, drag.source))
        return tuple(operation.offer(state) for operation in found)

    def offer(self, state: State) -> Offer:
        """This stream as an offer, with its reason against it where there is one."""
        refused = next(_impossible(state.graph, self.node, self.base), None)
        if refused is not None:
            return Offer(self, "Pull in here", f"Stream into {self.node}", refused)
        # Not the whole draft: a menu on a long chain has hundreds of offers.
        against = next(self._objections(state, Surroundings()), None)
        return Offer(self, "Pull in here", self._title(state.graph), against.text if against else "")

    def concerns(self, state: State) -> Concerns:
        """The folder of the node that is filled."""
        node = state.graph.nodes.get(self.node)
        path = node.file if node else None
        folders = (posixpath.dirname(path),) if path else ()
        return Concerns(folders=folders, held=state.graph.files(state.graph.chain(self.node)))

    def draft(self, state: State, surroundings: Surroundings) -> Draft:
        """Judge, plan and predict."""
        graph = state.graph
        refused = next(_impossible(graph, self.node, self.base), None)
        if refused is not None:
            return Draft(f"Stream into {self.node}", "Stream", objections=(Objection(refused),))
        dropped = self._dropped(graph)
        path = path_of(graph.nodes[self.node], surroundings.cwd) or ""
        sizes = [graph.nodes[name].allocated for name in dropped]
        limit = graph.nodes[self.node].virtual_size
        known = None if None in sizes else sum(size for size in sizes if size is not None)
        keeps = f"{self.node} then backs onto {self.base}" if self.base else f"{self.node} then stands alone"
        return Draft(
            title=self._title(graph),
            verb=f"Pull into {self.node}",
            objections=tuple(self._objections(state, surroundings)),
            warnings=tuple(self._warnings(state, surroundings)),
            steps=self._steps(state, surroundings),
            moves=known if known is None or limit is None else min(known, limit),
            changed=stored(graph, (self.node,), surroundings.cwd),
            closes=self._closing(state),
            stop=f"nothing is lost; {self.node} has grown, and a new stream can go on from there",
            target=posixpath.dirname(path),
            confirm=tuple(self._confirm(state)),
            flow=(dropped[-1], self.node),
            facts=(("Afterwards", keeps), ("Images that leave", "stay valid")),
            loose=dropped,
            after=self._predict(state, surroundings),
        )

    def _title(self, graph: BlockGraph) -> str:
        dropped = self._dropped(graph)
        what = listed(dropped) if len(dropped) <= _NAMED else f"{len(dropped)} images, {dropped[0]} to {dropped[-1]},"
        return f"Pull {what} into {self.node}"

    def _dropped(self, graph: BlockGraph) -> tuple[str, ...]:
        below = graph.chain(self.node)[1:]
        return below[: below.index(self.base)] if self.base else below

    def _closing(self, state: State) -> tuple[str, ...]:
        """From the top down, as far as nobody else backs onto a node and no bitmap keeps it (and with it all below) open."""
        graph, dropped = state.graph, self._dropped(state.graph)

        def unused(name: str) -> bool:
            others = set(graph.overlays(name)) - {self.node, *dropped}
            return not (others or graph.nodes[name].named_bitmaps or state.devices_on(name))

        return tuple(takewhile(unused, dropped)) if self.close else ()

    def _objections(self, state: State, surroundings: Surroundings) -> Iterator[Objection]:
        graph, dropped = state.graph, self._dropped(state.graph)
        concerned = (self.node, *dropped, *((self.base,) if self.base else ()))
        yield from jobs_on(state, concerned)
        yield from exports_on(state, concerned, "streamed")
        yield from filters_between(state, (*dropped, *((self.base,) if self.base else ())))
        yield from subclustered(graph, self.node)
        header = self._header(state, surroundings) or ""
        yield from unwritable(graph, self.node, header, header_format(graph.nodes[self.base]) if self.base else "")
        if not self.base:
            return
        yield from unnameable(graph, self.base)
        yield from shows_through(graph, self.node, dropped[0], self.base, "Pull the whole chain instead.")
        for name in (self.node, self.base):
            if path_of(graph.nodes[name], surroundings.cwd) is None:
                yield Objection(f"The file of {name} is not known, so the header of {self.node} cannot be written.")

    def _warnings(self, state: State, surroundings: Surroundings) -> Iterator[str]:
        dropped = self._dropped(state.graph)
        own = {self.node, *dropped}
        for name in (self.node, *dropped):
            path = path_of(state.graph.nodes[name], surroundings.cwd)
            if path and path in surroundings.spoilt:
                yield f"{path}: {surroundings.spoilt[path]}"
        others = [above for name in dropped for above in state.graph.overlays(name) if above not in own]
        if others:
            yield f"{listed(others)} still backs onto what is pulled; those images stay open."

    def _confirm(self, state: State) -> Iterator[str]:
        yield from bitmap_notes(
            state, self._dropped(state.graph), "leaves the chain with its image and stops recording"
        )
        yield from unencrypted(state.graph, self._dropped(state.graph), self.node)
        if snapshots := state.graph.nodes[self.node].snapshots:
            yield f"The internal snapshot {listed(snapshots)} in {self.node} loses what it read from the images below."

    def _header(self, state: State, surroundings: Surroundings) -> str | None:
        if not self.base:
            return None
        own, below = (path_of(state.graph.nodes[name], surroundings.cwd) for name in (self.node, self.base))
        relative = relative_down(state.graph, self.node, self.base)
        return header_name(own or "", below or "", relative, surroundings.real)

    def _steps(self, state: State, surroundings: Surroundings) -> tuple[Step, ...]:
        job = f"diskchain-{surroundings.serial}"
        start = command(
            "block-stream",
            job_id=job,
            device=self.node,
            base_node=self.base or None,
            backing_file=self._header(state, surroundings),
            speed=self.speed or None,
            auto_finalize=False,
        )
        cancel = (command("job-cancel", id=job),)
        closing = self._closing(state)
        held = stored(state.graph, filter(None, (self.node, self.base)), surroundings.cwd)
        return (
            Send(start, perhaps=not_writable(state.graph, self.node)),
            Wait(job, "pending", cancel, held=held),
            Free((), held, job, cancel),
            Send(command("job-finalize", id=job)),
            Wait(job, "gone", cancel),
            *(Send(command("blockdev-del", node_name=name), tidy=True) for name in closing),
        )

    def _predict(self, state: State, surroundings: Surroundings) -> State:
        dropped = self._dropped(state.graph)
        node = state.graph.nodes[self.node]
        grown = (node.allocated or 0) + sum(state.graph.nodes[name].allocated or 0 for name in dropped)
        header = self._header(state, surroundings)
        base_format = header_format(state.graph.nodes[self.base]) if self.base else None
        made = replace(
            node,
            allocated=min(grown, node.virtual_size or grown),
            header_backing=header,
            header_backing_format=base_format,
        )
        graph = state.graph.rewired(self.node, "backing", self.base or None).with_nodes([made])
        roots = {device.root for device in state.devices}

        def unused(name: str) -> bool:
            return name not in roots and all(edge.parent in dropped for edge in graph.parents(name))

        return replace(state, graph=graph.without(takewhile(unused, dropped)))


def _impossible(graph: BlockGraph, node: str, base: str) -> Iterator[str]:
    """Why there is nothing to stream, in one sentence; nothing where there is."""
    for name in (node, base):
        if name and name not in graph.nodes:
            yield f"There is no node {name} here."
            return
    below = graph.chain(node)[1:]
    if graph.chain(node)[:1] != (node,):
        yield f"{node} is a filter: name the image below it."
    elif base == node:
        yield f"{node} cannot be streamed into itself."
    elif not below:
        yield f"{node} has no backing image: there is nothing to pull."
    elif base and base not in below:
        why = f"lies above {node}: data can only be pulled upwards"
        why = why if node in graph.chain(base)[1:] else f"is not below {node} in its chain"
        yield f"{base} {why}."
    elif base and base == below[0]:
        yield f"{node} already backs onto {base}: there is nothing between them to pull."
