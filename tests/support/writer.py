"""A guest that writes all over its disk while something is done to it, and a model of the bytes it must see."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType

from tests.support.nbd import NbdError
from tests.support.qmp import QmpError

PIECE = 64 << 10


class Writer:
    """Writes 64 KiB pieces in a scattered order from a thread of its own, until left.

    :ivar model: what a reader must see; complete once the writer was left. `written`: pieces so far.
    """

    def __init__(self, before: bytearray, write: Callable[[int, bytes], object], pause: float = 0.01) -> None:
        """Begin with the contents `before`; `write(offset, data)` writes; `pause` seconds between two pieces."""
        self.model, self.written = before, 0
        self._write, self._pause = write, pause
        self._leave = threading.Event()
        self._trouble: list[Exception] = []
        self._thread = threading.Thread(target=self._work, name="guest")

    def _work(self) -> None:
        places = len(self.model) // PIECE
        try:
            while not self._leave.wait(self._pause):
                pattern = self.written % 255 + 1
                start = (self.written + 1) * 7919 % places * PIECE
                data = bytes([pattern]) * PIECE
                self._write(start, data)
                self.model[start : start + PIECE] = data
                self.written += 1
        except (QmpError, NbdError, OSError) as error:  # told to whoever waits for the writer
            self._trouble.append(error)

    def __enter__(self) -> Writer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave.set()
        self._thread.join()
        assert kind is not None or not self._trouble, f"the guest could not write: {self._trouble[0]}"
        assert kind is not None or self.written, "the guest wrote nothing: what was tried took no time at all"
