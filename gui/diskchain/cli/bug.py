"""What happens when we made a mistake: one line for the user, the details in a private file."""

from __future__ import annotations

import importlib
import os
import tempfile
import time
import traceback
from pathlib import Path
from types import TracebackType

from diskchain.cli.console import say


def _folder() -> Path:
    """Where the details go: the user's state folder, made if need be."""
    state = os.environ.get("XDG_STATE_HOME") or Path("~/.local/state").expanduser()
    folder = Path(state) / "diskchain" / "bugs"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return Path(tempfile.gettempdir())
    return folder


def keep(details: str) -> Path | None:
    """Keep details in a new file that only the user can read; None where that cannot be done."""
    stamp = time.strftime("%Y%m%d-%H%M%S-")
    try:
        handle, name = tempfile.mkstemp(prefix=stamp, suffix=".txt", dir=_folder())
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(details)
    except OSError:
        return None
    return Path(name)


def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """For `sys.excepthook`: tell of a mistake of ours. Python then exits with 1."""
    version = importlib.import_module("importlib.metadata").version("diskchain")
    details = f"diskchain {version}\n" + "".join(traceback.format_exception(kind, error, trace))
    kept = keep(details)
    where = f"Details are in {kept}; please report it with that file." if kept else "Its details could not be kept."
    say(f"a bug: {kind.__name__}: {str(error)[:200]}. What was under way may have stopped half way. {where}")
