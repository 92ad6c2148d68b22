"""The window's life, from its first picture to the exit code, in the one event loop."""

from __future__ import annotations

import asyncio
import gc
import signal
from pathlib import Path

from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from diskchain.app.faults import Faults
from diskchain.app.keeper import Keeper
from diskchain.resources import resource
from diskchain.session.journal import Journal
from diskchain.widgets.loop import Loop
from diskchain.widgets.settings import Settings
from diskchain.widgets.theme import Theme
from diskchain.widgets.window import Window

_GROWN = 4.0
"""Seconds after which everything is loaded. What lives until the end is then no longer looked through for garbage, which held
the window for 0.1 s now and then.
"""
JOURNAL = "journal.jsonl"
"""Of a tour, in its own folder: it leaves nothing in the user's."""
_ICON = "io.github.diskchain.DiskChain.svg"


def live(
    application: QApplication,
    window: Window,
    theme: Theme,
    settings: Settings,
    targets: list[str],
    demo: bool,
    tour: Path | None,
) -> int:
    """Furnish the window, open what was asked for, and stay until the end; see `front.run`."""
    faults = Faults()
    with Loop(application) as loop, faults:
        loop.set_exception_handler(faults.in_loop)

        async def begin() -> int:
            keeper = Keeper(application, window, theme, settings)
            if tour is not None:
                keeper.sessions.journal = Journal(tour / JOURNAL)
            faults.messages = window.messages
            application.setWindowIcon(QIcon(str(resource("icons", _ICON))))
            return await _stay(keeper, targets, demo, tour)

        code: int = loop.run_until_complete(begin())
    return code


async def _stay(keeper: Keeper, targets: list[str], demo: bool, tour: Path | None) -> int:
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(sign) is not signal.SIG_IGN:
            loop.add_signal_handler(sign, keeper.quit, "leave")
    keeper.begin(targets, demo and tour is None)
    loop.call_later(_GROWN, gc.freeze)
    if tour is None:
        return await keeper.ended()
    # A late import: nobody else plays the tour.
    from diskchain.app.tour.play import play

    return await play(keeper, tour)
