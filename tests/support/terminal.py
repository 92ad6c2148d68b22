"""A command on a terminal of its own, and one in a pipe: what a user sees of it, and what a user does to it."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

DISKCHAIN = (sys.executable, "-m", "diskchain")


def environment(state: Path) -> dict[str, str]:
    """The user's own, but for a state folder that belongs to the test."""
    return {
        **os.environ,
        "XDG_STATE_HOME": str(state),
        "TERM": "dumb",
        "COLUMNS": "200",
        "QT_QPA_PLATFORM": "offscreen",
    }


def ran(state: Path, *words: object, limit: float = 60) -> subprocess.CompletedProcess[str]:
    """Run a command without a terminal. A traceback is a failure of the test.

    :raises AssertionError: there was one.
    """
    done = subprocess.run(
        [*DISKCHAIN, *map(str, words)],
        capture_output=True,
        text=True,
        timeout=limit,
        env=environment(state),
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


class OnTerminal:
    """A command on a terminal of its own, which controls it. `told` is everything that it has written there."""

    def __init__(self, state: Path, *words: object) -> None:
        self.told = ""
        ours, its = pty.openpty()
        self._line = ours
        self.process = subprocess.Popen(
            ["setsid", "--ctty", *DISKCHAIN, *map(str, words)],
            stdin=its,
            stdout=its,
            stderr=its,
            env=environment(state),
        )
        os.close(its)

    def until(self, pattern: str, limit: float = 20) -> str:
        """Read until a pattern is there.

        :raises AssertionError: it does not come.
        """
        deadline = time.monotonic() + limit
        while not (found := re.search(pattern, self.told)):
            assert time.monotonic() < deadline, f"{pattern!r} did not come: {self.told}"
            assert self._read(0.1), f"{pattern!r} did not come before the end: {self.told}"
        return found.group()

    def _read(self, limit: float) -> bool:
        """Read what is there. False at the end."""
        if select.select([self._line], [], [], limit)[0]:
            try:
                self.told += os.read(self._line, 1 << 16).decode()
            except OSError:  # how a terminal says that nobody is at its other side
                return False
        return True

    def answer(self, text: str) -> None:
        """Type a line."""
        os.write(self._line, f"{text}\n".encode())

    def interrupt(self, number: signal.Signals = signal.SIGINT) -> None:
        """What Ctrl-C does."""
        self.process.send_signal(number)

    def hang_up(self, limit: float = 20) -> int:
        """Close the terminal, as closing its window does, and wait for the end; the exit code."""
        os.close(self._line)
        self._line = -1
        return self.process.wait(limit)

    def end(self, limit: float = 20) -> int:
        """Wait for the end; the exit code."""
        deadline = time.monotonic() + limit
        while self._read(0.1):
            assert time.monotonic() < deadline, f"it does not end: {self.told}"
        return self.process.wait(limit)

    def __enter__(self) -> OnTerminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.wait()
        if self._line >= 0:
            os.close(self._line)
