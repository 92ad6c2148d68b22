"""Rewriting the header of an overlay: what speaks against it, and the trial that shows beforehand that QEMU can do it.

A commit below an overlay, and a stream, end with a new header. A stream opens its image for writing when it starts. A commit
opens the overlay only when all is copied, and where that fails QEMU 7.2 dies (SIGSEGV).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile

from diskchain.model.graph import BlockGraph
from diskchain.model.node import Kind
from diskchain.operations.chains import handed_over, is_relative, listed, pieces, root_of
from diskchain.operations.operation import Objection
from diskchain.operations.steps import Send
from diskchain.qapi.command import command

_WRITES_HEADERS = frozenset({"qcow2", "qed"})
"""The formats with a `bdrv_change_backing_file` in QEMU's block/; all others refuse, when it is too late."""
_LONGEST_HEADER = 1023
"""Bytes of a backing file's name in a qcow2 header at most (docs/interop/qcow2.txt)."""
_SMALLEST_CLUSTER = 512
_FIXED = 112 + 8 + 24 + 32
"""Bytes of a qcow2 header with the end of its extensions, and those for encryption and bitmaps (docs/interop/qcow2.txt)."""
_FEATURES = 8 + 48 * 8
"""Bytes of the table of feature names; QEMU leaves it out where clusters have 512 bytes (`qcow2_update_header`)."""


def relative_down(graph: BlockGraph, overlay: str, base: str) -> bool:
    """Whether every header from an overlay down to a base names its image relative to its own folder.

    Only then is the base found also where the folder was moved; one absolute name among them says where it lies for good.
    """
    crossed = (graph.nodes[name] for name in takewhile(lambda name: name != base, graph.chain(overlay)))
    return all(is_relative(node.header_backing) for node in crossed if node.kind is not Kind.FILTER)


def unwritable(graph: BlockGraph, overlay: str, header: str, header_format: str) -> Iterator[Objection]:
    """Objections where QEMU could not write this name and format into an overlay's header; an empty name takes it out."""
    node = graph.nodes[overlay]
    if node.driver not in _WRITES_HEADERS:
        yield Objection(
            f"{overlay} is {node.driver}: QEMU cannot change which image a {node.driver} names as its backing."
        )
        return
    length = len(header.encode(errors="surrogateescape"))
    if length > _LONGEST_HEADER:
        yield Objection(f"The name {header[:80]}... is too long for the header of {overlay}.")
    elif header and node.driver == "qcow2" and node.cluster_size is not None:
        cluster = node.cluster_size
        data_file = graph.child(overlay, "data-file")
        outside = len((graph.nodes[data_file].file or "").encode(errors="replace")) + 16 if data_file else 0
        features = _FEATURES if cluster > _SMALLEST_CLUSTER else 0
        if _FIXED + features + outside + 16 + len(header_format) + length > cluster:
            yield Objection(
                f"The header of {overlay} has no room for {header[:80]}: it must fit into one cluster of {cluster} bytes."
            )


def subclustered(graph: BlockGraph, node: str) -> Iterator[Objection]:
    """An objection against streaming into a qcow2 image with subclusters (`extended_l2`).

    QEMU 7.2 dies of that, and what the guest had not flushed is lost: `skip_bytes < pnum` in `bdrv_co_do_copy_on_readv`
    (block/io.c), where subclusters that are there come before some that are not.
    """
    if _of_qcow2(graph, node, "extended-l2") is True:
        yield Objection(
            f"{node} has subclusters (extended_l2): QEMU can die while it streams into such an image, and what the guest has not"
            " flushed would be lost. Commit down instead."
        )


def cannot_grow(graph: BlockGraph, base: str, top: str) -> Iterator[Objection]:
    """An objection where a commit would have to make an old qcow2 image larger, which QEMU does not over a backing image.

    Such images cannot hold the zeroes that must hide what lies below (`qcow2_co_truncate`: Operation not supported).
    """
    sizes = graph.nodes[base].virtual_size, graph.nodes[top].virtual_size
    if _of_qcow2(graph, base, "compat") == "0.10" and graph.backing(base) and (sizes[0] or 0) < (sizes[1] or 0):
        yield Objection(
            f"{base} is an old qcow2 image (compat=0.10) over a backing image: QEMU cannot make it as large as {top}."
            f" Pull the images into {top} instead."
        )


def _of_qcow2(graph: BlockGraph, node: str, key: str) -> object:
    """What QEMU tells of a qcow2 image itself (`ImageInfoSpecificQCow2`); None where it does not."""
    told: object = graph.nodes[node].facts
    for part in ("image", "format-specific", "data", key):
        told = told.get(part) if isinstance(told, dict) else None
    return told


def unnameable(graph: BlockGraph, base: str) -> Iterator[Objection]:
    """Objections where no header can say what this base is, or where QEMU would say it wrong."""
    yield from handed_over(graph, base)
    yield from pieces(graph, base)
    if graph.nodes[base].kind is Kind.PROTOCOL:
        yield Objection(f"{base} has no format node: QEMU would write its protocol into the header as a format.")


def trial(graph: BlockGraph, overlay: str) -> tuple[Send, ...]:
    """A command by which QEMU rewrites an overlay's header as it is; none where the overlay is open for writing already."""
    node = graph.nodes[overlay]
    if not node.read_only:
        return ()
    same = command(
        "change-backing-file",
        device=root_of(graph, overlay),
        image_node_name=overlay,
        backing_file=node.header_backing or "",
    )
    refusal = f"QEMU cannot rewrite the header of {overlay}, which it must at the end."
    unsaid = node.driver == "qcow2" and not node.header_backing_format
    leaves = f"The header of {overlay} now says that its backing image is {node.driver}; before, it said no format."
    return (
        Send(
            same,
            refusal=refusal,
            leaves=leaves if unsaid else "",
            perhaps=not_writable(graph, overlay),
            rewrites=f"the header of {overlay}",
        ),
    )


def not_writable(graph: BlockGraph, name: str) -> str:
    """What may be behind it where QEMU refuses to open an image for writing, and what to do; empty: nothing that is seen.

    QEMU opens an image below another anew for writing, and its file with it, but not a file that was opened apart from it with
    read-only=on. QMP tells neither that option nor what was opened apart; only that a file without a name was not.
    """
    apart = [file for file in graph.stored(name) if graph.nodes[file].read_only and not graph.nodes[file].nameless]
    if not apart:
        return ""
    return (
        f"Perhaps {listed(apart)} was opened with read-only=on, and then QEMU does not write to it. blockdev-reopen of"
        f" {listed(apart)} with read-only=off and auto-read-only=on would change that."
    )


def untried(graph: BlockGraph, overlay: str) -> Iterator[Objection]:
    """An objection where the trial would not leave the header as it is: QEMU writes the overlay's own format into it."""
    node = graph.nodes[overlay]
    if not node.read_only or node.driver not in _WRITES_HEADERS:
        return
    told, below = node.header_backing_format, graph.backing(overlay)
    own = below is not None and graph.nodes[below].driver == node.driver and told in (None, "", node.driver)
    if not node.header_backing or not own:
        yield Objection(
            f"It cannot be tried out whether the header of {overlay} can be rewritten, and QEMU would die at the end of the"
            f" commit if not. Commit from {overlay} on, or pull the images into it."
        )
