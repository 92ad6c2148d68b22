"""The command `diskchain`: with a command of its own it works without a window, else it opens one."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, cast

from diskchain.cli.names import COMMANDS

if TYPE_CHECKING:
    from diskchain.model.state import State


def main() -> int:
    """Run what the command line says; gives the exit code of the public contract."""
    words = sys.argv[1:]
    if words and (words[0] in COMMANDS or words[0].startswith("-")):
        sys.excepthook = importlib.import_module("diskchain.cli.bug").hook
        from_words = importlib.import_module("diskchain.cli.main").main
        return cast("int", from_words(words, _render))
    # The window brings Qt, which the other commands need not wait for.
    return cast("int", importlib.import_module("diskchain.app").main(words))


def _render(state: State, form: str, full: bool) -> bytes:
    """Paint a state, without a display; Qt is loaded only by whoever wants a picture."""
    return cast("bytes", importlib.import_module("diskchain.app").render(state, form, full))


if __name__ == "__main__":
    sys.exit(main())
