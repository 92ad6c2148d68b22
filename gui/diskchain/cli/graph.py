"""`diskchain graph`: one look at a machine, as a picture or as data."""

from __future__ import annotations

import importlib
import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path, PurePath

from diskchain.cli import console, loop, output
from diskchain.cli.ending import Ending, Exit
from diskchain.cli.mermaid import mermaid
from diskchain.model.public import state_as_json
from diskchain.model.state import Machine, State
from diskchain.monitors.address import settled, short_name
from diskchain.monitors.open import monitor_for
from diskchain.monitors.replay import ReplayMonitor
from diskchain.session.source import QmpSource

Renderer = Callable[[State, str, bool], bytes]
"""(state, `svg` or `png` or `pdf`, full) -> the picture. Handed in from above, because painting needs Qt."""

_PICTURES = ("svg", "png", "pdf")
_SUFFIXES = {"svg": "svg", "png": "png", "pdf": "pdf", "dot": "dot", "gv": "dot", "mmd": "mermaid", "json": "json"}


def run(options: Namespace, render: Renderer | None) -> Exit:
    """Look once and print.

    :raises Ending: wrong usage, or the output cannot be written. :raises MonitorError: no look could be had.
    """
    form = _format(options.format, options.output)
    if form in ("png", "pdf") and options.output is None and sys.stdout.isatty():
        raise Ending(Exit.USAGE, f"A {form} cannot be shown on a terminal. Say -o FILE.")
    state = loop.run(look(options.target, options.at))
    if form == "json":
        data = (console.as_json(state_as_json(state, options.full)) + "\n").encode()
    elif form == "mermaid":
        data = mermaid(state, options.full).encode(errors="replace")
    elif form == "dot":
        # graphviz is imported only by whoever wants this text: the other formats start sooner without it.
        data = str(importlib.import_module("diskchain.layout").dot_source(state, options.full)).encode(errors="replace")
    elif render is not None:
        data = render(state, form, options.full)
    else:
        raise Ending(Exit.USAGE, f"No {form} can be painted here. Say -f dot, mermaid or json.")
    if options.output is None:
        console.result_bytes(data)
    else:
        with loop.ends_as_ctrl_c():
            output.write(Path(options.output), data)
    return Exit.DONE


async def look(target: str, at: float | None = None) -> State:
    """One whole look at a machine; the line is closed again.

    :param at: for a recording: the moment in seconds, None = its end.
    :raises MonitorError: no look could be had. :raises Ending: a moment is named, but it is no recording.
    """
    target = settled(target)
    monitor = monitor_for(target)
    if at is not None and not isinstance(monitor, ReplayMonitor):
        raise Ending(
            Exit.USAGE, "--at names a moment of a recording, and this is none. Say replay:FILE, or leave it out."
        )
    await monitor.open()
    try:
        if isinstance(monitor, ReplayMonitor):
            await monitor.seek(at)
        return await QmpSource(monitor).begin(Machine(name=short_name(target), target=target))
    finally:
        await monitor.close()


def _format(said: str | None, file: str | None) -> str:
    """The format that is wanted: as said, else as the file's name has it, else svg."""
    return said or _SUFFIXES.get(PurePath(file or "").suffix[1:].lower(), "svg")
