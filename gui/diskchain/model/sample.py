"""Measurements: counters and offsets at one moment, kept apart from the structure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Counters:
    """What a device or node did since it was opened (`BlockDeviceStats`): bytes and numbers of requests."""

    read_bytes: int = 0
    written_bytes: int = 0
    reads: int = 0
    writes: int = 0
    flushes: int = 0


@dataclass(frozen=True, slots=True)
class Sample:
    """One measurement of a machine.

    :ivar at: seconds on the monotonic clock.
    :ivar devices: device name -> counters; `nodes`: node-name -> counters (None: not asked this time).
    :ivar jobs: job id -> (offset, length) in bytes.
    """

    at: float
    devices: Mapping[str, Counters] = field(default_factory=dict)
    nodes: Mapping[str, Counters] | None = None
    jobs: Mapping[str, tuple[int, int]] = field(default_factory=dict)
