"""The application as a user starts it, in a process of its own, and what the kernel counts of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

from tests.bench.display import Display

COMMAND = str(Path(sys.executable).with_name("diskchain"))
_TICKS = os.sysconf("SC_CLK_TCK")


class Application:
    """`diskchain WORDS` on a display.

    :ivar began: moment of the monotonic clock right before the process was started.
    """

    def __init__(self, display: Display, *words: str, command: tuple[str, ...] = (COMMAND,)) -> None:
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", *command, *words], env=display.environment(), stdout=subprocess.DEVNULL
        )

    def seconds(self) -> float:
        """Processor time so far, of all its threads."""
        return cpu_seconds(self.process.pid)

    def share(self, duration: float) -> float:
        """Share of one core, in percent, that it takes in the next seconds."""
        begin, used = time.monotonic(), self.seconds()
        time.sleep(duration)
        return 100 * (self.seconds() - used) / (time.monotonic() - begin)

    def resident(self) -> float:
        """Resident memory in MiB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmRSS:")).split()[1]) / 1024

    def stand_still(self) -> None:
        """Stop the process: it asks nothing any more."""
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it run again."""
        self.process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        """End it in good order."""
        self.go_on()
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __enter__(self) -> Application:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def cpu_seconds(pid: int) -> float:
    """Processor time of a process so far, as exactly as the kernel counts it: schedstat of each thread, else ticks."""
    try:
        told = [(task / "schedstat").read_text().split() for task in Path(f"/proc/{pid}/task").iterdir()]
        return sum(int(words[0]) for words in told) / 1e9
    except OSError:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS
