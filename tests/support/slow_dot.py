"""A `dot` that never answers and starts another process, as a wrapper script does."""

from __future__ import annotations

import asyncio
from pathlib import Path


class SlowDot:
    """The program, in a folder that can be put before others in PATH.

    :ivar program: its path. It notes the number of its process group each time it is started.
    """

    def __init__(self, folder: Path) -> None:
        self.program = folder / "dot"
        self._note = folder / "groups"
        self._note.touch()
        self.program.write_text(f'#!/bin/sh\necho $$ >> "{self._note}"\nsleep 300\n')
        self.program.chmod(0o755)

    @property
    def groups(self) -> list[int]:
        """The process groups of all starts so far."""
        return [int(line) for line in self._note.read_text().split()]

    async def started(self) -> int:
        """Wait until it is at work for the first time; its group."""
        for _ in range(500):
            if self.groups:
                return self.groups[0]
            await asyncio.sleep(0.02)
        raise TimeoutError("dot was not started")

    @property
    def alive(self) -> list[str]:
        """What is left of it: the names of processes in its groups; zombies are dead."""
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                # The name stands in parentheses and may hold anything; state, parent and group follow (proc(5)).
                name, rest = stat.read_text().rsplit(")", maxsplit=1)
            except OSError:
                continue
            state, _, group = rest.split()[:3]
            if int(group) in self.groups and state not in "ZX":
                found.append(name)
        return found
