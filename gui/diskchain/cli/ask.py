"""Questions on a terminal, asked without stopping the event loop."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Sequence

from diskchain.cli.console import hung_up, tell


class Asker:
    """Asks on stderr and reads the answers from the terminal.

    An interrupt while a question stands is told by `interrupt`, and counts as no answer.
    """

    def __init__(self) -> None:
        self._answer: asyncio.Future[str] | None = None

    def interrupt(self) -> bool:
        """Give up the question that stands. Says whether there was one."""
        if self._answer is None or self._answer.done():
            return False
        self._answer.set_result("")
        tell("")
        return True

    async def _line(self, question: str) -> str:
        """The line that is typed, without the space around it; empty at the end of the input."""
        tell(question, end="")
        loop = asyncio.get_running_loop()
        self._answer = loop.create_future()
        answer, number = self._answer, sys.stdin.fileno()

        def readable() -> None:
            try:
                typed = os.read(number, 4096)
            except OSError:  # the terminal is no more
                typed = b""
            if not typed and hung_up(sys.stdin) and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
                # A terminal that was closed is no end of the input: it is an interrupt, which the kernel may be about to tell.
                loop.remove_reader(number)
                signal.raise_signal(signal.SIGHUP)
            elif not answer.done():
                answer.set_result(typed.decode(errors="replace"))

        loop.add_reader(number, readable)
        try:
            return (await answer).strip()
        finally:
            loop.remove_reader(number)
            self._answer = None

    async def yes(self, question: str) -> bool:
        """Ask for a yes; anything else is a no."""
        return (await self._line(f"{question} [y/N] ")).lower() in ("y", "yes")

    async def one_of(self, question: str, answers: Sequence[tuple[str, str]]) -> str:
        """Ask for one of some (word, meaning); a beginning that fits only one will do. Empty: no answer was given."""
        for word, meaning in answers:
            tell(f"  {word:8} {meaning}")
        while typed := (await self._line(f"{question} [{'/'.join(word for word, _ in answers)}] ")).lower():
            fitting = [word for word, _ in answers if word.startswith(typed)]
            if len(fitting) == 1:
                return fitting[0]
        return ""
