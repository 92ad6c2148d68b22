"""From an event of a real QEMU, and from the last byte of its answers, to the pixel that shows the change.

A bitmap appears on an image, or goes; right after it a drive's tray moves, whose event makes the window look at everything.
A proxy notes when event and answers were at the application's socket; the pixel is read from the display's memory.
The application is not asked anything.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tests.bench.application import Application
from tests.bench.display import Display, Frame, Places
from tests.bench.figure import MILLI, Figure, median, rounds, tell
from tests.bench.machines import CD, Crowd
from tests.bench.proxy import Asked, Proxy

TARGETS = {20: (16, 16), 1000: (33, 80)}
"""Nodes -> milliseconds from the last reply byte, and from the event."""
ROUNDS = {20: (24, 0.7), 1000: (5, 6.0)}
"""Nodes -> how many changes, and seconds between two. Only so many looks at many nodes are made at once, since each costs
QEMU dear (`session.pace`): a change in a storm of changes waits for its turn.
"""
_TELLS = "query-named-block-nodes"
"""The question whose answer holds the change; what of the look comes after it is not waited for."""
_SETTLE = 2.0
_AREA = (slice(60, 560), slice(250, 1090))
"""Where the canvas is, in pixels."""


@dataclass
class Change:
    """A change of the machine that can be made and taken back, and the places on the screen that tell."""

    machine: Crowd
    there: bool = False
    opened: bool = False

    def mark(self) -> None:
        """Make or take back the change; nobody is told."""
        node = f"{self.machine.disks[0]}-4"
        self.there = not self.there
        self.machine.qmp(f"block-dirty-bitmap-{'add' if self.there else 'remove'}", node=node, name="bench")

    def move(self) -> None:
        """Open or close the tray, which sends an event."""
        self.opened = not self.opened
        self.machine.qmp(f"blockdev-{'open' if self.opened else 'close'}-tray", id=CD)


def _probe(screen: Display, change: Change) -> tuple[Places, dict[bool, Frame]]:
    """The places that tell the change, however the tray is, and their colours with and without it."""
    frames = []
    for number in range(4):
        if number % 2 == 0:
            change.mark()
        change.move()
        time.sleep(_SETTLE)
        frames.append(screen.frame())
    on, on_again, off, off_again = frames
    telling = (on == on_again) & (off == off_again) & (on != off)
    mask = np.zeros_like(telling)
    mask[_AREA] = telling[_AREA]
    places = np.argwhere(mask)
    if not len(places):
        raise AssertionError("the change cannot be seen on the canvas")
    few = places[:: max(1, len(places) // 20)]
    return few, {there: frame[few[:, 0], few[:, 1]] for there, frame in ((True, on), (False, off))}


def _round(
    screen: Display, proxy: Proxy, change: Change, probes: Places, colours: dict[bool, Frame], pause: float
) -> list[float]:
    """Seconds of one change: event to pixel, last reply byte to pixel, first question to last reply byte."""
    time.sleep(pause * random.uniform(0.8, 1.2))
    before, events = set(proxy.passed.asked), len(proxy.passed.events)
    change.mark()
    change.move()
    pixel = screen.wait_for(probes, colours[change.there], 10)
    time.sleep(0.1)
    event = next(at for name, at in proxy.passed.events[events:] if name == "DEVICE_TRAY_MOVED")
    new = [asked for key, asked in proxy.passed.asked.items() if key not in before and asked.at > event]
    answered = next(asked.answered for asked in new if asked.name == _TELLS)
    return [pixel - event, pixel - answered, _answer_time(new, answered)]


def _answer_time(asked: list[Asked], until: float) -> float:
    """Seconds of a look in which at least one question was open at QEMU."""
    spans = sorted((each.at, each.answered) for each in asked if 0 < each.answered <= until)
    total, end = 0.0, 0.0
    for begin, done in spans:
        total += max(0.0, done - max(begin, end))
        end = max(end, done)
    return total


def bench() -> Iterator[Figure]:
    """With few nodes and with many."""
    for nodes, (from_reply, from_event) in TARGETS.items():
        with (
            Display() as screen,
            Crowd(nodes) as machine,
            Proxy(machine.target) as proxy,
            Application(screen, str(proxy.target)),
        ):
            time.sleep(3 + nodes / 500)
            change = Change(machine)
            probes, colours = _probe(screen, change)
            count, pause = ROUNDS[nodes]
            told = [_round(screen, proxy, change, probes, colours, pause) for _ in range(rounds(count))]
        whole, paint, qemu = (MILLI * median(column) for column in zip(*told, strict=True))
        qemus = "QEMU's answers up to the one that tells"
        yield Figure(f"last reply byte to pixel, {nodes} nodes", paint, "ms", f"<= {from_reply}", qemu, qemus)
        yield Figure(f"event to pixel, {nodes} nodes", whole, "ms", f"<= {from_event}", qemu, qemus)


if __name__ == "__main__":
    tell(bench())
