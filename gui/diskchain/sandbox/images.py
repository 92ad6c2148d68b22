"""The sandbox's images: two chains with data in every layer, written directly, without qemu-img.

    vda, 128 MiB:  base <- overlay1 <- overlay2 <- overlay3      (qcow2)
    vdb,  64 MiB:  data-base <- data-top                         (raw, qcow2)

Headers name their base by its full path and its format: with a relative name below nodes that were opened one by one,
QEMU tells every file name as `json:{...}`, and no lesson is plain any more. The qcow2 files are version 3 with 64 KiB
clusters, as `qemu-img create` makes them (QEMU's docs/interop/qcow2); written here they need no other program and a
tenth of a second. Every 512 bytes of data tell their layer and cluster.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MIB = 1 << 20
CLUSTER = 1 << 16
SECTOR = 512


@dataclass(frozen=True)
class Layer:
    """One image of a chain.

    :ivar name: node-name of its format node, and stem of its file name.
    :ivar size: virtual size in bytes.
    :ivar runs: where it holds data: (start, length) in MiB, in rising order, without overlap.
    :ivar driver: `raw` or `qcow2`.
    """

    name: str
    size: int
    runs: tuple[tuple[int, int], ...]
    driver: str = "qcow2"

    @property
    def file(self) -> str:
        """Its file name."""
        return f"{self.name}.{self.driver}"

    def clusters(self) -> Iterator[int]:
        """The numbers of the clusters that hold data."""
        per_mib = MIB // CLUSTER
        for start, length in self.runs:
            yield from range(start * per_mib, (start + length) * per_mib)


# Base first. Allocation from 38 per cent in the base to 4 at the top; some runs shadow the layer below, some do not.
CHAINS: dict[str, tuple[Layer, ...]] = {
    "vda": (
        Layer("base", 128 * MIB, ((0, 20), (26, 9), (44, 14), (96, 6))),
        Layer("overlay1", 128 * MIB, ((4, 5), (30, 6), (60, 4), (100, 3))),
        Layer("overlay2", 128 * MIB, ((12, 3), (46, 5), (110, 2))),
        Layer("overlay3", 128 * MIB, ((2, 2), (33, 2), (70, 1))),
    ),
    "vdb": (
        Layer("data-base", 64 * MIB, ((0, 14), (20, 8), (40, 4)), "raw"),
        Layer("data-top", 64 * MIB, ((3, 3), (50, 1))),
    ),
}


def files() -> list[str]:
    """The file names of all images."""
    return [layer.file for chain in CHAINS.values() for layer in chain]


def write(folder: Path) -> None:
    """Write all images into `folder`, an absolute path.

    :raises OSError: no space, no rights, or a file of that name is there already (none is ever replaced).
    """
    for chain in CHAINS.values():
        below: Layer | None = None
        for layer in chain:
            write_layer(folder, layer, below)
            below = layer


def write_layer(folder: Path, layer: Layer, below: Layer | None) -> None:
    """Write one image; its header names `below` as its base, whether that is there or not.

    :raises OSError: as `write`.
    """
    descriptor = os.open(folder / layer.file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb", buffering=0) as file:
        if layer.driver == "raw":
            os.truncate(descriptor, layer.size)
            for cluster in layer.clusters():
                os.pwrite(descriptor, _data(layer, cluster), cluster * CLUSTER)
        else:
            file.write(_metadata(layer, below, folder))
            for cluster in layer.clusters():
                file.write(_data(layer, cluster))


def _data(layer: Layer, cluster: int) -> bytes:
    """The bytes of one cluster: its layer and number, over and over."""
    text = f"{layer.name} cluster {cluster} ".encode()
    return (text * (SECTOR // len(text) + 1))[:SECTOR] * (CLUSTER // SECTOR)


def _metadata(layer: Layer, below: Layer | None, folder: Path) -> bytes:
    """All of a qcow2 file that comes before its data, which must follow in the order of its clusters.

    Host clusters: 0 header, 1 refcount table, 2 refcount block, 3 L1 table, 4 the L2 table; data from 5 on. One L2 table
    maps 512 MiB and one refcount block counts 2 GiB: enough for every layer above.
    """
    copied = 1 << 63  # refcount is exactly one
    table = [0] * (CLUSTER // 8)
    used = 5
    for cluster in layer.clusters():
        table[cluster] = used * CLUSTER | copied
        used += 1
    name = bytes(folder / below.file) if below else b""
    driver = below.driver.encode() if below else b""
    # Header extension: backing format name; then the end of extensions; then the name itself.
    extensions = struct.pack(">II8s", 0xE2792ACA, len(driver), driver) if below else b""
    extensions += bytes(8)
    header = struct.pack(
        ">4sIQIIQIIQQIIQQQQII",
        b"QFI\xfb",
        3,  # version
        104 + len(extensions) if below else 0,  # of the name
        len(name),
        16,  # cluster bits
        layer.size,
        0,  # not encrypted
        1,  # L1 entries
        3 * CLUSTER,
        1 * CLUSTER,  # refcount table
        1,  # its clusters
        0,  # internal snapshots
        0,  # and their table
        0,  # incompatible features
        0,  # compatible features
        0,  # autoclear features
        4,  # refcounts of 16 bits
        104,  # length of this
    )
    return b"".join(
        block.ljust(CLUSTER, b"\0")
        for block in (
            header + extensions + name,
            struct.pack(">Q", 2 * CLUSTER),
            struct.pack(">H", 1) * used,
            struct.pack(">Q", 4 * CLUSTER | copied),
            struct.pack(f">{len(table)}Q", *table),
        )
    )
