"""The one event loop: asyncio on Qt's, by qasync, with its timers and its thread pool mended."""

from __future__ import annotations

import asyncio
import gc
import itertools
import math
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context

from PySide6.QtCore import QObject, Qt, QTimerEvent
from PySide6.QtWidgets import QApplication
from qasync import QSelectorEventLoop

_THREADS = 4
_TURN = 0.002
"""Seconds that callbacks may take which follow from each other, until Qt has a turn: it costs as much as some ten of them."""

_YOUNG, _MIDDLE, _OLD = 2_000, 10, 10
"""When garbage is looked for: so many new objects; every so many times in the younger ones too; after so many of those in all."""
_WHOLE = 60.0
"""Seconds between two looks at everything, at least: at 1,000 nodes such a look takes longer than a frame."""


class _Garbage:
    """Python's search for objects that nobody reaches, on this thread only.

    Left to itself, it runs in whichever thread makes the next object. Qt's objects must end in the thread they live in: one
    that ended in another kept its running timer, which then called into freed memory.
    """

    def __init__(self) -> None:
        self._was_on = gc.isenabled()
        self._last = time.monotonic()
        gc.disable()

    def look(self) -> None:
        """Collect if there is enough of it. For the end of a turn of the loop."""
        young, middle, old = gc.get_count()
        if young < _YOUNG:
            return
        if old >= _OLD and time.monotonic() - self._last >= _WHOLE:
            gc.collect()
            self._last = time.monotonic()
        else:
            gc.collect(1 if middle >= _MIDDLE else 0)

    def end(self) -> None:
        """Leave it to Python again."""
        if self._was_on:
            gc.enable()
            self._was_on = False


class _Handle(asyncio.TimerHandle):
    """A callback that waits for its time. Cancelling it ends its Qt timer, which qasync's own handles do not.

    :ivar timer: Qt's number of the timer; 0: none (it runs in the next turn of the loop, or it ran).
    """

    __slots__ = ("timer",)

    def __init__(
        self,
        when: float,
        callback: Callable[..., object],
        arguments: tuple[object, ...],
        loop: Loop,
        context: Context | None,
    ) -> None:
        super().__init__(when, callback, arguments, loop, context)
        self.timer = 0

    def run(self) -> None:
        """Call it, unless it was cancelled; what it raises goes to the loop's exception handler."""
        if not self.cancelled():
            self._run()


class _Clock(QObject):
    """Qt timers for handles: precise ones, never early; and one of no time at all for what shall run in the next turn."""

    def __init__(self, turned: Callable[[], None]) -> None:
        super().__init__()
        self._turned = turned
        self._waiting: dict[int, _Handle] = {}
        self._ready: deque[_Handle] = deque()
        self._turn = 0

    def soon(self, handle: _Handle) -> None:
        """Run it in the next turn, in the order of the calls."""
        self._ready.append(handle)
        if not self._turn:
            self._turn = self.startTimer(0, Qt.TimerType.PreciseTimer)

    def later(self, handle: _Handle, delay: float) -> None:
        """Run it after `delay` seconds, rounded up to Qt's milliseconds."""
        handle.timer = self.startTimer(math.ceil(delay * 1000), Qt.TimerType.PreciseTimer)
        self._waiting[handle.timer] = handle

    def drop(self, handle: _Handle) -> None:
        """Forget a handle that waits; harmless for others."""
        if self._waiting.pop(handle.timer, None) is not None:
            self.killTimer(handle.timer)
            handle.timer = 0

    def stop(self) -> None:
        """Forget everything: the loop closes."""
        for handle in tuple(self._waiting.values()):
            self.drop(handle)
        self._ready.clear()
        self._rest()

    def timerEvent(self, event: QTimerEvent) -> None:
        """Qt's call when a timer is due."""
        if event.timerId() == self._turn:
            self._run_ready()
        elif (handle := self._waiting.pop(event.timerId(), None)) is not None:
            self.killTimer(handle.timer)
            handle.timer = 0
            handle.run()
        self._turned()

    def _run_ready(self) -> None:
        """Run what is ready, and what that makes ready, in rounds; once it takes long the window is painted first."""
        until = time.monotonic() + _TURN
        while self._ready:
            for _ in itertools.repeat(None, len(self._ready)):
                if self._ready:
                    self._ready.popleft().run()
            if time.monotonic() >= until:
                break
        if not self._ready:
            self._rest()

    def _rest(self) -> None:
        if self._turn:
            self.killTimer(self._turn)
            self._turn = 0


class Loop(QSelectorEventLoop):
    """The loop of qasync with four cures. Use it with `with`, so that it gets closed.

    As measured with qasync 0.28: cancelled timers stayed until they were due, `sleep(0.5)` came back 24 ms early, and work
    off the thread ran in Qt threads, which numpy does not like. Here they are dropped, nothing is early, and the threads
    are Python's own, in which no Qt object ever ends.
    """

    def __init__(self, application: QApplication) -> None:
        super().__init__(application)
        self._garbage = _Garbage()
        self._clock = _Clock(self._garbage.look)
        self.set_default_executor(ThreadPoolExecutor(_THREADS, thread_name_prefix="diskchain"))

    def call_later(
        self, delay: float, callback: Callable[..., object], *arguments: object, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Call after `delay` seconds, never earlier."""
        handle = _Handle(self.time() + max(delay, 0.0), callback, arguments, self, context)
        if delay > 0:
            self._clock.later(handle, delay)
        else:
            self._clock.soon(handle)
        return handle

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """The hook of asyncio for handles that are cancelled before they ran."""
        if isinstance(handle, _Handle) and handle.timer:
            self._clock.drop(handle)

    def close(self) -> None:
        """Drop all timers, end the threads, close; harmless when closed."""
        self._clock.stop()
        super().close()
        self._garbage.end()
