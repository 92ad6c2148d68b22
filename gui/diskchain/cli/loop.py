"""The event loop of a command: Ctrl-C in good order, and no failure that is told to nobody."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import TypeVar

_Result = TypeVar("_Result")
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run(work: Coroutine[object, object, _Result]) -> _Result:
    """Run to the end. A task beside it that fails by a mistake of ours ends it too, and its exception is raised here."""
    return asyncio.run(_guarded(work))


async def _guarded(work: Coroutine[object, object, _Result]) -> _Result:
    failures: list[Exception] = []
    task = asyncio.current_task()

    def failed(_: asyncio.AbstractEventLoop, told: dict[str, object]) -> None:
        error = told.get("exception")
        failures.append(error if isinstance(error, Exception) else RuntimeError(str(told.get("message"))))
        if task is not None:
            task.cancel()

    asyncio.get_running_loop().set_exception_handler(failed)
    try:
        return await work
    finally:
        if failures:
            raise failures[0]


@contextmanager
def interrupts(told: Callable[[], object]) -> Iterator[None]:
    """Call `told` in the running loop each time the user interrupts; inside, nothing is raised by Ctrl-C.

    A terminal that is closed interrupts too, unless this is ignored from the start (nohup(1)).
    """
    loop = asyncio.get_running_loop()
    heard = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    for number in heard:
        loop.add_signal_handler(number, told)
    try:
        yield
    finally:
        for number in heard:
            loop.remove_signal_handler(number)
