"""What happens when we made a mistake while the window is open: a line on stderr, a message, details in a file; it goes on."""

from __future__ import annotations

import asyncio
import importlib
import sys
import threading
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from diskchain.widgets.messages import MessageBar


class Faults:
    """In force between entering and leaving; `sys.excepthook` is what it was before after that.

    :ivar messages: where they are told; None until the window has its message bar.

    Mistakes that come again and again are told once each.
    """

    def __init__(self) -> None:
        self.messages: MessageBar | None = None
        self._told: set[str] = set()
        self.count = 0

    def __enter__(self) -> Faults:
        self._before = sys.excepthook
        sys.excepthook = self.hook
        return self

    def __exit__(self, *_: object) -> None:
        sys.excepthook = self._before

    def hook(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """For `sys.excepthook`: Qt's slots and handlers end here too."""
        self.count += 1
        key = f"{kind.__name__}: {error}"
        if key in self._told:
            return
        self._told.add(key)
        # A late import: only a mistake needs it.
        importlib.import_module("diskchain.cli.bug").hook(kind, error, trace)
        if self.messages is not None and threading.current_thread() is threading.main_thread():
            text = "A mistake of this program stopped what was under way. The window goes on; stderr says where details are."
            self.messages.tell_fault(text, key)

    def in_loop(self, _: asyncio.AbstractEventLoop, told: dict[str, Any]) -> None:
        """For the loop's exception handler: callbacks and tasks."""
        error = told.get("exception")
        if isinstance(error, BaseException):
            self.hook(type(error), error, error.__traceback__)
        else:
            self.hook(RuntimeError, RuntimeError(str(told.get("message"))), None)
