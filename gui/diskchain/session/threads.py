"""Finds the disks that QEMU handles in a thread of its own (`iothread`), from QEMU's own tree of objects (QOM)."""

from __future__ import annotations

from diskchain.model.root import Device
from diskchain.model.state import State
from diskchain.session.hotplug import Ask, got

_BACKEND = "/virtio-backend"


async def threaded(ask: Ask, state: State) -> frozenset[str]:
    """The names of these devices. :raises Lost, Unanswered: as the monitor tells."""
    return frozenset([device.name for device in state.devices if device.root and await _in_thread(ask, device)])


async def _in_thread(ask: Ask, device: Device) -> bool:
    """A virtio disk has a thread itself, a SCSI disk its controller."""
    path = device.qdev if device.qdev.startswith("/") else f"/machine/peripheral/{device.qdev}"
    path = path.removesuffix(_BACKEND)
    if await got(ask, path, "iothread"):
        return True
    controller, backend, _ = (await got(ask, path, "parent_bus")).partition(_BACKEND)
    return bool(backend and await got(ask, controller, "iothread"))
