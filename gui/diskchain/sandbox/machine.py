"""The sandbox machine: start, rate, reset, end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from asyncio.subprocess import DEVNULL, Process
from pathlib import Path

from diskchain import resources
from diskchain.sandbox import command, images
from diskchain.sandbox.error import SandboxError
from diskchain.sandbox.folder import Folder
from diskchain.sandbox.line import MOST, GuestLine
from diskchain.sandbox.process import Process as Identity
from diskchain.sandbox.removal import IMAGES

__all__ = ["MOST", "Sandbox", "SandboxError"]

_LOG = "qemu.log"
_LONGEST_START = 15.0  # seconds; a free machine takes less than half of one
_LONGEST_END = 2.0  # seconds that QEMU gets to end by itself
_SLOW_MOTION = 4 << 20  # bytes a second
_LOG_TAIL = 4096  # bytes


class Sandbox:
    """A private throw-away QEMU with two disks on chains and a guest at work.

    It ends with this process, however that ends, and with the thread that started it: start it from the main thread.

    :ivar folder: all that it has on disk; 0700.
    :ivar monitor: QMP socket for the application.
    :ivar spare: second QMP socket, for qmp-shell or another client.
    :ivar process: QEMU.
    :ivar job_speed: bytes a second to give to own jobs, so that they can be watched; 0: no limit.
    """

    def __init__(self, folder: Folder, line: GuestLine, process: Process, *, slow: bool) -> None:
        self.folder = folder.path
        self.monitor = folder.path / "monitor.sock"
        self.spare = folder.path / "spare.sock"
        self.process = process
        self.slow = slow
        self.job_speed = _SLOW_MOTION if slow else 0
        self._folder = folder
        self._line = line
        self._closing = asyncio.Lock()

    @classmethod
    async def start(cls, rate: int = 20, slow: bool = False) -> Sandbox:
        """Make the images, start QEMU and wait until its guest works.

        :param rate: operations a second for each disk, half of them writes; 0 to 500.
        :param slow: whether own jobs should be held back to `job_speed`.
        :raises SandboxError: it did not start; nothing of it is left.
        :raises ValueError: the rate is out of range.
        """
        _check_rate(rate)
        guard = command.find("", "setpriv", "util-linux")
        qemu = command.find("DISKCHAIN_QEMU", "qemu-system-x86_64", "qemu-system-x86")
        try:
            rom = resources.resource("guest", "guest.rom")
            names = ["monitor.sock", "spare.sock", "guest.sock", _LOG, *(f"{IMAGES}/{name}" for name in images.files())]
            folder = Folder.make(names)
        except OSError as error:
            raise _failed(str(error)) from error
        line = GuestLine(rate)
        try:
            await _write_images(folder.images)
            await line.listen(folder.path / "guest.sock")
            process = await spawn(command.words(guard, qemu, folder.path, folder.images, rom), folder)
        except BaseException as error:
            line.close()
            folder.remove()
            if isinstance(error, OSError):
                raise _failed(str(error)) from error
            raise
        sandbox = cls(folder, line, process, slow=slow)
        try:
            await sandbox._wait_until_up()
        except BaseException:
            await sandbox.close()
            raise
        return sandbox

    @property
    def rate(self) -> int:
        """Operations a second that the guest sends to each disk, half of them writes; 0: it rests."""
        return self._line.rate

    @property
    def mismatches(self) -> int:
        """How often the guest read other bytes than it had written there. More than 0 after a revert, else a lost byte."""
        return self._line.mismatches

    @property
    def failures(self) -> int:
        """How often a read or a write of the guest failed."""
        return self._line.failures

    @property
    def kept(self) -> list[Path]:
        """After `close`: what was not ours to remove."""
        return self._folder.kept

    async def set_rate(self, rate: int) -> None:
        """Let the guest work faster or slower, from its next tick on.

        :param rate: operations a second for each disk; 0 rests.
        :raises SandboxError: QEMU has ended.
        :raises ValueError: the rate is out of range.
        """
        _check_rate(rate)
        if self.process.returncode is not None:
            raise SandboxError(
                "The demo machine has ended, so its guest has no rate. Nothing was changed. Reset the machine."
            )
        self._line.tell(rate)

    def note_file(self, path: Path) -> bool:
        """Say that the application makes a file; if in this folder, a later sweep may remove it.

        :returns: whether it is in this folder.
        """
        return self._folder.note(path)

    async def reset(self) -> Sandbox:
        """End this one and start a fresh one, at the same rate.

        :raises SandboxError: the fresh one did not start; this one has ended all the same.
        """
        await self.close()
        return await type(self).start(self.rate, self.slow)

    async def close(self) -> None:
        """End QEMU and remove the folder; `kept` says what stayed. Can be called again."""
        async with self._closing:
            await end(self.process)
            self._line.close()
            await asyncio.to_thread(self._folder.remove)

    async def _wait_until_up(self) -> None:
        """Wait for the guest's first word: then QEMU listens on its monitors and both disks are there."""
        ends = asyncio.get_running_loop().time() + _LONGEST_START
        while not self._line.up.done():
            if self.process.returncode is not None:
                raise _failed(self._log(), f"QEMU ended with code {self.process.returncode}")
            if asyncio.get_running_loop().time() > ends:
                raise _failed(self._log(), f"its guest did not begin within {_LONGEST_START:.0f} s")
            await asyncio.wait({self._line.up}, timeout=0.02)

    def _log(self) -> str:
        """The end of what QEMU said."""
        try:
            return (self.folder / _LOG).read_bytes()[-_LOG_TAIL:].decode(errors="replace").strip()
        except OSError:
            return ""


def _check_rate(rate: int) -> None:
    if not 0 <= rate <= MOST:
        raise ValueError(f"A rate is 0 to {MOST} operations a second, not {rate}.")


def _failed(detail: str, why: str = "") -> SandboxError:
    what = f"The demo machine did not start: {why}." if why else "The demo machine did not start."
    state = "Nothing of it is left."
    cure = "Look at the details; DISKCHAIN_QEMU can name another QEMU."
    return SandboxError(f"{what} {state} {cure}", detail)


async def _write_images(folder: Path) -> None:
    """Write the images off the event loop; never returns while the thread still writes."""
    writing = asyncio.get_running_loop().run_in_executor(None, images.write, folder)
    try:
        await asyncio.shield(writing)
    except asyncio.CancelledError:
        await asyncio.wait({writing})
        raise


async def spawn(words: list[str], folder: Folder) -> Process:
    """Start QEMU, from the event loop's own thread: it ends with the thread that started it."""
    with (folder.path / _LOG).open("xb") as log:
        process = await asyncio.create_subprocess_exec(
            *words, stdin=DEVNULL, stdout=log, stderr=log, cwd=folder.images, start_new_session=True
        )
    with contextlib.suppress(OSError):  # ended already: told by the wait that follows
        folder.set_qemu(Identity.of(process.pid))
    return process


async def end(process: Process) -> None:
    """End a QEMU that `spawn` started, kindly first; harmless when it has ended."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        if process.returncode is not None:
            return
        # QEMU leads a process group of its own: a wrapper that stands for it ends with what it started.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, sign)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LONGEST_END):
                await process.wait()
