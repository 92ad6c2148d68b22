"""What goes over a line, told with secrets blanked to whoever listens."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping

from diskchain.monitors.decode import LARGE
from diskchain.monitors.monitor import Direction
from diskchain.monitors.redact import BLANK, asks_for_secret, redacted_command, redacted_reply, suspicious
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


_PIECE = 512 << 10
_OVERLAP = 4 << 10
"""Bytes that two pieces share: no name of a secret and no user-info is longer."""
_ELEMENTS = 200
"""Elements of a large answer that are walked before others get their turn."""
_REPEATED = 16
"""Harmless answers that are known again when they come again as the same object (see `Answers`)."""


class Redactor:
    """Blanks the secrets of one line: knows which answers belong to questions whose whole answer is a secret."""

    def __init__(self) -> None:
        self._secret_answers: set[str] = set()
        self._harmless: deque[object] = deque(maxlen=_REPEATED)

    def sent(self, told: Mapping[str, object]) -> Mapping[str, object]:
        """A command as it may be shown."""
        number = told.get("id")
        if isinstance(number, str) and asks_for_secret(told):
            self._secret_answers.add(number)
        return redacted_command(told)

    async def received(self, told: Mapping[str, object], line: bytes) -> Mapping[str, object]:
        """A reply, event or greeting as it may be shown. What is large is looked through with pauses for others.

        :param line: what it was decoded from; where that holds no suspicious word, nothing is walked.
        """
        number = told.get("id")
        if self._secret_answers and isinstance(number, str) and number in self._secret_answers:
            self._secret_answers.discard(number)
            return {**told, "return": BLANK} if "return" in told else redacted_reply(told)
        answer = told.get("return")
        if any(answer is known for known in self._harmless):
            return told
        if len(line) < LARGE:
            if suspicious(line):
                return redacted_reply(told)
            if isinstance(answer, (list, dict)):
                self._harmless.append(answer)
            return told
        return await _walked_slowly(told) if await _suspicious_slowly(line) else told


async def _suspicious_slowly(line: bytes) -> bool:
    for at in range(0, len(line), _PIECE):
        if suspicious(line[max(0, at - _OVERLAP) : at + _PIECE]):
            return True
        await asyncio.sleep(0)
    return False


async def _walked_slowly(told: Mapping[str, object]) -> Mapping[str, object]:
    answer = told.get("return")
    if not isinstance(answer, list):
        return redacted_reply(told)
    shown: list[object] = []
    for at in range(0, len(answer), _ELEMENTS):
        some = redacted_reply({"return": answer[at : at + _ELEMENTS]})["return"]
        shown += some if isinstance(some, list) else []
        await asyncio.sleep(0)
    return {**redacted_reply({key: value for key, value in told.items() if key != "return"}), "return": shown}
