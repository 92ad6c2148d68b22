"""A process that is told from a later one of the same number."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """A process by number and start.

    :ivar pid: its number.
    :ivar start: when it started, in clock ticks since boot (proc(5), /proc/PID/stat, field 22).
    """

    pid: int
    start: int

    @classmethod
    def of(cls, pid: int) -> Process:
        """The process that has this number now.

        :raises OSError: there is none.
        """
        return cls(pid, _read(pid)[1])

    @classmethod
    def own(cls) -> Process:
        """This process."""
        return cls.of(os.getpid())

    @classmethod
    def from_json(cls, value: object) -> Process | None:
        """What `as_json` gave; None where it is something else."""
        match value:
            case {"pid": int(pid), "start": int(start)}:
                return cls(pid, start)
            case _:
                return None

    def as_json(self) -> dict[str, int]:
        """Itself as plain values."""
        return {"pid": self.pid, "start": self.start}

    def lives(self) -> bool:
        """Whether it is still there; an ended one that nobody has waited for is not.

        One whose first thread has ended lives as long as another thread does: until then its files are open and locked.
        """
        try:
            state, start = _read(self.pid)
            threads = len(list(Path(f"/proc/{self.pid}/task").iterdir()))
        except OSError:
            return False
        return start == self.start and (state not in {"Z", "X"} or threads > 1)


def _read(pid: int) -> tuple[str, int]:
    # The second field is the program's name in brackets, and may hold anything, brackets too.
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    return fields[0], int(fields[19])
