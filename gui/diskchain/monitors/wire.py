"""What goes over a line, told with secrets blanked to whoever listens."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from diskchain.monitors.monitor import Direction
from diskchain.signal import Signal


class Wire(Signal[Direction, Mapping[str, object], float]):
    """A signal that knows whether anybody listens, so that nothing is redacted for nobody.

    :ivar listeners: how many listen now.
    """

    def __init__(self) -> None:
        super().__init__()
        self.listeners = 0

    def connect(self, listener: Callable[[Direction, Mapping[str, object], float], object]) -> Callable[[], None]:
        """Tell `listener` from now on. Returns a function that ends it; calling that twice is harmless."""
        disconnect = super().connect(listener)
        self.listeners += 1
        left = False

        def leave() -> None:
            nonlocal left
            if not left:
                left = True
                self.listeners -= 1
                disconnect()

        return leave
