"""The only place that starts asyncio tasks: keeps them from being collected, names them, and lets no failure be silent."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

_Result = TypeVar("_Result")


class Tasks:
    """The tasks of one owner. A task that fails by itself is reported to the loop's exception handler."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[object]] = set()

    def start(self, work: Coroutine[object, object, _Result], name: str) -> asyncio.Task[_Result]:
        """Begin `work` in the running loop and keep it until it ends."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def end(self) -> None:
        """Cancel what still runs, but for the caller itself, and wait until it has ended."""
        rest = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    def _ended(self, task: asyncio.Task[object]) -> None:
        self._tasks.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        told = {"message": f"The task {task.get_name()} failed", "exception": error, "task": task}
        task.get_loop().call_exception_handler(told)
