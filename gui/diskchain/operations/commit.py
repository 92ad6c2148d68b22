"""Commit: move the data of overlays down into an image below them (`block-commit` in qapi/block-core.json).

A commit changes its base from the first block on. The active layer commits in two phases: it stops when ready, and then the
guest is switched over (pivot) or the job is stopped; a layer further down commits in one.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import ClassVar

from diskchain.model import words
from diskchain.model.graph import BlockGraph
from diskchain.model.paths import absolute
from diskchain.model.state import State
from diskchain.operations.bitmaps import counted_down, going_down, merged_down
from diskchain.operations.chains import (
    bitmap_notes,
    exports_on,
    filters_between,
    header_format,
    header_name,
    images,
    jobs_on,
    listed,
    opened_twice,
    path_of,
    root_of,
    shows_through,
    stored,
    unencrypted,
)
from diskchain.operations.committing import impossible, predicted
from diskchain.operations.keys import Keys, without_defaults
from diskchain.operations.operation import Concerns, Drag, Objection, Offer
from diskchain.operations.preview import Draft
from diskchain.operations.rewriting import (
    cannot_grow,
    not_writable,
    relative_down,
    trial,
    unnameable,
    untried,
    unwritable,
)
from diskchain.operations.spoiling import needing, unagreed
from diskchain.operations.steps import Branch, Choose, Free, Send, Step, Wait
from diskchain.operations.surroundings import Surroundings
from diskchain.qapi.command import command

_NAMED = 3
"""Images that a sentence names; of more it says how many."""


@dataclass(frozen=True)
class Commit:
    """Move what `top` and all overlays between hold down into `base`.

    :ivar finish: `pivot` (switch the guest over when ready) or `ask`; only where the active layer is committed.
    :ivar spoils: images elsewhere that the user agreed to spoil, by path. `close`: close the nodes it takes out of the chain.
    :ivar speed: limit in bytes per second; 0 = none.
    """

    top: str
    base: str
    finish: str = "ask"
    spoils: tuple[str, ...] = ()
    close: bool = True
    speed: int = 0

    name: ClassVar[str] = "commit"
    known: ClassVar[tuple[str, ...]] = ("top", "base", "finish", "spoils", "close", "speed")

    @classmethod
    def read(cls, keys: Keys) -> Commit:
        """From the words of the command line. :raises UsageError: one is missing, or is not understood."""
        top, base, finish = keys.needed("top"), keys.needed("base"), keys.one_of("finish", "ask", "pivot")
        return cls(top, base, finish, keys.paths("spoils"), keys.yes("close", True), keys.size("speed"))

    def keys(self) -> Mapping[str, str]:
        """The keys as the command line writes them."""
        told = {"top": self.top, "base": self.base, "finish": self.finish, "close": "yes" if self.close else "no"}
        told |= {"spoils": ",".join(path.replace(",", ",,") for path in self.spoils), "speed": str(self.speed)}
        return without_defaults(told, finish="ask", close="yes", speed="0")

    @classmethod
    def offered(cls, state: State, drag: Drag) -> Offer | None:
        """The offer for an overlay dropped on a node below it; None where the gesture means something else."""
        chain = state.graph.chain(drag.source)
        if drag.target not in chain[1:]:
            return None
        operation = cls(drag.source, drag.target)
        refused = next(impossible(state.graph, drag.source, drag.target), None)
        if refused is not None:
            return Offer(operation, "Commit here", f"Commit {drag.source} into {drag.target}", refused)
        # Not the whole draft: a menu on a long chain has hundreds of offers.
        files = operation._files(state.graph, "")
        against = next(operation._objections(state, Surroundings(), files), None)
        return Offer(operation, "Commit here", operation._title(state.graph), against.text if against else "")

    def concerns(self, state: State) -> Concerns:
        """The images whose contents change, and the folder of the base."""
        graph = state.graph
        if self.base not in graph.chain(self.top)[1:]:
            return Concerns()
        known, above = graph.files(self._concerned(graph)), graph.files(graph.overlays(self.top))
        folders = tuple({posixpath.dirname(path): None for path in known})
        return Concerns(images=known, folders=folders, held=(*known, *above), written=self._reopened(graph))

    def _reopened(self, graph: BlockGraph) -> tuple[str, ...]:
        """The files of the overlay above, where QEMU opens them for writing only when the job ends."""
        return graph.files(name for name in graph.overlays(self.top)[:1] if graph.nodes[name].read_only)

    def _leaving(self, graph: BlockGraph) -> tuple[str, ...]:
        """From the top down to just above the base."""
        chain = graph.chain(self.top)
        return chain[: chain.index(self.base)]

    def _concerned(self, graph: BlockGraph) -> tuple[str, ...]:
        return (*self._leaving(graph), self.base)

    def _changing(self, graph: BlockGraph) -> tuple[str, ...]:
        """What alone no longer holds what it held from the first block on: the base, and all between.

        Through the top all reads as before, at each moment: what the base lacks, it still has itself.
        """
        return self._concerned(graph)[1:]

    def _no_way_back(self, graph: BlockGraph) -> str:
        """What stays as it is when it does not come to its end, in words."""
        between = self._changing(graph)[:-1]
        if not between:
            return f"{self.base} does not go back to what it was"
        those = listed(reversed(between)) if len(between) <= _NAMED else f"the {len(between)} images between"
        return f"{self.base} does not go back to what it was, nor {'does' if len(between) == 1 else 'do'} {those}"

    def _title(self, graph: BlockGraph) -> str:
        return f"Commit {images(len(self._leaving(graph)))} into {self.base}"

    def _files(self, graph: BlockGraph, cwd: str) -> dict[str, str | None]:
        """The files of all images concerned, those directly above the top included."""
        names = (*self._concerned(graph), *graph.overlays(self.top))
        return {name: path_of(graph.nodes[name], cwd) for name in names}

    def _header(self, graph: BlockGraph, name: str, files: Mapping[str, str | None], real: Mapping[str, str]) -> str:
        """What the header of an overlay above the top says afterwards."""
        relative = relative_down(graph, name, self.base)
        return header_name(files[name] or "", files[self.base] or "", relative, real)

    def _headers(
        self, graph: BlockGraph, files: Mapping[str, str | None], surroundings: Surroundings
    ) -> dict[str, str]:
        """Overlay above the top -> what its header says afterwards."""
        return {name: self._header(graph, name, files, surroundings.real) for name in graph.overlays(self.top)}

    def draft(self, state: State, surroundings: Surroundings) -> Draft:
        """Judge, plan and predict."""
        graph = state.graph
        refused = next(impossible(graph, self.top, self.base), None)
        if refused is not None:
            return Draft(f"Commit {self.top} into {self.base}", "Commit", objections=(Objection(refused),))
        leaving, above = self._leaving(graph), graph.overlays(self.top)
        files = self._files(graph, surroundings.cwd)
        changed = [*stored(graph, (self.base,), surroundings.cwd), *(files[name] for name in above)]
        attached = bool(above) or bool(state.devices_on(self.top))
        sizes = [graph.nodes[name].allocated for name in leaving]
        limit = graph.nodes[self.top].virtual_size
        known = None if None in sizes else sum(size for size in sizes if size is not None)
        return Draft(
            title=self._title(graph),
            verb=f"Commit {images(len(leaving))}",
            objections=tuple(self._objections(state, surroundings, files)),
            warnings=tuple(self._warnings(state, surroundings, attached)),
            steps=self._steps(state, surroundings, files),
            moves=known if known is None or limit is None else min(known, limit),
            changed=tuple(dict.fromkeys(path for path in changed if path)),
            invalid=(*stored(graph, leaving, surroundings.cwd), *self._agreed(surroundings)),
            closes=self._closing(state, attached),
            unfinished=tuple(path for name in self._changing(graph) if (path := files[name])),
            stop=f"the {'chain' if state.machine.daemon else 'disk'} stays right; {self._no_way_back(graph)}",
            target=posixpath.dirname(files[self.base] or ""),
            confirm=tuple(self._confirm(state)),
            flow=(self.top, self.base),
            facts=(self._finish_fact(state), *self._bitmap_facts(state)),
            marks=tuple(counted_down(graph.nodes[self.top], graph.nodes[self.base], surroundings))
            if self._switches(state)
            else (),
            loose=leaving,
            after=predicted(state, self._leaving(graph), self.base, self._headers(graph, files, surroundings))
            if attached
            else state,
        )

    def _switches(self, state: State) -> bool:
        """Whether the guest itself goes on in the base."""
        return bool(state.devices_on(self.top)) and not state.graph.overlays(self.top)

    def _going_down(self, state: State) -> tuple[str, ...]:
        """Names of the bitmaps that go on in the base."""
        top, base = state.graph.nodes[self.top], state.graph.nodes[self.base]
        return tuple(bitmap.name for bitmap in going_down(top, base)) if self._switches(state) else ()

    def _bitmap_facts(self, state: State) -> Iterator[tuple[str, str]]:
        if names := self._going_down(state):
            yield "Bitmaps", f"{listed(names)} continue{'s' if len(names) == 1 else ''} on {self.base}"

    def _staying(self, state: State) -> Iterator[tuple[str, str]]:
        """(image, bitmap) of the bitmaps that stay on images that leave the chain."""
        down = self._going_down(state)
        for name in self._leaving(state.graph):
            for bitmap in state.graph.nodes[name].named_bitmaps:
                if name != self.top or bitmap.name not in down:
                    yield name, bitmap.name

    def _closing(self, state: State, attached: bool) -> tuple[str, ...]:
        """From the top down, as far as no bitmap keeps a node (and with it all below) open."""
        found = self._leaving(state.graph) if self.close and attached else ()
        kept = {name for name, _ in self._staying(state)}
        return tuple(takewhile(lambda name: name not in kept, found))

    def _finish_fact(self, state: State) -> tuple[str, str]:
        """Who ends it, and whether a guest is switched over; where none writes to the chain, none is spoken of."""
        if state.graph.overlays(self.top):
            guest = state.devices_on(root_of(state.graph, self.top))
            return (
                "Switching over",
                f"not needed: {'the guest writes further up' if guest else 'it is not the active image'}",
            )
        if not state.devices_on(self.top):
            return "When ready", "it ends by itself" if self.finish == "pivot" else "you choose: finish, or stop"
        return "Switching over", "by itself when ready" if self.finish == "pivot" else "you choose when it is ready"

    def _objections(
        self, state: State, surroundings: Surroundings, files: Mapping[str, str | None]
    ) -> Iterator[Objection]:
        graph, leaving, above = state.graph, self._leaving(state.graph), state.graph.overlays(self.top)
        if len(above) > 1:
            yield Objection(f"{self.top} is the backing image of {listed(above)} at once: it cannot leave both chains.")
        for upper, lower in zip(leaving, (*leaving[1:], self.base), strict=True):
            if others := [name for name in graph.overlays(lower) if name != upper]:
                yield Objection(f"{lower} is also the backing image of {listed(others)}, which the commit would spoil.")
        for lower in (*(leaving if above else leaving[1:]), self.base):
            if devices := state.devices_on(lower):
                yield Objection(
                    f"{lower} is also used by the disk {devices[0].name}, whose data the commit would change."
                )
        concerned = (*self._concerned(graph), *above[:1])
        yield from jobs_on(state, (*concerned, root_of(graph, self.top)))
        yield from exports_on(state, concerned, "committed")
        yield from filters_between(state, self._concerned(graph))
        yield from self._header_wrong(graph, files, surroundings, above)
        for upper in above[:1]:
            yield from shows_through(graph, upper, self.top, self.base, f"Commit from {upper} on, or pull all into it.")
        if self.finish not in ("ask", "pivot"):
            yield Objection(f"finish={self.finish} is not known: say finish=pivot or finish=ask.")
        yield from cannot_grow(graph, self.base, self.top)
        for lower in self._concerned(graph):
            yield from opened_twice(graph, lower, surroundings)
        if surroundings.readers:
            yield from unagreed(self._fates(state, surroundings), self.spoils)

    def _fates(self, state: State, surroundings: Surroundings) -> dict[str, str]:
        """Images elsewhere that need what the commit changes or leaves invalid, and what becomes of each in a sentence.

        What lies on the top reads as before as long as nobody writes below it.
        """
        graph, cwd, readers = state.graph, surroundings.cwd, surroundings.readers
        own = frozenset(stored(graph, (*self._concerned(graph), *graph.overlays(self.top)), cwd))
        changing = needing(readers, stored(graph, self._changing(graph), cwd), own)
        leaning = needing(readers, stored(graph, (self.top,), cwd), own | frozenset(changing))
        if graph.overlays(self.top) or not state.devices_on(self.top):
            end = f", which is invalid then: it reads as before only until {self.base} changes again."
        else:
            end = f": it would be spoilt once the guest is switched over and writes into {self.base}."
        spoilt = {
            path: f"{path} is {how}, which the commit changes: it would be spoilt." for path, how in changing.items()
        }
        return spoilt | {path: f"{path} is {how}{end}" for path, how in leaning.items()}

    def _header_wrong(
        self, graph: BlockGraph, files: Mapping[str, str | None], surroundings: Surroundings, above: tuple[str, ...]
    ) -> Iterator[Objection]:
        """Why the header of the overlay above could not be rewritten so that it names the base."""
        for name in above[:1]:
            yield from unnameable(graph, self.base)
            if files[self.base] is None or files[name] is None:
                nameless = self.base if files[self.base] is None else name
                yield Objection(f"The file of {nameless} is not known, so the header of {name} cannot be written.")
            header = self._header(graph, name, files, surroundings.real)
            yield from unwritable(graph, name, header, header_format(graph.nodes[self.base]))
            yield from untried(graph, name)

    def _warnings(self, state: State, surroundings: Surroundings, attached: bool) -> Iterator[str]:
        graph = state.graph
        top, base = graph.nodes[self.top], graph.nodes[self.base]
        if top.virtual_size and base.virtual_size and top.virtual_size > base.virtual_size:
            yield f"{self.base} is smaller than {self.top} and is made larger at once; it stays so after a cancel."
        if not attached:
            nobody = "Nothing" if state.machine.daemon else "No guest disk"
            yield f"{nobody} uses {self.top}: its data move down, but it stays open."
        for name in self._concerned(graph):
            path = path_of(graph.nodes[name], surroundings.cwd)
            if path and path in surroundings.spoilt:
                yield f"{path}: {surroundings.spoilt[path]}"
        fates = self._fates(state, surroundings) if self.spoils else {}
        for path in (path for path in self.spoils if path in fates):
            yield f"{fates[path]} You agreed to that."

    def _agreed(self, surroundings: Surroundings) -> Iterator[str]:
        """Images elsewhere that the user agreed to spoil, and that it does spoil."""
        found = {reader for readers in surroundings.readers.values() for reader in readers}
        return (path for path in self.spoils if path in found)

    def _confirm(self, state: State) -> Iterator[str]:
        graph, leaving = state.graph, self._leaving(state.graph)
        kept = ", but keeps its node open outside the chain" if self.close else ""
        for name, bitmap in self._staying(state):
            yield f"The bitmap {bitmap} on {name} stays behind there and stops recording{kept}."
        yield from unencrypted(graph, leaving, self.base)
        old, new = graph.nodes[self.top].virtual_size or 0, graph.nodes[self.base].virtual_size or 0
        if new > old and state.devices_on(self.top):
            yield (
                f"{self.base} is larger than {self.top}: once switched over, the guest's disk has {words.size(new)} instead of"
                f" {words.size(old)}, with the old data of {self.base} in what is added."
            )
        yield from bitmap_notes(state, (self.base,), "also records the blocks that the commit writes")
        for name in (*leaving, self.base):
            if snapshots := graph.nodes[name].snapshots:
                fate = "is no longer to be relied on"
                if name == self.base:
                    fate = "keeps what it held; what the commit writes over takes room once more"
                yield f"The internal snapshot {listed(snapshots)} in {name} {fate}."

    def _steps(self, state: State, surroundings: Surroundings, files: Mapping[str, str | None]) -> tuple[Step, ...]:
        graph, job = state.graph, f"diskchain-{surroundings.serial}"
        above = graph.overlays(self.top)
        header = None
        if above:
            header = self._header(graph, above[0], files, surroundings.real)
        start = command(
            "block-commit",
            job_id=job,
            device=root_of(graph, self.top),
            top_node=self.top,
            base_node=self.base,
            backing_file=header,
            speed=self.speed or None,
            filter_node_name=f"{job}-filter",
            auto_finalize=False if above else None,
            auto_dismiss=False,
        )
        begin = Send(start, perhaps=not_writable(graph, self.base))
        cancel = (command("job-cancel", id=job),)
        held = stored(graph, (self.base, *above), surroundings.cwd)
        end: tuple[Send | Wait, ...] = (Wait(job, "concluded", cancel), Send(command("job-dismiss", id=job)))
        attached = bool(above) or bool(state.devices_on(self.top))
        tidy = tuple(Send(command("blockdev-del", node_name=n), tidy=True) for n in self._closing(state, attached))
        down = self._going_down(state) if self.close else ()
        gone = tuple(
            Send(command("block-dirty-bitmap-remove", node=self.top, name=bitmap), tidy=True) for bitmap in down
        )
        if above:
            return (
                *trial(graph, above[0]),
                begin,
                *self._finish(graph, job, held, surroundings.cwd),
                *end,
                *tidy,
            )
        pivot = Branch(
            "pivot",
            "Switch over" if attached else "Finish",
            f"The guest goes on in {self.base}; the overlays leave the chain."
            if attached
            else f"The job ends; {self.top} stays open.",
            (Send(command("job-complete", id=job)), *end, *gone, *tidy),
        )
        merge = merged_down(graph.nodes[self.top], graph.nodes[self.base]) if self._switches(state) else None
        undone = tuple(Send(each, tidy=True) for each in merge.undo) if merge else ()
        stop = Branch(
            "stop",
            "Stop, keep the overlays",
            f"{f'The guest stays on {self.top}' if attached else 'The job ends'}; {self._no_way_back(graph)}.",
            (Send(command("job-cancel", id=job)), *end, *undone),
        )
        chosen = "pivot" if self.finish == "pivot" else ""
        question = f"{self.base} now holds everything and follows each write. How shall it end?"
        carried = (merge,) if merge else ()
        return (begin, Wait(job, "ready", cancel, held=held), *carried, Choose(question, job, (pivot, stop), chosen))

    def _finish(self, graph: BlockGraph, job: str, held: tuple[str, ...], cwd: str) -> tuple[Step, ...]:
        """All is copied: let it end only while QEMU can rewrite the header of the overlay above, and finds its files again."""
        cancel = (command("job-cancel", id=job),)
        written = tuple(absolute(path, cwd) for path in self._reopened(graph))
        free = Free(written, held, job, cancel)
        return (Wait(job, "pending", cancel, held=held), free, Send(command("job-finalize", id=job)))
