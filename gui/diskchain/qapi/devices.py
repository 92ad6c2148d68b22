"""Reads guest devices: `query-block`, joined with the debug graph's roots and the QOM types of the devices."""

from __future__ import annotations

import re
from collections.abc import Mapping

from diskchain.model.graph import BlockGraph
from diskchain.model.root import Device
from diskchain.qapi.replies import Json, mapping, mappings, maybe_text, text

_PERIPHERAL = re.compile(r"/machine/(?:peripheral|peripheral-anon|unattached)/([^/]+)(?:/.*)?")

_Backends = Mapping[str, tuple[str, tuple[str, ...], tuple[str, ...]]]
"""Name of a block backend -> the node its root edge leads to, its permissions on it, and those that it shares."""


def device_name(qdev: str, drive: str) -> str:
    """The name a user knows a device by: the `device_add` id, else the drive's, else the end of QEMU's path.

    A path is `/machine/peripheral/<id>/virtio-backend` for virtio-blk and may be the bare id for others.
    """
    match = _PERIPHERAL.fullmatch(qdev)
    name = match.group(1) if match else qdev
    anonymous = match is not None and not qdev.startswith("/machine/peripheral/")
    return drive if drive and (anonymous or not name) else name


def _model(qdev: str, types: Mapping[str, str]) -> str:
    """`virtio-blk` from the QOM type `child<virtio-blk-pci>`; empty where the device is not in the list."""
    match = _PERIPHERAL.fullmatch(qdev)
    told = types.get(match.group(1) if match else qdev, "")
    model = told.removeprefix("child<").removesuffix(">")
    return re.sub(r"-(pci|pci-transitional|pci-non-transitional|device|ccw)$", "", model)


def read_devices(block: object, peripherals: object, backends: _Backends, graph: BlockGraph) -> tuple[Device, ...]:
    """The devices in QEMU's order. `backends`: see `DebugGraph.roots`."""
    types = {text(told.get("name")): text(told.get("type")) for told in mappings(peripherals)}
    return tuple(_device(told, types, backends, graph) for told in mappings(block))


def _device(told: Json, types: Mapping[str, str], backends: _Backends, graph: BlockGraph) -> Device:
    qdev, drive = text(told.get("qdev")), text(told.get("device"))
    inserted = maybe_text(mapping(told.get("inserted")).get("node-name"))
    root, permissions, shared = backends.get(drive) or backends.get(qdev) or (inserted, (), ())
    return Device(
        name=device_name(qdev, drive),
        qdev=qdev,
        model=_model(qdev, types),
        root=root if root in graph.nodes else None,
        drive=drive,
        removable=told.get("removable") is True,
        tray_open=told.get("tray_open") is True,
        io_status=text(told.get("io-status")),
        permissions=permissions,
        shared=shared,
    )
