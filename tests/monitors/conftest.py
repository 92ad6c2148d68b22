"""A real QEMU or storage daemon with nothing in it, and a loop to run in."""

from __future__ import annotations

import asyncio
import subprocess
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.support.tools import DAEMON, QEMU

Answer = TypeVar("Answer")
Run = Callable[[Coroutine[Any, Any, None]], None]


def begin(what: Coroutine[Any, Any, Answer]) -> asyncio.Task[Answer]:
    """Let something run beside the test, which awaits it."""
    return asyncio.get_running_loop().create_task(what)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short name: a socket's path has at most 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="dc-") as name:
        yield Path(name)


@pytest.fixture
def run() -> Run:
    """Run a coroutine; exceptions that nobody took fail the test, and so does a test that hangs."""

    def run(main: Coroutine[Any, Any, None]) -> None:
        complaints: list[dict[str, Any]] = []

        async def guarded() -> None:
            asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
            async with asyncio.timeout(30):
                await main
            left = asyncio.all_tasks() - {asyncio.current_task()}
            assert not left, f"left behind: {left}"

        asyncio.run(guarded())
        assert not complaints, complaints

    return run


def _listens(socket: Path) -> bool:
    """Whether the socket is there and, as the kernel tells, not one that is bound (state 01, no flag) but does not listen yet."""
    if not socket.exists():
        return False
    rows = (line.split() for line in Path("/proc/net/unix").read_text().splitlines())
    return not any(row[-1].endswith(socket.name) and (row[3], row[5]) == ("00000000", "01") for row in rows)


class Programs:
    """Starts programs and waits for their sockets; all are ended with the test."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack

    def qemu(self, socket: Path, *more: str) -> subprocess.Popen[bytes]:
        """QEMU without a machine, one monitor at `socket`."""
        words = [QEMU, "-nodefaults", "-display", "none", "-machine", "none"]
        return self.start(socket, *words, "-qmp", f"unix:{socket},server=on,wait=off", *more)

    def daemon(self, socket: Path, *more: str) -> subprocess.Popen[bytes]:
        """qemu-storage-daemon with one monitor at `socket`."""
        chardev = f"socket,id=c0,path={socket},server=on,wait=off"
        return self.start(socket, DAEMON, "--chardev", chardev, "--monitor", "chardev=c0", *more)

    def start(self, socket: Path, *words: str, **more: Any) -> subprocess.Popen[bytes]:
        """Any program that makes `socket`."""
        process = subprocess.Popen(words, stderr=subprocess.PIPE, **more)
        self._stack.callback(self._end, process)
        until = time.monotonic() + 10
        while not _listens(socket):
            assert process.poll() is None, process.stderr.read() if process.stderr else ""
            assert time.monotonic() < until, f"{words[0]} made no socket"
            time.sleep(0.01)
        return process

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        process.kill()
        process.wait()
        if process.stderr is not None:
            process.stderr.close()


@pytest.fixture
def programs() -> Iterator[Programs]:
    with ExitStack() as stack:
        yield Programs(stack)
