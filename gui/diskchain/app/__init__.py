"""The window's application: the one place where loop, sessions and window meet.

Start-up is in two parts (`facts/gui.md` §7: half of the time until the first picture went into imports that it does not need):
first Qt and an empty window; then, once that is on the screen, sessions, canvas, plots and the lines to machines.
"""

from __future__ import annotations

import gc
import importlib
import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from diskchain.cli.console import say
from diskchain.cli.ending import Ending, Exit

if TYPE_CHECKING:
    import argparse

    from diskchain.model.state import State

_TRIED = 0.5
"""Seconds that a display on this computer may take to answer."""


def main(words: list[str]) -> int:
    """Open the window, or say why it cannot be; gives the exit code of the public contract.

    :param words: targets; or `demo` with its options.
    """
    demo, tour, scheme = words[:1] == ["demo"], None, ""
    targets = [] if demo else words
    try:
        if any(word.startswith("-") for word in words) or (demo and len(words) > 1):
            options = _parse(words)
            targets, tour, scheme = options.targets, options.tour, options.scheme
    except Ending as ending:
        say(str(ending))
        return ending.exit
    except SystemExit as ended:  # argparse has printed the help
        return int(ended.code or 0)
    if why := no_display():
        say(why)
        say("graph, watch, run, record and found need no display; xvfb-run diskchain gives the window one in memory.")
        return Exit.UNREACHABLE
    # Nothing that is loaded becomes garbage; the loop looks for it later, on its own thread.
    gc.disable()
    # A late import: Qt, which no other command needs.
    from diskchain.app.front import run

    return run(targets, demo, tour, scheme)


def _parse(words: list[str]) -> argparse.Namespace:
    """Targets, or the demo's options.

    :raises Ending: wrong usage. :raises SystemExit: help was asked for, and printed.
    """
    demo = words[:1] == ["demo"]
    parser: argparse.ArgumentParser = importlib.import_module("diskchain.cli.arguments").Parser(
        "diskchain demo" if demo else "diskchain",
        description="Open the window on a throw-away machine with ready chains." if demo else "Open the window.",
        allow_abbrev=False,
    )
    if demo:
        parser.add_argument(
            "--tour", metavar="DIR", type=Path, help="play it by itself, write pictures to DIR, and end"
        )
    else:
        parser.add_argument("targets", metavar="TARGET", nargs="*", help="a machine to open, or demo")
    parser.add_argument("--scheme", choices=("light", "dark"), default="", help="the colours, for this time")
    options = parser.parse_args(words[1:] if demo else words)
    options.targets = [] if demo else options.targets
    options.tour = options.tour if demo else None
    return options


def no_display() -> str:
    """Why no window can be opened, in one line; empty where it can. Qt itself would end the process."""
    platform = os.environ.get("QT_QPA_PLATFORM", "")
    if platform and not platform.startswith(("xcb", "wayland")):
        return ""
    if os.environ.get("WAYLAND_DISPLAY"):
        return ""
    display = os.environ.get("DISPLAY", "")
    if not display:
        return "There is no display: neither DISPLAY nor WAYLAND_DISPLAY is set, so no window can be opened. Nothing was started."
    if display.startswith(":") and not _answers(display[1:].split(".")[0]):
        return f"The display {display} does not answer, so no window can be opened. Nothing was started."
    return ""


def _answers(number: str) -> bool:
    """Whether an X server listens on this computer under this number."""
    place = str(Path("/", "tmp", ".X11-unix", f"X{number}"))
    for path in (f"\0{place}", place):
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(_TRIED)
            try:
                line.connect(path)
            except OSError:
                continue
            return True
    return False


def render(state: State, form: str, full: bool) -> bytes:
    """Paint a state as svg, png or pdf without a display, for `diskchain graph`."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    # Late imports: Qt, which the other commands need not wait for.
    from PySide6.QtGui import QGuiApplication

    from diskchain.app.spare import spare_imports

    spare_imports()
    from diskchain.picture.paint import render as paint

    application = QGuiApplication.instance() or QGuiApplication(sys.argv[:1])
    painted = paint(state, form, full)
    del application
    return painted
