"""The command `diskchain`: with a command of its own it works without a window, else it opens one."""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import sys
from types import FrameType
from typing import TYPE_CHECKING, NoReturn, cast

from diskchain.cli.names import COMMANDS

if TYPE_CHECKING:
    from diskchain.model.state import State


def main() -> int:
    """Run what the command line says; gives the exit code of the public contract."""
    words = sys.argv[1:]
    if words and (words[0] in COMMANDS or words[0].startswith("-")):
        return _without_window(words)
    # The window brings Qt, which the other commands need not wait for.
    return cast("int", importlib.import_module("diskchain.app").main(words))


def _without_window(words: list[str]) -> int:
    """Run a command. Ctrl-C ends it in good order, at whatever moment it comes."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # not ignored, as in the background of a script
        signal.signal(signal.SIGINT, _end_at_once)
    sys.excepthook = importlib.import_module("diskchain.cli.bug").hook
    code = importlib.import_module("diskchain.cli.main").main(words, _render)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return cast("int", code)


def _end_at_once(_: int, __: FrameType | None) -> NoReturn:
    """What Ctrl-C does while a command has nothing to lose; one that has hears it otherwise (`cli/loop.py`).

    No exception: it would come up in the middle of an import or of the event loop's own work, and Python would then end by the
    signal although it was caught.
    """
    with contextlib.suppress(OSError):
        os.write(2, b"diskchain: Interrupted before anything was done.\n")
    os._exit(5)


def _render(state: State, form: str, full: bool) -> bytes:
    """Paint a state, without a display; Qt is loaded only by whoever wants a picture."""
    return cast("bytes", importlib.import_module("diskchain.app").render(state, form, full))


if __name__ == "__main__":
    sys.exit(main())
