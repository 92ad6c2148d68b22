"""The event loop of a command: Ctrl-C in good order, and no failure that is told to nobody."""

from __future__ import annotations

import asyncio
import signal
import socket
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
    """Call `told` in the running loop each time the user interrupts; inside, nothing is raised by Ctrl-C, nor ever after.

    A terminal that is closed interrupts too, unless that is ignored from the start (nohup(1)); but it only ever begins the
    end and never hastens it: of one terminal both the kernel and the shell tell, so that it may come several times.
    """
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    heard = [number for number in _SIGNALS if number != signal.SIGHUP or before[number] is not signal.SIG_IGN]
    count = 0

    def hear(number: int) -> None:
        nonlocal count
        count += 1
        if number != signal.SIGHUP or count == 1:
            told()

    with _woken_by_signals(hear):
        for number in heard:
            signal.signal(number, _told_by_the_line)
        try:
            yield
        finally:
            # From now on it is only told how it ended, and Ctrl-C would only spoil that; the loop's own end included.
            before[signal.SIGINT] = signal.SIG_IGN
            for number in heard:
                signal.signal(number, before[number] or signal.SIG_DFL)


@contextmanager
def _woken_by_signals(hear: Callable[[int], object]) -> Iterator[None]:
    """Call `hear` in the running loop with the number of each signal that Python handles.

    Not by the loop's own `add_signal_handler`: its end makes Ctrl-C raise an exception again, if only for a moment.
    """
    loop = asyncio.get_running_loop()
    ours, its = socket.socketpair()
    with ours, its:
        ours.setblocking(False)
        its.setblocking(False)

        def readable() -> None:
            for number in ours.recv(4096):
                hear(number)

        loop.add_reader(ours, readable)
        old = signal.set_wakeup_fd(its.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(old)
            loop.remove_reader(ours)


def _told_by_the_line(_: int, __: FrameType | None) -> None:
    """Python writes the signal's number to the line of `set_wakeup_fd`, and only does so where there is a handler."""


@contextmanager
def ends_as_ctrl_c() -> Iterator[None]:
    """Inside, Ctrl-C, a closed terminal and a wish that we end raise KeyboardInterrupt once: no half-written file is left."""
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    heard = [number for number, act in before.items() if act is signal.SIG_DFL or callable(act)]

    def end(_: int, __: FrameType | None) -> None:
        for number in heard:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in heard:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in heard:
            signal.signal(number, before[number])
