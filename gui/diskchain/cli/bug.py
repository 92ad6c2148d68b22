"""What happens when we made a mistake: one line for the user, the details in a private file."""

from __future__ import annotations

import importlib
import os
import time
import traceback
from pathlib import Path
from types import TracebackType

from diskchain.cli.console import say

_PRIVATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW


def keep(details: str) -> Path | None:
    """Keep details in a new file in the user's state folder that only the user can read; None where that cannot be done."""
    state = os.environ.get("XDG_STATE_HOME") or Path("~/.local/state").expanduser()
    folder = Path(state) / "diskchain" / "bugs"
    path = folder / f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.txt"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(path, _PRIVATE, 0o600), "w", encoding="utf-8") as file:
            file.write(details)
    except OSError:
        return None
    return path


def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """For `sys.excepthook`: tell of a mistake of ours. Python then exits with 1.

    An interrupt so early that no command had taken it is no mistake.
    """
    if issubclass(kind, KeyboardInterrupt):
        say("Interrupted before anything was done.")
        return
    version = importlib.import_module("importlib.metadata").version("diskchain")
    details = f"diskchain {version}\n" + "".join(traceback.format_exception(kind, error, trace))
    kept = keep(details)
    where = f"Details are in {kept}; please report it with that file." if kept else "Its details could not be kept."
    say(f"a bug: {kind.__name__}: {str(error)[:200]}. What was under way may have stopped half way. {where}")
