"""Where a disk can be plugged in, read from trees of objects as QEMU 7.2 tells them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from diskchain.model.bus import Bus
from diskchain.monitors.monitor import Refused
from diskchain.qapi.command import Command
from diskchain.session.hotplug import hot_buses


def _found(tree: Mapping[str, Mapping[str, str]], parents: Mapping[str, str]) -> tuple[Bus, ...]:
    """The buses of a machine. `tree`: object -> what it has, and its type. `parents`: device -> the bus that it sits on."""

    async def ask(command: Command) -> object:
        path = str(command.arguments["path"])
        if command.name == "qom-get" and path in parents:
            return parents[path]
        if command.name == "qom-list" and path in tree:
            return [{"name": name, "type": kind} for name, kind in tree[path].items()]
        raise Refused(command, "GenericError", "not found")

    return asyncio.run(hot_buses(ask))


def test_the_old_pc_has_one_bus_for_all() -> None:
    tree = {
        "/machine": {"i440fx": "child<i440FX-pcihost>", "peripheral": "child<container>"},
        "/machine/peripheral": {},
    }
    assert _found(tree, {}) == (Bus("pci.0", "pci"),)


def test_a_port_with_a_device_is_taken_and_a_controller_without_a_name_counts() -> None:
    tree = {
        "/machine": {"q35": "child<q35-pcihost>"},
        "/machine/peripheral": {
            "a": "child<pcie-root-port>",
            "b": "child<pcie-root-port>",
            "x": "child<virtio-blk-pci>",
        },
        "/machine/peripheral-anon": {"device[0]": "child<virtio-scsi-pci>"},
        "/machine/peripheral/a": {"a": "child<PCIE>", "parent_bus": "link<bus>"},
        "/machine/peripheral/b": {"b": "child<PCIE>"},
        "/machine/peripheral-anon/device[0]/virtio-backend": {"scsi.0": "child<SCSI>"},
    }
    found = _found(tree, {"/machine/peripheral/x": "/machine/peripheral/b/b"})
    assert found == (Bus("scsi.0", "scsi"), Bus("a", "pci"), Bus("b", "pci", free=False))


def test_a_server_without_objects_has_none() -> None:
    assert _found({}, {}) == ()
