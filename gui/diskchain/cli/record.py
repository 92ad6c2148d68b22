"""`diskchain record`: write what goes over the line to a file, until interrupted."""

from __future__ import annotations

import time
from argparse import Namespace
from contextlib import suppress
from pathlib import Path

from diskchain.cli import console, loop
from diskchain.cli.ending import Ending, Exit
from diskchain.cli.stay import Stay
from diskchain.model import words
from diskchain.monitors.monitor import Monitor, Refused
from diskchain.monitors.open import monitor_for
from diskchain.monitors.recording import CannotRecord, Recorder
from diskchain.qapi.command import command
from diskchain.session.session import Session

_ONCE = ("query-commands", "query-name")
"""What a session asks only when it connects, and a replay wants to know."""


def run(options: Namespace) -> Exit:
    """Record. :raises Ending: it could not be written, or the connection was lost. :raises Unreachable: there was none."""
    try:
        return loop.run(_record(options.target, Path(options.file)))
    except CannotRecord as error:
        raise Ending(Exit.REFUSED, str(error)) from error


async def _record(target: str, path: Path) -> Exit:
    lines: list[Monitor] = []

    def line_to(place: str) -> Monitor:
        lines.append(monitor_for(place))
        return lines[-1]

    session = Session(target, monitors=line_to, reconnect=False)
    stay = Stay(session)
    try:
        with loop.interrupts(stay.leave):
            if not await stay.open():
                raise Ending(Exit.REFUSED, "Interrupted before anything was recorded.")
            recorder = Recorder(path, lines[-1])
            await recorder.start()
            began = time.monotonic()
            recorder.broken.connect(lambda _: stay.leave())
            try:
                await _look(session)
                console.say(f"Recording {target} to {path}. Ctrl-C ends it.")
                await stay.until_over()
            finally:
                await recorder.stop()
    finally:
        await session.close()
    if recorder.failure:
        raise Ending(Exit.PROBLEM, recorder.failure)
    if stay.lost:
        raise Ending(Exit.LOST, f"{stay.lost} What was recorded until then is in {path}.")
    took = words.duration(time.monotonic() - began)
    console.say(f"Recorded {took} to {path}. Look at it with: diskchain replay:{path}")
    return Exit.DONE


async def _look(session: Session) -> None:
    """One whole look, so that even the shortest recording can be drawn."""
    for name in _ONCE:
        with suppress(Refused):
            await session.execute(command(name))
    await session.refresh()
