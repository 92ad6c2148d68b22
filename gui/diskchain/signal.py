"""A typed signal without Qt, so that the floors below the widgets can tell things upwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, ParamSpec

_Arguments = ParamSpec("_Arguments")


class Signal(Generic[_Arguments]):
    """Something that happens, and those who want to be told.

    Listeners are called at once, in the order in which they were connected, in the thread that emits. A listener that
    raises stops the emission: that is a bug of ours, and it is to be seen.
    """

    def __init__(self) -> None:
        self._listeners: list[Callable[_Arguments, object]] = []

    def connect(self, listener: Callable[_Arguments, object]) -> Callable[[], None]:
        """Tell `listener` from now on. Returns a function that ends it; calling that twice is harmless."""
        self._listeners.append(listener)

        def disconnect() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return disconnect

    def emit(self, *arguments: _Arguments.args, **named: _Arguments.kwargs) -> None:
        """Tell every listener. A listener that is added or removed meanwhile counts from the next time on."""
        for listener in tuple(self._listeners):
            listener(*arguments, **named)


class Relay(Signal[_Arguments]):
    """Hands on what another signal tells, and listens to that one only while somebody listens here."""

    def __init__(self) -> None:
        super().__init__()
        self._source: Signal[_Arguments] | None = None
        self._leave: Callable[[], None] | None = None

    def follow(self, source: Signal[_Arguments] | None) -> None:
        """Hand on this signal from now on; None: none."""
        self._end()
        self._source = source
        self._begin()

    def connect(self, listener: Callable[_Arguments, object]) -> Callable[[], None]:
        """Tell `listener` from now on. Returns a function that ends it; calling that twice is harmless."""
        disconnect = super().connect(listener)
        self._begin()

        def end() -> None:
            disconnect()
            if not self._listeners:
                self._end()

        return end

    def _begin(self) -> None:
        if self._source is not None and self._leave is None and self._listeners:
            self._leave = self._source.connect(self.emit)

    def _end(self) -> None:
        if self._leave is not None:
            self._leave()
            self._leave = None
