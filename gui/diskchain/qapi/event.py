"""A QMP event as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Event:
    """Something QEMU told by itself.

    :ivar at: QEMU's own time stamp, seconds since 1970. `data`: decoded JSON; not to be changed.
    """

    name: str
    data: Mapping[str, object] = field(default_factory=dict)
    at: float = 0.0

    @property
    def job(self) -> str | None:
        """The job that it speaks of: `device` in BLOCK_JOB_*, `id` in JOB_STATUS_CHANGE and BLOCK_JOB_PENDING."""
        if self.name == "JOB_STATUS_CHANGE" or self.name.startswith("BLOCK_JOB_"):
            found = self.data.get("id", self.data.get("device"))
            return found if isinstance(found, str) else None
        return None


def event(told: Mapping[str, object]) -> Event:
    """Read an event object as it came over the line; missing parts become empty."""
    stamp, data = told.get("timestamp"), told.get("data")
    at = 0.0
    if isinstance(stamp, Mapping):
        seconds, micro = stamp.get("seconds"), stamp.get("microseconds")
        if isinstance(seconds, int) and isinstance(micro, int):
            at = seconds + micro / 1e6
    return Event(str(told.get("event", "")), data if isinstance(data, Mapping) else {}, at)
