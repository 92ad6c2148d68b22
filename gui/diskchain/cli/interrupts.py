"""Ctrl-C and SIGTERM, taken by the event loop, so that a command ends in good order."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def interrupts(told: Callable[[], object]) -> Iterator[None]:
    """Call `told` in the running loop each time the user interrupts; inside, nothing is raised by Ctrl-C."""
    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        loop.add_signal_handler(number, told)
    try:
        yield
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
