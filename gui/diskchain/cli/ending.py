"""How a command ends: the exit codes of the public contract, and the exception that carries one upwards."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes (the public contract, "Command line")."""

    DONE = 0
    PROBLEM = 1
    USAGE = 2
    UNREACHABLE = 3
    LOST = 4
    REFUSED = 5
    HALFWAY = 6


class Ending(Exception):
    """A command ends here, for a reason that is told in one line.

    :ivar exit: the exit code. The text has what failed, what state things are in, and what to do, in plain sentences.
    """

    def __init__(self, code: Exit, text: str) -> None:
        super().__init__(text)
        self.exit = code
