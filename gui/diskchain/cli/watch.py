"""`diskchain watch`: one line for each change, until interrupted."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Iterable

from diskchain.cli import console, loop
from diskchain.cli.changes import happened, json_lines, text_lines
from diskchain.cli.ending import Ending, Exit
from diskchain.cli.stay import Stay
from diskchain.model.diff import Diff
from diskchain.model.state import State
from diskchain.qapi.event import Event
from diskchain.session.happening import Happening
from diskchain.session.session import Session
from diskchain.session.tasks import Tasks

_SEEN = frozenset({"paused", "resumed", "limit changed"})
"""What a look tells anyway, in the job's own line."""

_GLANCE = 0.5
"""Seconds between two looks at whether anybody still reads, for machines on which nothing happens."""


def run(options: Namespace) -> Exit:
    """Watch. :raises Ending: the connection was lost. :raises Unreachable: there was none."""
    return loop.run(_watch(options.target, options.json))


async def _watch(target: str, as_json: bool) -> Exit:
    session = Session(target, reconnect=False)
    stay = Stay(session)
    teller = Teller(stay, as_json)
    tasks = Tasks()
    session.changed.connect(teller.changed)
    session.event.connect(teller.event)
    session.happened.connect(teller.happened)
    try:
        with loop.interrupts(stay.leave):
            tasks.start(_leave_with_reader(stay), "looking at the reader")
            recorded = session.state.machine.recorded if await stay.open() and session.state else None
            if recorded is not None:
                console.say(f"The recording has ended. {recorded.sentence}")
                stay.leave()
            await stay.until_over()
    finally:
        await tasks.end()
        await session.close()
    if teller.failure is not None:
        raise teller.failure
    if stay.lost:
        raise Ending(Exit.LOST, f"{stay.lost} Watching has ended. Start it again once the machine is back.")
    return Exit.DONE


async def _leave_with_reader(stay: Stay) -> None:
    """End the watching once nobody reads it."""
    while not await stay.over_within(_GLANCE):
        if console.reader_gone():
            console.close_results()
            stay.leave()


class Teller:
    """Writes the lines. A reader who has enough of them ends the watching.

    :ivar failure: why a line could not be written, which ends it too; None: they all could.
    """

    def __init__(self, stay: Stay, as_json: bool) -> None:
        self.failure: console.Unwritten | None = None
        self._stay, self._json = stay, as_json
        self._started = time.monotonic()
        self._before = State()
        self._told: dict[str, float] = {}  # job -> when its progress was last told

    def changed(self, state: State, found: Diff) -> None:
        """Tell what a look has found."""
        before, self._before = self._before, state
        at = time.monotonic() - self._started
        if self._json:
            self._write({"t": round(at, 3), **told} for told in json_lines(before, state, found))
        else:
            self._write(f"{at:8.1f} s  {line}" for line in text_lines(before, state, found, self._told))

    def event(self, event: Event) -> None:
        """Tell an event; people are told what it did instead."""
        if self._json:
            at = round(time.monotonic() - self._started, 3)
            told = {"event": event.name, "data": dict(event.data), "timestamp": event.at}
            self._write([{"t": at, "event": told}])

    def happened(self, what: Happening) -> None:
        """Tell people what an event meant, or what only two looks tell."""
        if not self._json and what.word not in _SEEN:
            at = time.monotonic() - self._started
            self._write([f"{at:8.1f} s  {happened(what.word, what.job, what.text)}"])

    def _write(self, lines: Iterable[object]) -> None:
        try:
            for line in lines:
                if isinstance(line, str):
                    console.result(line)
                else:
                    console.result_json(line)
        except BrokenPipeError:
            console.close_results()
            self._stay.leave()
        except console.Unwritten as failure:
            self.failure = self.failure or failure
            self._stay.leave()
