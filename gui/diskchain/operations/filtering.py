"""Taking a filter out again that was put under a guest's device."""

from __future__ import annotations

from diskchain.model.node import Kind
from diskchain.model.root import Device
from diskchain.model.state import State
from diskchain.qapi.command import Command, command


def device_of(state: State, exchange: Command) -> Device | None:
    """The device whose drive a `qom-set` exchanges; None: it is no such command, or there is no such device."""
    told = exchange.arguments
    if exchange.name != "qom-set" or told.get("property") != "drive":
        return None
    paths = {device.qdev: device for device in state.devices if device.qdev}
    path = str(told.get("path"))
    return paths.get(path) or paths.get(path.removeprefix("/machine/peripheral/"))


def off_filter(state: State, exchange: Command) -> Command:
    """The command that takes a device off its filter, for one that was noted when the filter was put there.

    Meanwhile a snapshot, a commit or a mirror may have exchanged what lies below: the guest must go on with that, never with the
    image it wrote to before. A device that is on no filter is put back as was noted.
    """
    device, noted = device_of(state, exchange), str(exchange.arguments.get("value"))
    root = state.graph.nodes.get(device.root or "") if device is not None else None
    if root is None or root.kind is not Kind.FILTER or root.name == noted:
        return exchange
    below = state.graph.filtered(root.name)
    if below is None or state.graph.through(below) == state.graph.through(noted):
        return exchange
    return command("qom-set", **{**exchange.arguments, "value": below})
