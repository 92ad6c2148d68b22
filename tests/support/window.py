"""The whole window in a test, with its own loop, driven by mouse and keyboard events."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QKeySequence, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget

from diskchain.app.keeper import Keeper
from diskchain.session.session import Session
from diskchain.widgets.canvas.ghost import GhostItem, HintItem, TargetItem
from diskchain.widgets.settings import Settings
from diskchain.widgets.theme import Theme
from diskchain.widgets.window import Window
from tests.support.machine import Machine
from tests.support.qt import run

LIMIT = 20.0
"""Seconds after which what a test waits for will not come."""


class Driver:
    """A window with its keeper. Everything that changes something goes through events."""

    def __init__(self, keeper: Keeper) -> None:
        self.keeper, self.window, self.desk = keeper, keeper.window, keeper.desk
        self.canvas = keeper.desk.canvas

    @property
    def session(self) -> Session:
        """The machine in the middle."""
        assert self.desk.current is not None, "no machine is in the middle"
        return self.desk.current

    async def until(self, holds: Callable[[], object], what: str, limit: float = LIMIT) -> None:
        """Wait until something holds. :raises AssertionError: it does not come."""
        end = time.monotonic() + limit
        while not holds():
            assert time.monotonic() < end, f"waited {limit:.0f} s for: {what}"
            await asyncio.sleep(0.02)

    def find(self, name: str) -> QWidget | None:
        """The part in sight with this name, in the window or a dialog of it."""
        for top in (self.window, *QApplication.topLevelWidgets()):
            for each in (top, *top.findChildren(QWidget, name)):
                if each.objectName() == name and each.isVisible():
                    return each
        return None

    async def part(self, name: str) -> QWidget:
        """The same, waited for."""
        await self.until(lambda: self.find(name) is not None, f"{name} in sight")
        found = self.find(name)
        assert found is not None
        return found

    async def press(self, name: str) -> None:
        """Click on a button."""
        button = await self.part(name)
        await self.until(button.isEnabled, f"{name} can be pressed")
        assert isinstance(button, QAbstractButton)
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def key(self, key: Qt.Key, held: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """Strike a key in the window."""
        self._take_keys()
        QTest.keyClick(self.window, key, held)

    def _take_keys(self) -> None:
        """Without a window manager a window can lose the keys to none, and then no shortcut acts: it takes them again."""
        if QApplication.activeWindow() is None:
            self.window.activateWindow()
            QApplication.processEvents()

    def real_key(self, name: str) -> None:
        """Strike a key, by its X name, as a user does: the X server sends it (XTEST), where there is one."""
        if QApplication.platformName() == "xcb":
            subprocess.run(["xdotool", "key", "--clearmodifiers", name], check=True, timeout=10)
        else:
            self._take_keys()
            combined = QKeySequence.fromString({"Escape": "Esc"}.get(name, name))
            QTest.keySequence(self.window.focusWidget() or self.window, combined)

    def release(self, node: str) -> None:
        """Let go of the left button over a node."""
        QTest.mouseRelease(self.canvas.viewport(), Qt.MouseButton.LeftButton, pos=self.centre(node) + QPoint(6, 6))

    @property
    def carries(self) -> bool:
        """Whether a card is in hand, or any trace of one is left on the canvas."""
        left = [each for each in self.canvas.canvas.items() if isinstance(each, GhostItem | HintItem | TargetItem)]
        return self.canvas.carried is not None or bool(left)

    def centre(self, node: str) -> QPoint:
        """Where a node's card is in the canvas."""
        item = self.canvas.canvas.item_of(node)
        assert item is not None, f"{node} is not shown"
        return self.canvas.mapFromScene(item.sceneBoundingRect().center())

    async def click(self, node: str) -> None:
        """Click on a node."""
        await self.until(lambda: self.canvas.canvas.item_of(node) is not None, f"{node} is shown")
        await asyncio.sleep(0.35)
        QTest.mouseClick(self.canvas.viewport(), Qt.MouseButton.LeftButton, pos=self.centre(node))

    async def drag(self, source: str, target: str, drop: bool = True) -> None:
        """Drag a node onto another one."""
        for node in (source, target):
            await self.until(partial(self.canvas.canvas.item_of, node), f"{node} is shown")
        await asyncio.sleep(0.35)
        view = self.canvas.viewport()
        start = self.centre(source)
        QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=start)
        for number in range(1, 11):
            self._move(start + (self.centre(target) + QPoint(6, 6) - start) * (number / 10))
            await asyncio.sleep(0.01)
        if drop:
            QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=self.centre(target) + QPoint(6, 6))

    def _move(self, at: QPoint) -> None:
        view = self.canvas.viewport()
        moved = QMouseEvent(
            QEvent.Type.MouseMove,
            QPointF(at),
            QPointF(view.mapToGlobal(at)),
            Qt.MouseButton.NoButton,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
        QApplication.sendEvent(view, moved)

    def chain(self, disk: str) -> tuple[str, ...]:
        """The disk's chain as the window knows it, base first."""
        state = self.session.state
        device = state.device(disk) if state else None
        active = state.active_of(device) if state and device else None
        return tuple(reversed(state.graph.chain(active))) if state and active else ()

    @property
    def said(self) -> str:
        """What the message bar says."""
        return "\n".join(message.text for message in self.window.messages.messages)


def _active(window: Window) -> bool:
    """Whether a window has the keys. It asks for them again: who asks before it is on the screen is not heard everywhere."""
    if not window.isActiveWindow():
        window.activateWindow()
    return window.isActiveWindow()


@contextlib.asynccontextmanager
async def opened(application: QApplication, folder: Path, targets: list[str]) -> AsyncIterator[Driver]:
    """A window with these machines, closed afterwards as a user closes it."""
    settings = Settings(folder / "window.ini")
    theme = Theme(application, "light")
    window = Window()
    settings.restore(window)
    window.show()
    keeper = Keeper(application, window, theme, settings)
    keeper.begin(targets, demo=False)
    driver = Driver(keeper)
    try:
        await driver.until(lambda: _active(window), "the window is active")
        yield driver
    finally:
        keeper.quit("leave")
        await keeper.ended()
        window.deleteLater()


def drive(
    application: QApplication,
    folder: Path,
    targets: list[str],
    work: Callable[[Driver], Awaitable[None]],
    limit: float = 60,
) -> None:
    """Open a window, do something with it, close it."""

    async def whole() -> None:
        async with opened(application, folder, targets) as driver:
            await work(driver)

    run(application, whole(), limit)


def drive_machine(
    application: QApplication, folder: Path, machine: Machine, work: Callable[[Driver], Awaitable[None]]
) -> None:
    """The same with one machine, once it is in the middle."""

    async def shown(driver: Driver) -> None:
        await driver.until(lambda: driver.desk.current, "the machine")
        await work(driver)

    drive(application, folder, [str(machine.target)], shown)
