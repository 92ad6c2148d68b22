"""The event loop of a command: Ctrl-C in good order, and no failure that is told to nobody."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType
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

    A terminal that is closed interrupts too, unless that is ignored from the start (nohup(1)); but it only ever begins the
    end and never hastens it: of one terminal both the kernel and the shell tell, so that it may come several times.
    """
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    heard = [number for number in _SIGNALS if number != signal.SIGHUP or before[number] is not signal.SIG_IGN]
    count = 0

    def hear(number: signal.Signals) -> None:
        nonlocal count
        count += 1
        if number != signal.SIGHUP or count == 1:
            told()

    for number in heard:
        loop.add_signal_handler(number, hear, number)
    try:
        yield
    finally:
        for number in heard:
            loop.remove_signal_handler(number)
            signal.signal(number, before[number] or signal.SIG_DFL)


@contextmanager
def ends_as_ctrl_c() -> Iterator[None]:
    """Inside, a closed terminal and a wish that we end are what Ctrl-C is: they leave no half-written file behind."""
    before = {number: signal.getsignal(number) for number in _SIGNALS if number != signal.SIGINT}
    heard = [number for number, act in before.items() if act is signal.SIG_DFL]
    for number in heard:
        signal.signal(number, _as_ctrl_c)
    try:
        yield
    finally:
        for number in heard:
            signal.signal(number, signal.SIG_DFL)


def _as_ctrl_c(_: int, frame: FrameType | None) -> None:
    act = signal.getsignal(signal.SIGINT)
    if not callable(act):  # ignored, as in what a shell script runs in the background
        raise KeyboardInterrupt
    act(signal.SIGINT, frame)
