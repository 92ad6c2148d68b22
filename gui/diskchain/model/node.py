"""Nodes and edges: an instance of a block driver, and a parent's use of a child."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from diskchain.model.bitmap import Bitmap

FILTER_DRIVERS = frozenset(
    "blkdebug blklogwrites blkreplay blkverify compress copy-before-write copy-on-read commit_top mirror_top backup-top "
    "preallocate throttle snapshot-access".split()
)
"""Drivers that pass data through to one child (`is_filter` in QEMU's sources; a reader of snapshot-access sees it so too)."""

PROTOCOL_DRIVERS = frozenset(
    "file host_device host_cdrom nbd null-co null-aio nvme nvme-io_uring io_uring virtio-blk-vhost-user virtio-blk-vhost-vdpa "
    "virtio-blk-vfio-pci http https ftp ftps iscsi rbd ssh nfs gluster vvfat".split()
)
"""Drivers that reach the data itself rather than read an image format."""


class Kind(StrEnum):
    """What a node does in the graph; the value is the word of the public JSON."""

    FORMAT = "format"
    PROTOCOL = "protocol"
    FILTER = "filter"


def kind_of(driver: str) -> Kind:
    """The kind of a driver. An unknown driver counts as a format, the kind that hides nothing."""
    if driver in FILTER_DRIVERS:
        return Kind.FILTER
    return Kind.PROTOCOL if driver in PROTOCOL_DRIVERS else Kind.FORMAT


@dataclass(frozen=True, slots=True)
class Node:
    """A block node as QEMU tells it. `None` in a field is *not known*, never *empty*.

    :ivar name: QEMU's node-name, the key everywhere; unnamed nodes carry QEMU's own `#block123`.
    :ivar driver: `qcow2`, `file`...; empty where QEMU could not be asked.
    :ivar file: path (or URI) of the protocol node at the bottom of the `file` edges, never a `json:` name.
    :ivar virtual_size: bytes that a parent sees. `allocated`: bytes that the image takes where it is stored.
    :ivar implicit: put in by QEMU itself for a job, not by a user.
    :ivar header_backing: what the image's header says is below, verbatim; `header_backing_format` its format.
    :ivar snapshots: names of the internal snapshots in the image.
    :ivar facts: everything that QEMU said of the node, for the inspector (decoded JSON; not to be changed).
    """

    name: str
    driver: str
    kind: Kind
    file: str | None = None
    virtual_size: int | None = None
    allocated: int | None = None
    read_only: bool = False
    implicit: bool = False
    bitmaps: tuple[Bitmap, ...] = ()
    header_backing: str | None = None
    header_backing_format: str | None = None
    cluster_size: int | None = None
    encrypted: bool = False
    snapshots: tuple[str, ...] = ()
    facts: Mapping[str, object] = field(default_factory=dict)

    @property
    def nameless(self) -> bool:
        """Whether nobody named it, as with `-drive`: QEMU's own names begin with # and are others at each start."""
        return self.name.startswith("#")

    @property
    def named_bitmaps(self) -> tuple[Bitmap, ...]:
        """The bitmaps that users made; the nameless ones belong to jobs."""
        return tuple(bitmap for bitmap in self.bitmaps if bitmap.name)


@dataclass(frozen=True, slots=True)
class Edge:
    """A parent's use of a child.

    :ivar role: QEMU's name of the child: `backing`, `file`, `target`...
    :ivar permissions: what the parent may do (`write`, `resize`, `consistent-read`...); `shared`: what others still may.
    """

    parent: str
    child: str
    role: str
    permissions: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
