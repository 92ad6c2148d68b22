"""How long to wait for the answer to a command before its outcome counts as unknown."""

from __future__ import annotations

from diskchain.qapi.command import Command

QUERY_SECONDS = 10.0
"""Looks are answered in milliseconds; QEMU's main loop may be held up by a command of another client."""
CHANGE_SECONDS = 60.0
"""Opening and closing nodes, devices and exports waits for the drain of requests under way."""
LONG_SECONDS = 600.0
"""Transactions, job starts, complete and cancel flush and drain whole chains; libvirt has no limit, others 10 minutes."""

_CHANGES = ("blockdev-add", "blockdev-del", "blockdev-reopen", "device_", "block-export-", "nbd-server-", "object-")


def limit_for(command: Command) -> float:
    """The usual time limit for a command, in seconds."""
    if command.looks:
        return QUERY_SECONDS
    return CHANGE_SECONDS if command.name.startswith(_CHANGES) else LONG_SECONDS
