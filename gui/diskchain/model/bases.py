"""Bases that an image's header names and that are not open: the chain ends too early, or would bite its own tail."""

from __future__ import annotations

import posixpath
from enum import StrEnum

from diskchain.model.graph import BlockGraph


class Trouble(StrEnum):
    """What is wrong with the base of an image: it is not open here, or it is an image above (a loop)."""

    NOT_OPEN = "not open"
    LOOP = "loop"


def base_trouble(graph: BlockGraph, name: str) -> Trouble | None:
    """What is wrong with the base that a node's header names; None: nothing, or the header is not known.

    QEMU refuses to open a loop by itself; where each node was opened by hand, it shows it only in the headers.
    """
    node = graph.nodes[name]
    if not node.header_backing or graph.child(name, "backing") is not None:
        return None
    named = posixpath.normpath(posixpath.join(posixpath.dirname(node.file or ""), node.header_backing))
    waiting, seen = [name], {name}
    while waiting:
        here = waiting.pop()
        if graph.nodes[here].file == named:
            return Trouble.LOOP
        above = [one for one in graph.overlays(here) if one not in seen]
        seen.update(above)
        waiting += above
    return Trouble.NOT_OPEN
