"""How a line ended: one word for programs, one sentence for people."""

from __future__ import annotations

import asyncio
from typing import Literal

from diskchain.qapi.event import Event

Word = Literal["", "quit", "lost", "oversize", "garbage", "closed"]

LONGEST_LINE = 16 << 20
"""Bytes. A longer answer is refused undecoded; a chain of 200 read the worst way gives 10.2 MiB."""


class Ending:
    """Waits for the end of one line and keeps what was the first to end it.

    :ivar word: empty while it goes on; `quit` (QEMU told that it ends), `lost`, `oversize` (an answer was too long),
        `garbage` (the server spoke something else), `closed` (by us). `sentence`: the same in plain words.
    """

    def __init__(self) -> None:
        self.word: Word = ""
        self.sentence = ""
        self._reason = ""
        self._over = asyncio.Event()

    def note(self, told: Event) -> None:
        """QEMU says why before it ends; started with -no-shutdown it stays and stops its guest instead."""
        if told.name == "SHUTDOWN":
            self._reason = str(told.data.get("reason", "no reason given"))
        elif told.name in {"STOP", "RESUME", "RESET"}:
            self._reason = ""

    def came(self, failure: BaseException | None) -> None:
        """The conversation ended with this exception of the reader or writer; None: we hung up."""
        if failure is None:
            self.settle("closed", "The line was closed.")
        elif isinstance(failure, (EOFError, OSError)) and self._reason:
            self.settle("quit", f"QEMU ended: {self._reason}.")
        elif isinstance(failure, (EOFError, OSError)):
            self.settle("lost", "The line broke without a word: QEMU was killed, crashed, or the link to it was cut.")
        elif isinstance(failure, ValueError):
            # What asyncio's StreamReader.readline raises for a line over its limit.
            self.settle("oversize", f"The line was given up: the answer was longer than {LONGEST_LINE >> 20} MiB.")
        else:
            self.settle("garbage", "The line was given up: the server sent something that is not QMP.")

    def settle(self, word: Word, sentence: str) -> None:
        """The line has ended; only the first call counts."""
        if not self.word:
            self.word, self.sentence = word, sentence
            self._over.set()

    async def wait(self) -> str:
        """The sentence, once there is one."""
        await self._over.wait()
        return self.sentence
