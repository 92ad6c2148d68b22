"""Where a new guest device can be plugged in while the guest runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Bus:
    """A bus that takes devices while the guest runs.

    :ivar name: as `device_add` takes it. `kind`: what fits. `free`: whether there is room for one more.
    """

    name: str
    kind: Literal["pci", "scsi"]
    free: bool = True
