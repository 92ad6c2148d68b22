"""From an empty window to a working one."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QApplication

from diskchain.app.faults import Faults
from diskchain.widgets.loop import Loop
from diskchain.widgets.settings import Settings
from diskchain.widgets.style import sheet
from diskchain.widgets.theme import Theme
from diskchain.widgets.window import Window

if TYPE_CHECKING:
    from diskchain.app.keeper import Keeper


def run(targets: list[str], demo: bool, tour: Path | None) -> int:
    """Open the window with these machines and live with it until it is closed; gives the exit code.

    :param demo: start the sandbox. :param tour: folder for the pictures of the tour, which then plays by itself.
    """
    application = QApplication.instance() or QApplication(sys.argv[:1])
    if not isinstance(application, QApplication):
        raise TypeError("there is a Qt application without widgets already")
    application.setApplicationName("diskchain")
    application.setApplicationDisplayName("Disk Chain")
    application.setDesktopFileName("io.github.diskchain.DiskChain")
    application.setQuitOnLastWindowClosed(False)
    settings = Settings()
    theme = Theme(application, settings.scheme or "system")
    application.setStyleSheet(sheet(theme.palette, application.font().pointSizeF()))
    window = Window(theme.palette)
    faults = Faults(window.messages)
    with Loop(application) as loop, faults:
        loop.set_exception_handler(faults.in_loop)
        code: int = loop.run_until_complete(_live(application, window, theme, settings, targets, demo, tour))
    return code


async def _live(
    application: QApplication,
    window: Window,
    theme: Theme,
    settings: Settings,
    targets: list[str],
    demo: bool,
    tour: Path | None,
) -> int:
    painted = asyncio.Event()
    window.painted.connect(painted.set)
    settings.restore(window)
    window.show()
    await painted.wait()
    # Late imports, after the first picture is on the screen: sessions, canvas, panels and what they bring.
    from diskchain.app.keeper import Keeper

    keeper = Keeper(application, window, theme, settings)
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, keeper.quit, "leave")
    keeper.begin(targets, demo and tour is None)
    if tour is not None:
        return await _tour(keeper, tour)
    return await keeper.ended()


async def _tour(keeper: Keeper, folder: Path) -> int:
    # A late import: nobody else plays the tour.
    from diskchain.app.tour.play import play

    return await play(keeper, folder)
