"""Bitmaps: add, remove, clear, enable, disable or merge one (`block-dirty-bitmap-*` in qapi/block-core.json).

A bitmap remembers which parts of an image were written since some moment. Each of these acts is done at once or not at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

from diskchain.model import words
from diskchain.model.backup import Mark, Since
from diskchain.model.node import Kind, Node
from diskchain.model.state import State
from diskchain.operations.bitmaps import bitmap_of, unusable, with_new
from diskchain.operations.chains import path_of
from diskchain.operations.keys import Keys, UsageError, without_defaults
from diskchain.operations.operation import Concerns, Objection, Offer
from diskchain.operations.preview import Draft
from diskchain.operations.steps import Send
from diskchain.operations.surroundings import Surroundings
from diskchain.qapi.command import Command, command

VERBS = ("add", "clear", "enable", "disable", "remove", "merge")
"""What can be done to a bitmap, in the order in which it is offered."""
_SMALLEST, _LARGEST = 512, 1 << 31
"""Bytes that one bit may stand for (QEMU's block/dirty-bitmap.c and block/qcow2-bitmap.c)."""
_LONGEST = 1023
"""Bytes of a bitmap's name (`BDRV_BITMAP_MAX_NAME_SIZE` in QEMU)."""


@dataclass(frozen=True)
class ChangeBitmap:
    """Do something to a bitmap on an image.

    :ivar do: one of `VERBS`. `node`: the image's node-name. `bitmap`: the bitmap's name.
    :ivar persistent: kept in the image itself, so that it outlives QEMU (add).
    :ivar granularity: bytes that one bit stands for; 0: QEMU's choice (add).
    :ivar source: the bitmap on the same image whose bits are added (merge).
    """

    do: str
    node: str
    bitmap: str
    persistent: bool = False
    granularity: int = 0
    source: str = ""

    name: ClassVar[str] = "bitmap"
    known: ClassVar[tuple[str, ...]] = ("do", "node", "name", "persistent", "granularity", "from")

    @classmethod
    def read(cls, keys: Keys) -> ChangeBitmap:
        """From the words of the command line. :raises UsageError: one is missing, is not understood, or does not belong there."""
        keys.needed("do")
        do, node, bitmap = keys.one_of("do", *VERBS), keys.needed("node"), keys.needed("name")
        persistent, granularity = keys.yes("persistent"), keys.size("granularity")
        if do == "merge":
            keys.needed("from")
        elif keys.word("from"):
            raise UsageError("from= belongs to do=merge only.")
        if do != "add" and (keys.word("persistent") or keys.word("granularity")):
            raise UsageError("persistent= and granularity= belong to do=add only.")
        return cls(do, node, bitmap, persistent, granularity, keys.word("from"))

    def keys(self) -> Mapping[str, str]:
        """The keys as the command line writes them."""
        told = {"do": self.do, "node": self.node, "name": self.bitmap, "persistent": "yes" if self.persistent else ""}
        told |= {"granularity": str(self.granularity), "from": self.source}
        return without_defaults(told, granularity="0")

    @property
    def title(self) -> str:
        """What is done, in a few words."""
        if self.do == "merge":
            return f"Merge the bitmap {self.source} into {self.bitmap} on {self.node}"
        return f"{self.do.capitalize()} the bitmap {self.bitmap} on {self.node}"

    @property
    def asked(self) -> tuple[str, ...]:
        """The fields that a form asks for; the others say what it is about."""
        return ("bitmap", "persistent", "granularity") if self.do == "add" else ()

    def offer(self, state: State) -> Offer:
        """This act as an offer, with its reason against it where there is one."""
        first = next(_Plan(self, state, Surroundings()).objections(), None)
        return Offer(self, f"{self.do.capitalize()} bitmap", self.title, first.text if first else "")

    def concerns(self, state: State) -> Concerns:
        """Nothing outside QEMU."""
        return Concerns()

    def draft(self, state: State, surroundings: Surroundings) -> Draft:
        """Judge, plan and predict."""
        plan, verb = _Plan(self, state, surroundings), f"{self.do.capitalize()} {self.bitmap}"
        if objections := tuple(plan.objections()):
            return Draft(self.title, verb, objections=objections)
        return Draft(
            self.title,
            verb,
            warnings=tuple(plan.warnings()),
            steps=(Send(plan.command()),),
            stop="nothing: it is done at once, or not at all",
            guest="keeps running, and notices nothing",
            confirm=tuple(plan.confirm()),
            facts=tuple(plan.facts()),
            marks=plan.marks,
            after=plan.predict(),
        )


def offers_for_image(state: State, name: str) -> tuple[Offer, ...]:
    """What can be done with the bitmaps of an image: add one where it is written to, and what the state of each allows."""
    node = state.graph.nodes[name]
    taken = {bitmap.name for bitmap in node.bitmaps}
    free = next(label for number in range(len(taken) + 1) if (label := f"bitmap{number}") not in taken)
    found = [] if state.graph.overlays(name) else [ChangeBitmap("add", name, free).offer(state)]
    for bitmap in node.named_bitmaps:
        turn = "disable" if bitmap.recording else "enable"
        found += [ChangeBitmap(do, name, bitmap.name).offer(state) for do in ("clear", turn, "remove")]
    return tuple(found)


@dataclass(frozen=True)
class _Plan:
    """An act on one state."""

    operation: ChangeBitmap
    state: State
    surroundings: Surroundings

    @cached_property
    def node(self) -> Node:
        return self.state.graph.nodes[self.operation.node]

    def objections(self) -> Iterator[Objection]:
        """Everything that speaks against it."""
        operation, graph = self.operation, self.state.graph
        if operation.do not in VERBS:
            yield Objection(f"do={operation.do} is not known: say {', '.join(VERBS)}.")
        elif operation.node not in graph.nodes:
            yield Objection(f"There is no node {operation.node} here.")
        elif self.node.kind is Kind.FILTER or graph.is_leftover_child(operation.node):
            above = next((edge.parent for edge in graph.parents(operation.node)), "")
            image = graph.through(operation.node) if self.node.kind is Kind.FILTER else above
            yield Objection(f"{operation.node} is no image{f': say node={image}' if image else ''}.")
        else:
            yield from self._adding() if operation.do == "add" else self._changing()

    def _adding(self) -> Iterator[Objection]:
        operation, node, granularity = self.operation, self.node, self.operation.granularity
        if not operation.bitmap:
            yield Objection("A bitmap needs a name: say name=.")
        elif len(operation.bitmap.encode(errors="surrogateescape")) > _LONGEST or "\0" in operation.bitmap:
            yield Objection(f"The name of the bitmap is too long: {operation.bitmap[:60]}...")
        if bitmap_of(self.node, operation.bitmap) is not None:
            yield Objection(f"There is a bitmap {operation.bitmap} on {node.name} already.")
        if granularity and not (_SMALLEST <= granularity <= _LARGEST and granularity & (granularity - 1) == 0):
            yield Objection(f"A bit cannot stand for {granularity} bytes: say a power of 2 from 512 to 2G.")
        if operation.persistent and node.driver != "qcow2":
            yield Objection(f"{node.name} is {node.driver or 'unknown'}: only qcow2 keeps bitmaps in the image itself.")
        elif operation.persistent and node.read_only:
            yield Objection(f"{node.name} is read-only: no bitmap can be kept in it.")

    def _changing(self) -> Iterator[Objection]:
        operation, do = self.operation, self.operation.do
        found = bitmap_of(self.node, operation.bitmap)
        if found is None:
            yield self._missing(operation.bitmap)
            return
        yield from unusable(found, may_be_inconsistent=do == "remove")
        if found.persistent and self.node.read_only and do != "merge":
            yield Objection(f"{self.node.name} is read-only, and {found.name} is kept in it: it stays as it is.")
        if do == "enable" and found.recording:
            yield Objection(f"{found.name} records already.")
        elif do == "disable" and not found.recording:
            yield Objection(f"{found.name} does not record as it is.")
        elif do == "merge":
            source = bitmap_of(self.node, operation.source)
            if source is None:
                yield self._missing(operation.source)
            elif source is found:
                yield Objection("A bitmap cannot be merged into itself: say another one with from=.")
            else:
                yield from unusable(source)

    def _missing(self, name: str) -> Objection:
        there = ", ".join(bitmap.name for bitmap in self.node.named_bitmaps) or "none"
        return Objection(f"There is no bitmap {name} on {self.node.name}. It has {there}.")

    @property
    def marks(self) -> tuple[Mark, ...]:
        """That it no longer marks all that was written since a backup of ours; merging only adds to it."""
        image = path_of(self.node, self.surroundings.cwd) or ""
        since = self.surroundings.since.get((image, self.operation.bitmap))
        if since is None or self.operation.do == "merge":
            return ()
        return (Mark(image, self.operation.bitmap, since, Since()),)

    def warnings(self) -> Iterator[str]:
        """What a user should know beforehand."""
        if self.operation.do == "add" and not self.operation.persistent:
            yield "The bitmap is not persistent: it is lost when QEMU ends."
        if self.operation.do == "add" and self.operation.node not in self.state.active:
            yield f"No guest writes to {self.operation.node} itself: the bitmap sees only what jobs and exports write there."

    def confirm(self) -> Iterator[str]:
        """What wants one more yes."""
        for since in (mark.was for mark in self.marks if mark.was.id):
            yield f"No incremental backup can continue {since.path} then: the next one must be full."
        if self.operation.do == "disable" and not self.marks:
            yield f"{self.operation.bitmap} then misses what is written: an incremental backup with it would lack that."

    def facts(self) -> Iterator[tuple[str, str]]:
        """The lines of the sheet."""
        found = bitmap_of(self.node, self.operation.bitmap)
        if found is not None:
            yield "Marked now", words.size(found.count)
        if self.operation.granularity:
            yield "One bit stands for", words.size(self.operation.granularity)

    def command(self) -> Command:
        """The one command that does it."""
        operation = self.operation
        if operation.do == "merge":
            words_of = {"node": operation.node, "target": operation.bitmap, "bitmaps": [operation.source]}
            return Command("block-dirty-bitmap-merge", words_of)
        return command(
            f"block-dirty-bitmap-{operation.do}",
            node=operation.node,
            name=operation.bitmap,
            persistent=operation.persistent or None,
            granularity=operation.granularity or None,
        )

    def predict(self) -> State:
        """The state with the bitmap as it is then; how much it marks moves by itself."""
        operation, found, node = self.operation, bitmap_of(self.node, self.operation.bitmap), self.node
        if operation.do == "add":
            node = with_new(node, operation.bitmap, operation.persistent, operation.granularity)
        elif operation.do == "remove":
            node = replace(node, bitmaps=tuple(bitmap for bitmap in node.bitmaps if bitmap is not found))
        elif found is not None:
            recording = {"enable": True, "disable": False}.get(operation.do, found.recording)
            now = replace(found, recording=recording, count=0 if operation.do == "clear" else found.count)
            node = replace(node, bitmaps=tuple(now if bitmap is found else bitmap for bitmap in node.bitmaps))
        graph = self.state.graph.with_nodes([node])
        return replace(self.state, graph=graph)
