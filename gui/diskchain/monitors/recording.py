"""Write what goes over a line to a file that can be replayed. The format is in the contract: JSON Lines, secrets blanked."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import BinaryIO

from diskchain.monitors.monitor import Direction, Monitor, MonitorError
from diskchain.monitors.recorded import HEADER, LARGEST_FILE, VERSION
from diskchain.monitors.redact import redacted_reply, redacted_text
from diskchain.signal import Signal

_FLUSH_SECONDS = 1.0
_PIECES = 20
"""An answer that is a list is encoded element by element from this length on, so that other threads get their turn."""
_Line = tuple[float, Direction, Mapping[str, object]]


ALREADY = "This is a recording already. To have it twice, copy its file."
"""Why a recording is not recorded: nothing new goes over its line."""


class CannotRecord(MonitorError):
    """The file could not be made or written; the text says why and what to do."""


class Recorder:
    """Writes one line's traffic to a new file, from a thread of its own, flushed each second and at the end.

    :ivar path: the file. `recording`: whether it is being written. `failure`: why it ended by itself, or empty.
    :ivar broken: emits `failure` in the thread of the event loop, when the disk is full or the file has grown too large to
        be replayed. What was written until then stays and replays.
    """

    def __init__(self, path: str | Path, monitor: Monitor) -> None:
        self.path = Path(path)
        self.recording = False
        self.failure = ""
        self.broken: Signal[str] = Signal()
        self._monitor = monitor
        self._started, self._clock = 0.0, 0.0
        self._begun = False
        self._queue: SimpleQueue[_Line | Mapping[str, object] | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._leave: Callable[[], None] = lambda: None

    async def start(self) -> None:
        """Make the file, for its owner only, and begin. May be called before the line is open, to miss nothing.

        :raises CannotRecord: the file exists already (it is never overwritten), or cannot be made; or it is a recording itself.
        """
        if self._thread is not None:
            raise CannotRecord("This recording was begun already.")
        if not self._monitor.writable:
            raise CannotRecord(ALREADY)
        try:
            file = await asyncio.to_thread(_create, self.path)
        except FileExistsError:
            raise CannotRecord(
                f"{self.path} exists already and is left as it is. Give the recording another name."
            ) from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "that is no file name"
            raise CannotRecord(f"{self.path} cannot be written: {reason}. Choose another place.") from None
        self._started, self._clock = time.monotonic(), time.time()
        self.recording = True
        loop = asyncio.get_running_loop()
        self._thread = Thread(target=self._write, args=(file, loop), name="recorder", daemon=True)
        self._thread.start()
        self._begin()
        self._leave = self._monitor.wire.connect(self._hear)

    async def stop(self) -> None:
        """Write what is left and close the file. Harmless when not recording."""
        self._leave()
        if self._thread is None:
            return
        self._begin(even_unopened=True)
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)
        self.recording = False

    def _hear(self, direction: Direction, told: Mapping[str, object], at: float) -> None:
        self._begin()
        if "QMP" not in told:
            self._queue.put((max(0.0, at - self._started), direction, told))

    def _begin(self, even_unopened: bool = False) -> None:
        """The first line needs the greeting: it waits for it."""
        if not self._begun and (self._monitor.greeting or even_unopened):
            self._begun = True
            greeting = redacted_reply(self._monitor.greeting)
            target = redacted_text(self._monitor.target)
            self._queue.put({HEADER: VERSION, "target": target, "greeting": greeting, "began": round(self._clock, 3)})

    def _write(self, file: BinaryIO, loop: asyncio.AbstractEventLoop) -> None:
        """The thread: until told to stop, or it cannot go on."""
        try:
            with file:
                self._pump(file)
        except CannotRecord as error:
            self.failure = str(error)
        except OSError as error:
            self.failure = (
                f"{self.path} could not be written on: {error.strerror}. What was recorded until then is kept."
            )
        if self.failure and not loop.is_closed():
            loop.call_soon_threadsafe(self._break)

    def _pump(self, file: BinaryIO) -> None:
        size, flushed = 0, time.monotonic()
        while True:
            try:
                line = self._queue.get(timeout=_FLUSH_SECONDS)
            except Empty:
                file.flush()
                continue
            if line is None:
                return
            encoded = b"".join(_encoded(line))
            size += len(encoded)
            if size > LARGEST_FILE:
                raise CannotRecord(
                    f"{self.path} has reached {LARGEST_FILE >> 20} MiB and was ended; it can be replayed."
                )
            file.write(encoded)
            if time.monotonic() - flushed >= _FLUSH_SECONDS:
                file.flush()
                flushed = time.monotonic()

    def _break(self) -> None:
        self._leave()
        self.recording = False
        self.broken.emit(self.failure)


def _create(path: Path) -> BinaryIO:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    return os.fdopen(handle, "wb")


def _encoded(line: _Line | Mapping[str, object]) -> Iterator[bytes]:
    if isinstance(line, Mapping):
        yield json.dumps(line).encode() + b"\n"
        return
    at, direction, told = line
    answer = told.get("return")
    if not isinstance(answer, list) or len(answer) < _PIECES:
        yield json.dumps({"t": round(at, 6), direction: told}).encode() + b"\n"
        return
    rest = json.dumps({key: value for key, value in told.items() if key != "return"})
    yield f'{{"t": {round(at, 6)}, "{direction}": {rest[:-1]}{", " if len(rest) > 2 else ""}"return": ['.encode()
    for number, element in enumerate(answer):
        yield b", " * bool(number) + json.dumps(element).encode()
    yield b"]}}\n"
