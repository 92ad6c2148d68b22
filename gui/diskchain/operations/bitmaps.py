"""What the operations with bitmaps share: finding one, why it cannot be used, and an image with a new one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from diskchain.model.backup import Mark, Since
from diskchain.model.bitmap import Bitmap
from diskchain.model.node import Node
from diskchain.operations.chains import path_of
from diskchain.operations.operation import Objection
from diskchain.operations.steps import Send
from diskchain.operations.surroundings import Surroundings
from diskchain.qapi.command import Command, command

_USUAL = 64 << 10
"""Bytes that one bit of a new bitmap stands for where nobody says otherwise (qcow2 with clusters of its usual size)."""


def bitmap_of(node: Node, name: str) -> Bitmap | None:
    """The bitmap of this name on a node; None: there is none."""
    return next((bitmap for bitmap in node.named_bitmaps if bitmap.name == name), None)


def unusable(bitmap: Bitmap, may_be_inconsistent: bool = False) -> Iterator[Objection]:
    """Why nothing can be done with a bitmap."""
    if bitmap.busy:
        yield Objection(f"{bitmap.name} is in use by a job or an export: wait until that has ended.")
    if bitmap.inconsistent and not may_be_inconsistent:
        yield Objection(
            f"{bitmap.name} is inconsistent: QEMU ended before it was saved, so it lacks what was written. Remove it, and add"
            " it anew."
        )


def with_new(node: Node, name: str, persistent: bool = False, granularity: int = 0) -> Node:
    """The node with a new bitmap on it. `granularity`: bytes that one bit stands for; 0: QEMU's choice."""
    made = Bitmap(name, 0, granularity or _USUAL, True, False, persistent, False)
    return replace(node, bitmaps=(made, *node.bitmaps))


def goes_on(bitmap: Bitmap) -> bool:
    """Whether a bitmap that a user made can be continued on an overlay."""
    return bool(bitmap.name) and bitmap.recording and not (bitmap.busy or bitmap.inconsistent)


def continued(node: Node, over: str) -> list[Command]:
    """What makes the bitmaps of an image go on on its overlay, with all that they mark so far: for the overlay's transaction."""
    found: list[Command] = []
    for bitmap in (bitmap for bitmap in node.bitmaps if goes_on(bitmap)):
        persistent = True if bitmap.persistent else None
        add = command(
            "block-dirty-bitmap-add",
            node=over,
            name=bitmap.name,
            granularity=bitmap.granularity or None,
            persistent=persistent,
        )
        marked = [{"node": node.name, "name": bitmap.name}]
        found += [add, command("block-dirty-bitmap-merge", node=over, target=bitmap.name, bitmaps=marked)]
    return found


def going_down(top: Node, base: Node) -> tuple[Bitmap, ...]:
    """The bitmaps of an active image that go on on its base once the guest does: those of another length cannot be merged."""
    there = {bitmap.name: bitmap for bitmap in base.named_bitmaps}
    fit = (bitmap for bitmap in top.bitmaps if goes_on(bitmap) and top.virtual_size == base.virtual_size)
    return tuple(bitmap for bitmap in fit if bitmap.name not in there or goes_on(there[bitmap.name]))


def merged_down(top: Node, base: Node) -> Send | None:
    """The step that does it once the commit follows each write, as the bitmap below records from then on; None: none goes."""
    there, actions, added = {bitmap.name for bitmap in base.named_bitmaps}, list[Command](), list[Command]()
    for bitmap in going_down(top, base):
        if bitmap.name not in there:
            size, kept = bitmap.granularity or None, _kept(bitmap, base) or None
            add = "block-dirty-bitmap-add"
            actions.append(command(add, node=base.name, name=bitmap.name, granularity=size, persistent=kept))
            added.append(command("block-dirty-bitmap-remove", node=base.name, name=bitmap.name))
        marked = [{"node": top.name, "name": bitmap.name}]
        actions.append(command("block-dirty-bitmap-merge", node=base.name, target=bitmap.name, bitmaps=marked))
    told = [{"type": each.name, "data": dict(each.arguments)} for each in actions]
    return Send(command("transaction", actions=told), undo=tuple(added), passing=True) if told else None


def counted_down(top: Node, base: Node, surroundings: Surroundings) -> Iterator[Mark]:
    """What the bitmaps below count from then: what those above counted from, else what they counted from themselves."""
    above, below = (path_of(node, surroundings.cwd) or "" for node in (top, base))
    for bitmap in going_down(top, base):
        since, was = (surroundings.since.get((path, bitmap.name)) for path in (above, below))
        known = since if since is not None and since.id and not since.open else was
        if known is not None:
            yield Mark(below, bitmap.name, was or Since(), known)


def with_those_of(base: Node, top: Node) -> Node:
    """The base with the bitmaps that go on there."""
    there = {bitmap.name for bitmap in base.named_bitmaps}
    new = (replace(b, persistent=_kept(b, base)) for b in going_down(top, base) if b.name not in there)
    return replace(base, bitmaps=(*new, *base.bitmaps))


def _kept(bitmap: Bitmap, base: Node) -> bool:
    """Whether it outlives QEMU below as it does above."""
    return bitmap.persistent and base.driver == "qcow2"
