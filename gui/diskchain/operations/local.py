"""The step of a plan that is done on this computer, not by QEMU."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class Act(Protocol):
    """Something done on this computer, not by QEMU: a value, equal to another that would do the same; its text says what."""

    def act(self, began: float) -> None:
        """Do it; may take long. `began`: Unix seconds at which the plan began. :raises OSError: it failed and left nothing."""

    def undo(self) -> str:
        """Take it back; returns an empty string, or why it stays."""


@dataclass(frozen=True, slots=True)
class Local:
    """Do something on this computer, off the loop's thread; taken back if a later step fails before anything is done for good.

    :ivar failed: what a failure means, in one sentence.
    """

    act: Act
    failed: str
