"""Choose the kind of line for a target."""

from __future__ import annotations

from diskchain.monitors.address import parse
from diskchain.monitors.monitor import Monitor
from diskchain.monitors.qmp import QmpMonitor
from diskchain.monitors.replay import ReplayMonitor


def monitor_for(target: str) -> Monitor:
    """A line to `target`, not yet open.

    :raises Unreachable: with cause `address`, when it is no target that this version can open.
    """
    return ReplayMonitor(target) if parse(target).kind == "replay" else QmpMonitor(target)
