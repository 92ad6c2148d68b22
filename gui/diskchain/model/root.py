"""What hangs on the graph from outside: guest devices, exports."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Device:
    """A guest device, or a BlockBackend, that is attached to the graph.

    :ivar name: the id a user knows: `device_add` id, or the `-drive` id where there is none.
    :ivar qdev: QEMU's own path or id of the device, as `query-block` tells it; empty for a bare BlockBackend.
    :ivar model: `virtio-blk`, `ide-hd`...; empty where not known.
    :ivar root: node-name of the node it is attached to, implicit filters included; None: no medium.
    :ivar drive: the legacy `-drive` id, or empty. `permissions`: what it may do to its root (`write`...); empty: not known.
    :ivar shared: what it lets others do to its root; only where `permissions` are known.
    """

    name: str
    qdev: str
    model: str
    root: str | None
    drive: str = ""
    removable: bool = False
    tray_open: bool = False
    io_status: str = ""
    permissions: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Export:
    """A node that is offered to others (`BlockExportInfo` in qapi/block-export.json).

    :ivar name: the name clients ask for; `uri` where they find it; `writable`: all None where we did not make it.
    :ivar listen: where its server listens, as `listen=` says it, where we started that server; empty: we did not.
    """

    id: str
    type: str
    node: str
    name: str | None = None
    uri: str | None = None
    writable: bool | None = None
    shutting_down: bool = False
    listen: str = ""
