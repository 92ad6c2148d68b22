"""Finds the buses of a machine that take devices while the guest runs, from QEMU's own tree of objects (QOM)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from diskchain.model.bus import Bus
from diskchain.monitors.monitor import Refused
from diskchain.qapi.command import Command, command
from diskchain.qapi.replies import mappings, text

_PORTS = frozenset({"pcie-root-port", "ioh3420", "xio3130-downstream"})
"""Devices with a bus for one PCI device, which may come and go."""
_PLACES = ("/machine/peripheral", "/machine/peripheral-anon")

Ask = Callable[[Command], Awaitable[object]]
"""Sends a query and gives its answer."""


async def hot_buses(ask: Ask) -> tuple[Bus, ...]:
    """The buses, in a stable order. :raises Lost, Unanswered: as the monitor tells."""
    machine, *listed = await asyncio.gather(*(_listed(ask, path) for path in ("/machine", *_PLACES)))
    devices = {f"{place}/{name}": kind for place, found in zip(_PLACES, listed, strict=True) for name, kind in found}
    taken = set(await asyncio.gather(*(got(ask, path, "parent_bus") for path in devices)))
    found: list[Bus] = []
    for path, kind in sorted(devices.items()):
        plain = kind.removeprefix("child<").removesuffix(">")
        if plain in _PORTS:
            buses = [name for name, what in await _listed(ask, path) if what == "child<PCIE>"]
            found += [Bus(name, "pci", f"{path}/{name}" not in taken) for name in buses]
        elif "scsi" in plain:
            below = await asyncio.gather(_listed(ask, path), _listed(ask, f"{path}/virtio-backend"))
            found += [Bus(name, "scsi") for each in below for name, what in each if what == "child<SCSI>"]
    if any(name == "i440fx" for name, _ in machine):  # the old PC: its one PCI bus takes devices in any slot
        found.append(Bus("pci.0", "pci"))
    return tuple(found)


async def _listed(ask: Ask, path: str) -> list[tuple[str, str]]:
    """Name and type of what an object has; none where there is no such object."""
    try:
        told = await ask(command("qom-list", path=path))
    except Refused:
        return []
    return [(text(item.get("name")), text(item.get("type"))) for item in mappings(told) if item.get("type") is not None]


async def got(ask: Ask, path: str, name: str) -> str:
    """One property; empty where the object has none of that name."""
    try:
        return text(await ask(command("qom-get", path=path, property=name)))
    except Refused:
        return ""
