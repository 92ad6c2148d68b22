"""How a session's line fails, for those who do not know carriers."""

from __future__ import annotations

from diskchain.monitors.monitor import MonitorError, Unreachable

__all__ = ["MonitorError", "Unreachable"]
