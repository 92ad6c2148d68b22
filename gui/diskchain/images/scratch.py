"""Removing what was only made to be of use for a while."""

from __future__ import annotations

from dataclasses import dataclass

from diskchain.images.files import Identity, remove_made


@dataclass(frozen=True, slots=True)
class RemoveScratch:
    """The act of removing a file of ours whose data are of no use any more. `path`: absolute. `made`: the file that it was."""

    path: str
    made: Identity

    def __str__(self) -> str:
        return f"remove {self.path}: it was only made to be of use for a while"

    def act(self, began: float) -> None:
        """Remove it, under the rule for files; harmless where it is gone. :raises OSError: it stays, with the reason."""
        del began
        if why := remove_made(self.path, self.made):
            raise OSError(why)

    def undo(self) -> str:
        """It cannot be taken back, and need not be."""
        return ""
