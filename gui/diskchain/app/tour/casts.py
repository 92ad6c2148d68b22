"""The machines of the gallery: what each is made of, so that QEMU itself shows the state."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from diskchain.app.tour.staging import Cast
from diskchain.sandbox.images import CLUSTER, MIB, SECTOR, Layer

_SIZE = 64 * MIB
_PORT = 4
"""First slot of the disks on the PCI bus."""

WEB = (
    Layer("web-base", _SIZE, ((0, 12), (20, 6))),
    Layer("web-monday", _SIZE, ((4, 5), (30, 2))),
    Layer("web-tuesday", _SIZE, ((0, 1), (8, 2))),
)
"""An ordinary chain."""
COPY = Layer("web-copy", _SIZE, ())
_RAW = Layer("photos", _SIZE, ((0, 9), (30, 4)), "raw")


def _chain(*layers: Layer) -> tuple[tuple[Layer, str], ...]:
    """Each layer on the one before."""
    return tuple((layer, layers[at - 1].name if at else "") for at, layer in enumerate(layers))


def _node(
    layer: Layer, images: Path, below: str | None = None, *, name: str = "", writable: bool = False, fails_at: int = -1
) -> str:
    """A format node as JSON. `fails_at`: reading this sector of the file gives an I/O error (QEMU's own blkdebug)."""
    file: dict[str, object] = {"driver": "file", "filename": str(images / layer.file)}
    if fails_at >= 0:
        fault = {"event": "none", "iotype": "read", "sector": fails_at, "errno": 5}
        file = {"driver": "blkdebug", "image": file, "inject-error": [fault]}
    node = {"driver": layer.driver, "node-name": name or layer.name, "read-only": not writable, "file": file}
    return json.dumps(node if layer.driver == "raw" else {**node, "backing": below})


def _stack(*layers: Layer, names: tuple[str, ...] = (), fails: str = "", at: int = 0) -> Callable[[Path], list[str]]:
    """Words for `-blockdev`: each layer on the one before, the last one writable. `fails`: whose file fails at sector `at`."""

    def words(images: Path) -> list[str]:
        told, below = [], None
        for layer, name in zip(layers, names or [layer.name for layer in layers], strict=True):
            fault = at if layer.name == fails else -1
            writable = layer is layers[-1]
            told += ["-blockdev", _node(layer, images, below, name=name, writable=writable, fails_at=fault)]
            below = name
        return told

    return words


def _disk(name: str, drive: str, number: int = 0, more: str = "") -> list[str]:
    return ["-device", f"virtio-blk-pci,id={name},drive={drive},bus=pcie.0,addr={_PORT + number}{more}"]


def sector_of(layer: Layer, cluster: int) -> int:
    """The sector of a layer's qcow2 file that holds this of its data clusters, counted from 0 (see `sandbox.images`)."""
    return (5 + list(layer.clusters()).index(cluster)) * CLUSTER // SECTOR


def _web(images: Path) -> list[str]:
    return [*_stack(*WEB)(images), *_disk("vda", WEB[-1].name)]


ORDINARY = Cast("web", _chain(*WEB), _web)


def _libvirt(images: Path) -> list[str]:
    names = ("libvirt-3-format", "libvirt-2-format", "libvirt-1-format")
    key = {"qom-type": "secret", "id": "masterKey0", "format": "base64", "data": "bm90IGEga2V5"}
    disk = _disk("virtio-disk0", names[-1])
    return [*_stack(*WEB, names=names)(images), *disk, "-object", json.dumps(key)]


MANAGED = Cast("web", _chain(*WEB), _libvirt)
"""Started as libvirt starts its guests: its secret, its node names."""


def _failing(images: Path) -> list[str]:
    stack = _stack(*WEB, fails=WEB[-1].name, at=sector_of(WEB[-1], 0))
    return [*stack(images), *_disk("vda", WEB[-1].name, more=",rerror=stop,werror=stop,bootindex=0")]


IO_ERROR = Cast("web", _chain(*WEB), _failing)
"""The firmware reads the first sector of its disk and gets an I/O error; the guest is told to stop then."""

INCOMING = Cast("web", _chain(*WEB), lambda images: [*_web(images), "-incoming", "defer"])


def _stored(images: Path) -> list[str]:
    return [word.replace("-blockdev", "--blockdev") for word in _stack(*WEB)(images)]


DAEMON = Cast("storage", _chain(*WEB), _stored, daemon=True)

_ROUND = Layer("wiki-base", _SIZE, ((0, 8),)), Layer("wiki", _SIZE, ((2, 3),))


def _broken(images: Path) -> list[str]:
    missing = ["-blockdev", _node(WEB[1], images), "-blockdev", _node(WEB[2], images, WEB[1].name, writable=True)]
    return [*missing, *_disk("vda", WEB[2].name), *_stack(*_ROUND)(images), *_disk("vdb", _ROUND[1].name, 1)]


BROKEN = Cast(
    "web",
    (*_chain(*WEB), (_ROUND[0], _ROUND[1].name), (_ROUND[1], _ROUND[0].name)),
    _broken,
    missing=(WEB[0].name,),
)
"""vda: the file at the bottom is gone. vdb: the header of the base names its own overlay."""


def _legacy(images: Path) -> list[str]:
    drive = f"if=none,id=drive0,format=qcow2,file={images / WEB[-1].file}"
    return ["-drive", drive, *_disk("vda", "drive0")]


UNNAMED = Cast("web", _chain(*WEB), _legacy)
"""Started with -drive: QEMU makes names of its own."""


def _bare_file(images: Path) -> list[str]:
    node = {"driver": "file", "node-name": "photos-file", "filename": str(images / _RAW.file)}
    return ["-blockdev", json.dumps(node), *_disk("vda", "photos-file")]


RAW = Cast("web", _chain(_RAW), _bare_file)


def _shared(images: Path) -> list[str]:
    base = WEB[0]
    tops = [(WEB[1], "vda"), (WEB[2], "vdb")]
    words = ["-blockdev", _node(base, images)]
    for number, (layer, disk) in enumerate(tops):
        words += ["-blockdev", _node(layer, images, base.name, writable=True), *_disk(disk, layer.name, number)]
    return words


SHARED = Cast("web", ((WEB[0], ""), (WEB[1], WEB[0].name), (WEB[2], WEB[0].name)), _shared)


def _copying(images: Path) -> list[str]:
    return [*_web(images), "-blockdev", _node(COPY, images, writable=True)]


COPYING = Cast("web", (*_chain(*WEB), (COPY, "")), _copying)
"""With an empty image that another client copies to."""

_TORN = Layer("data", _SIZE, ((0, 24), (30, 8))), Layer("data-top", _SIZE, ((2, 3), (40, 1)))


def _bad_base(images: Path) -> list[str]:
    stack = _stack(*_TORN, fails=_TORN[0].name, at=sector_of(_TORN[0], 18 * MIB // CLUSTER))
    return [*stack(images), *_disk("vda", _TORN[1].name)]


BAD_BASE = Cast("data", _chain(*_TORN), _bad_base)
"""A part of the base cannot be read, as on a bad disk."""
