"""Reads `query-blockstats` into counters."""

from __future__ import annotations

from diskchain.model.sample import Counters
from diskchain.qapi.devices import device_name
from diskchain.qapi.replies import Json, mapping, mappings, number, text


def _counters(told: Json) -> Counters:
    stats = mapping(told.get("stats"))
    return Counters(
        read_bytes=number(stats.get("rd_bytes")),
        written_bytes=number(stats.get("wr_bytes")),
        reads=number(stats.get("rd_operations")),
        writes=number(stats.get("wr_operations")),
        flushes=number(stats.get("flush_operations")),
    )


def read_device_counters(told: object) -> dict[str, Counters]:
    """Counters by device name, from `query-blockstats`."""
    found = {}
    for device in mappings(told):
        name = device_name(text(device.get("qdev")), text(device.get("device")))
        if name:
            found[name] = _counters(device)
    return found


def read_node_counters(told: object) -> dict[str, Counters]:
    """Counters by node-name, from `query-blockstats` with `query-nodes`."""
    return {name: _counters(node) for node in mappings(told) if (name := text(node.get("node-name")))}
