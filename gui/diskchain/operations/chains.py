"""What the operations on chains share: paths, header strings, and the objections that any of them may have."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import replace
from typing import TYPE_CHECKING

from diskchain.model import words
from diskchain.model.graph import BlockGraph
from diskchain.model.node import Edge, Kind, Node
from diskchain.model.paths import URI, absolute
from diskchain.model.root import Device
from diskchain.model.state import State
from diskchain.operations.operation import Objection

if TYPE_CHECKING:
    from diskchain.operations.surroundings import Surroundings

_BY_NUMBER = re.compile(r"/+dev/+(fdset/|fd/|std(in|out|err)$)|/+proc/+[^/]+/+(task/+[^/]+/+)?fd/")
"""Names of files that QEMU was given open (`add-fd`, or inherited): to any other process they say something else, or nothing."""
_UNREADABLE = "\ufffd"
"""Stands for each byte of a file name that is no UTF-8 (QEMU's qobject/json-writer.c): such a name cannot be said back."""
LONGEST_NAME = 31
"""QEMU takes node-names of at most this many characters (`Node name too long` from 32 on)."""


def path_of(node: Node, cwd: str = "") -> str | None:
    """The absolute path (or URI) of a node's image; None where it cannot be told.

    :param cwd: QEMU's working folder, which relative names are relative to; empty: not known.
    """
    told = node.file
    if not told or _UNREADABLE in told or _BY_NUMBER.match(told):
        return None
    return absolute(told, cwd) if cwd or posixpath.isabs(told) or URI.match(told) else None


def stored(graph: BlockGraph, names: Iterable[str], cwd: str) -> tuple[str, ...]:
    """The absolute paths of all files that hold the bytes of these images: of each its own, then its data file."""
    told = (path_of(graph.nodes[each], cwd) for name in names for each in (name, *graph.stored(name)))
    return tuple(dict.fromkeys(path for path in told if path))


def handed_over(graph: BlockGraph, name: str) -> Iterator[Objection]:
    """An objection where an image came to QEMU as an open file: no header can name it."""
    told = graph.nodes[name].file or ""
    if _BY_NUMBER.match(told):
        yield Objection(f"{name} was handed to QEMU as an open file ({told}): no header can name it.")


def is_relative(header: str | None) -> bool:
    """Whether a header names its backing file relative to its own folder."""
    return bool(header) and not posixpath.isabs(header or "") and not URI.match(header or "")


def header_name(overlay: str, below: str, relative: bool, real: Mapping[str, str]) -> str:
    """What an overlay's header should say of the image below: never a `json:` name; relative where it was so before.

    A relative name is looked up by the kernel, which follows the links in the overlay's folder first. So it is worked out from
    where the folders truly lie; where that is not known and `..` would be needed, the name is absolute.

    :param real: folder -> where it truly lies, links followed.
    """
    if not (relative and posixpath.isabs(overlay) and posixpath.isabs(below)):
        return below
    at, (to, name) = posixpath.dirname(overlay), posixpath.split(below)
    if at != to:
        if at in real and to in real:
            at, to = real[at], real[to]
        elif not to.startswith(f"{at.rstrip('/')}/") or ".." in to.split("/"):
            return below
        name = posixpath.join(posixpath.relpath(to, at), name).removeprefix("./")
    # QEMU reads what stands before a colon as a protocol, unless a slash comes first (`path_has_protocol`).
    return f"./{name}" if ":" in name.split("/", maxsplit=1)[0] else name


def header_format(node: Node) -> str:
    """The format to write beside the name; a protocol node without a format above it is read as raw."""
    return "raw" if node.kind is Kind.PROTOCOL else node.driver


def root_of(graph: BlockGraph, name: str) -> str:
    """The upper end of a chain: up from a node through overlays and filters until no node is above."""
    seen = {name}
    while True:
        above = [edge.parent for edge in graph.parents(name) if _leads_up(graph, edge)]
        if not above or above[0] in seen:
            return name
        name = above[0]
        seen.add(name)


def _leads_up(graph: BlockGraph, edge: Edge) -> bool:
    if graph.nodes[edge.parent].kind is Kind.FILTER:
        return graph.filtered(edge.parent) == edge.child
    return edge.role == "backing"


def jobs_on(state: State, names: Iterable[str]) -> Iterator[Objection]:
    """Objections for jobs on any of these images, or on the protocol nodes and filters that belong to them."""
    if not state.jobs:
        return
    concerned = set(names)
    whole = concerned | {child for name in concerned if (child := state.graph.protocol(name)) is not None}
    whole |= {above for name in concerned for above in state.graph.filters_above(name)}
    for job in state.jobs_on(whole):
        where = next((name for name in job.node_names if name in concerned), "one of the images")
        way = "finish it (finalize)" if job.status == "pending" else "wait until it has ended"
        yield Objection(f"The {job.type} job {job.id} works on {where}: {way}, or cancel it.")


def exports_on(state: State, names: Iterable[str], done: str) -> Iterator[Objection]:
    """Objections for exports of any of these images. `done`: what cannot be done meanwhile ("committed")."""
    for export in state.exports_on(set(names)):
        yield Objection(f"{export.node} is exported ({export.type} export {export.id}): it cannot be {done} meanwhile.")


def filters_between(state: State, names: Iterable[str]) -> Iterator[Objection]:
    """Objections for filters that somebody put directly above any of these images."""
    for name in names:
        for above in state.graph.filters_above(name):
            node = state.graph.nodes[above]
            yield Objection(
                f"The filter {above} ({node.driver or 'unknown'}) lies above {name}: take it out of the chain first."
            )


def shows_through(graph: BlockGraph, reader: str, leaving: str, base: str, instead: str) -> Iterator[Objection]:
    """An objection where bytes that no guest reads now would appear once an image has left the chain.

    Behind the end of an image that is shorter than its overlay the overlay reads zeroes, whatever lies further down. Neither
    `block-commit` nor `block-stream` writes these zeroes (seen on QEMU 7.2), so a longer base would show there.

    :param reader: the image that stays above; `leaving`: the one directly below it; `base`: what `reader` backs onto afterwards.
    :param instead: what to do.
    """
    short, above, below = (graph.nodes[name].virtual_size for name in (leaving, reader, base))
    if short is None or above is None or below is None:
        yield Objection(
            f"The sizes of {reader}, {leaving} and {base} are not known, so it could change what the guest reads."
        )
    elif short < min(above, below):
        yield Objection(
            f"{leaving} is smaller ({words.size(short)}) than {reader} above it, which reads zeroes beyond; then the old data"
            f" of {base} ({words.size(below)}) would show there. {instead}"
        )


def opened_twice(graph: BlockGraph, name: str, surroundings: Surroundings) -> Iterator[Objection]:
    """An objection where a file of this image is open in the same machine once more, by another node."""
    if not surroundings.alike:
        return
    mine = set(graph.stored(name))
    for path in stored(graph, (name,), surroundings.cwd):
        for other in (other for other in surroundings.alike.get(path, ()) if other not in mine):
            above = next((edge.parent for edge in graph.parents(other)), other)
            yield Objection(
                f"{path} is open once more in this machine, as {above}: what is read there would be spoilt."
            )


def pieces(graph: BlockGraph, name: str) -> Iterator[Objection]:
    """An objection where an image is only a piece of its file (`offset` and `size` of the driver raw): no header can say so.

    An overlay that names the file would be opened on other bytes the next time.
    """
    below, seen = name, set[str]()
    while below and below not in seen:
        seen.add(below)
        node = graph.nodes[below]
        told = node.facts.get("file")
        if node.driver == "raw" and isinstance(told, str) and told.startswith("json:") and _is_piece(told[5:]):
            yield Objection(
                f"{name} is only a piece of its file, and a header cannot say which: the overlay would read other data when it"
                " is opened the next time."
            )
            return
        below = graph.child(below, "file") or ""


def _is_piece(told: str) -> bool:
    """Whether raw's options, as QEMU writes them into a node's name, hold a piece; one that was cut short may."""
    try:
        options = json.loads(told)
    except ValueError:
        return True
    return isinstance(options, dict) and not options.keys().isdisjoint(("offset", "size"))


def unique(wanted: str, *taken: Set[str], longest: int | None = None) -> str:
    """The wanted name, or with a number behind it where it is in any of the sets of those taken; cut to `longest` characters."""
    for number in range(1, 10_000):
        tail = "" if number == 1 else f"-{number}"
        name = (wanted[: longest - len(tail)] if longest else wanted) + tail
        if not any(name in each for each in taken):
            return name
    raise ValueError(f"every name like {wanted} is taken")


def node_name(wanted: str, *taken: Set[str]) -> str:
    """A node-name that QEMU accepts (`id_wellformed` in QEMU's sources: a letter, then letters, digits, `-._`) and nobody has."""
    clean = re.sub(r"[^A-Za-z0-9._-]", "-", wanted)
    if not re.match(r"[A-Za-z]", clean):
        clean = f"s-{clean}"
    return unique(clean, *taken, longest=LONGEST_NAME)


def is_node_name(name: str) -> bool:
    """Whether QEMU accepts this node-name."""
    return re.fullmatch(r"[A-Za-z][A-Za-z0-9._-]*", name) is not None and len(name) <= LONGEST_NAME


def images(count: int) -> str:
    """`1 overlay`, `2 overlays`."""
    return f"{count} overlay" if count == 1 else f"{count} overlays"


def listed(names: Iterable[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    words = list(names)
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1] if words else ""


def moved_roots(devices: Iterable[Device], old: str, new: str) -> tuple[Device, ...]:
    """The devices, with those that were attached to one node attached to another."""
    return tuple(replace(device, root=new) if device.root == old else device for device in devices)


def bitmap_notes(state: State, names: Iterable[str], what: str) -> Iterator[str]:
    """One sentence for each named bitmap on these nodes."""
    for name in names:
        for bitmap in state.graph.nodes[name].named_bitmaps:
            yield f"The bitmap {bitmap.name} on {name} {what}."


def unencrypted(graph: BlockGraph, sources: Iterable[str], target: str) -> Iterator[str]:
    """A sentence where data leave encrypted images for one that is not."""
    secret = [name for name in sources if is_encrypted(graph.nodes[name])]
    if secret and not is_encrypted(graph.nodes[target]):
        are = "is" if len(secret) == 1 else "are"
        yield f"{listed(secret)} {are} encrypted and {target} is not: the data will lie there in plain."


def is_encrypted(node: Node) -> bool:
    """Whether the image itself is encrypted: a qcow2 with encryption, or LUKS."""
    return node.encrypted or node.driver == "luks"
