"""How far a job is: a bar on a terminal, else a line now and then."""

from __future__ import annotations

import math
import shutil
import time
from typing import Protocol

from diskchain.model import words

_BAR = 24
_SPARSE_SECONDS = 10.0
_SPARSE_PER_CENT = 25


def line(text: str, done: int, whole: int, rate: float | None, left: tuple[float, float] | None) -> str:
    """What is going on, in one line. `done` and `whole` in bytes, `rate` in bytes per second, `left` a range in seconds."""
    parts = [text]
    if whole > 0:
        parts.append(f"{words.percent(done, whole)} of {words.size(whole)}")
    if rate is not None:
        parts.append(words.rate(rate))
    if left is not None and math.isfinite(left[1]):
        parts.append(f"{words.span(*left)} left")
    return ", ".join(parts)


def bar(done: int, whole: int) -> str:
    """A bar of fixed width."""
    full = 0 if whole <= 0 else min(_BAR, _BAR * max(done, 0) // whole)
    return "[" + "#" * full + "." * (_BAR - full) + "]"


class Writer(Protocol):
    """Writes one line, harmless whatever it is made of; `before` and `end` as they are."""

    def __call__(self, text: str, before: str = "", end: str = "\n") -> None:
        """Write it."""


class Progress:
    """Tells how far a job is.

    :param write: writes a line. :param terminal: one line is then written over and over.
    """

    def __init__(self, write: Writer, terminal: bool) -> None:
        self._write, self._terminal = write, terminal
        self._shown = ""
        self._last = (-math.inf, "", -1)  # when, what and how far the last sparse line told

    def show(
        self,
        text: str,
        done: int = 0,
        whole: int = 0,
        rate: float | None = None,
        left: tuple[float, float] | None = None,
    ) -> None:
        """Tell; sparsely where it is no terminal: at each new text, each quarter, and every ten seconds."""
        told = line(text, done, whole, rate, left)
        if self._terminal:
            width = shutil.get_terminal_size().columns - 1
            self._over(f"{bar(done, whole)} {told}"[:width] if whole > 0 else told[:width])
            return
        quarter = 100 * done // whole // _SPARSE_PER_CENT if whole > 0 else -1
        at, last_text, last_quarter = self._last
        now = time.monotonic()
        if text != last_text or quarter > last_quarter or now - at >= _SPARSE_SECONDS:
            self._last = (now, text, quarter)
            self._write(told)

    def _over(self, told: str) -> None:
        if told != self._shown:
            self._write(told + " " * (len(self._shown) - len(told)), before="\r", end="")
            self._shown = told

    def clear(self) -> None:
        """Take the bar away, so that other words can be written."""
        if self._shown:
            self._write(" " * len(self._shown), before="\r", end="\r")
            self._shown = ""
