"""The loop's four cures, and that it still is a loop."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
import weakref

from PySide6.QtCore import QAbstractEventDispatcher, QObject
from PySide6.QtWidgets import QApplication

from diskchain.widgets.loop import Loop
from tests.support.qt import run


def _timers(loop: Loop) -> int:
    dispatcher = QAbstractEventDispatcher.instance()
    assert dispatcher is not None
    return len(dispatcher.registeredTimers(loop._clock))


def test_cancelled_timers_are_dropped(qapp: QApplication) -> None:
    async def work() -> int:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, Loop)
        for _ in range(1000):
            loop.call_later(30, print).cancel()
        return _timers(loop)

    assert run(qapp, work()) <= 2  # the time limit of the test itself, and the turn


def test_no_timer_is_early(qapp: QApplication) -> None:
    async def work() -> list[float]:
        found = []
        for seconds in (0.001, 0.0105, 0.05, 0.2):
            start = time.monotonic()
            await asyncio.sleep(seconds)
            found.append(time.monotonic() - start - seconds)
        return found

    assert all(0 <= late < 0.1 for late in run(qapp, work()))


def test_callbacks_keep_their_order(qapp: QApplication) -> None:
    async def work() -> list[int]:
        loop = asyncio.get_running_loop()
        found: list[int] = []
        for number in range(200):
            loop.call_soon(found.append, number)
        loop.call_soon(found.append, -1).cancel()
        await asyncio.sleep(0.01)
        return found

    assert run(qapp, work()) == list(range(200))


def test_work_off_the_thread_runs_in_a_python_thread(qapp: QApplication) -> None:
    async def work() -> str:
        return await asyncio.to_thread(lambda: threading.current_thread().name)

    assert run(qapp, work()).startswith("diskchain")


def test_no_qt_object_ends_in_a_thread_that_is_not_its_own(qapp: QApplication) -> None:
    ended: list[str] = []
    over = asyncio.Event()

    def end() -> None:
        ended.append(threading.current_thread().name)
        over.set()

    def lose() -> None:
        lost = QObject()
        lost.startTimer(1)
        circle: list[object] = [lost]
        circle.append(circle)
        weakref.finalize(lost, end)

    def make_much() -> None:
        kept = [[number] for number in range(200_000)]
        assert len(kept) == 200_000

    async def work() -> None:
        lose()
        await asyncio.to_thread(make_much)
        await asyncio.wait_for(over.wait(), 5)

    assert gc.isenabled()
    run(qapp, work())
    assert ended == ["MainThread"]
    assert gc.isenabled(), "a closed loop leaves it to Python"


def test_a_failing_callback_reaches_the_handler(qapp: QApplication) -> None:
    told: list[object] = []

    def fail() -> None:
        raise ZeroDivisionError

    with Loop(qapp) as loop:
        loop.set_exception_handler(lambda _, context: told.append(context["exception"]))
        loop.call_soon(fail)
        loop.run_until_complete(asyncio.sleep(0.01))
    assert [type(error) for error in told] == [ZeroDivisionError]


def test_programs_and_time_limits_work(qapp: QApplication) -> None:
    async def work() -> bytes:
        process = await asyncio.create_subprocess_exec("echo", "hello", stdout=asyncio.subprocess.PIPE)
        said, _ = await asyncio.wait_for(process.communicate(), 5)
        return said

    assert run(qapp, work()) == b"hello\n"
