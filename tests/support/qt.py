"""What tests of the window need: the application's own loop, run from a test."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

from PySide6.QtWidgets import QApplication

from diskchain.widgets.loop import Loop

_Result = TypeVar("_Result")


def run(application: QApplication, work: Coroutine[object, object, _Result], limit: float = 20) -> _Result:
    """Run a coroutine on a fresh loop of the application's kind and give its result.

    :raises TimeoutError: not done within `limit` seconds. Errors in callbacks and tasks fail the test.
    """
    wrong: list[str] = []

    async def limited() -> _Result:
        async with asyncio.timeout(limit):
            return await work

    with Loop(application) as loop:
        loop.set_exception_handler(lambda _, told: wrong.append(repr(told)))
        result: _Result = loop.run_until_complete(limited())
    assert not wrong, wrong
    return result
