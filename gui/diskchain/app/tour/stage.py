"""What the tour plays with: where things are on the screen, the mouse, the keyboard, the camera."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QApplication, QCheckBox, QMenu, QWidget

from diskchain.app.keeper import Keeper
from diskchain.app.tour.xtest import Hands
from diskchain.session.session import Session

_STEP = 0.02
"""Seconds between two positions of the moving pointer."""


class Stuck(Exception):
    """The window did not come to where the tour waits for it; the text says what was waited for."""


class Stage:
    """The window on its screen. Widgets are only asked where they are; everything else is mouse and keyboard.

    :ivar folder: where the pictures go.
    """

    def __init__(self, keeper: Keeper, folder: Path) -> None:
        """:raises NoServer: there is no X server to play on. :raises OSError: the folder cannot be made."""
        folder.mkdir(parents=True, exist_ok=True)
        self.keeper, self.window = keeper, keeper.window
        self.folder = folder
        self._hands = Hands(os.environ.get("DISPLAY", ""))
        self._at = QPoint(0, 0)
        self._told: list[dict[str, object]] = []
        self._began = time.monotonic()

    async def until(self, holds: Callable[[], object], what: str, limit: float = 20) -> None:
        """Wait until something holds. :raises Stuck: not within `limit` seconds."""
        end = time.monotonic() + limit
        while not holds():
            if time.monotonic() > end:
                raise Stuck(f"The tour waited {limit:.0f} s for this: {what}.")
            await asyncio.sleep(0.03)

    async def picture(self, name: str, title: str, settle: float = 0.5) -> None:
        """Wait for animations to end, then save what is on the screen where the window is, and write `tour.json` anew."""
        await asyncio.sleep(settle)
        screen = self.window.screen()
        where = self.window.frameGeometry()
        file = self.folder / f"{len(self._told) + 1:02}-{name}.png"
        shot = screen.grabWindow(0, where.x(), where.y(), where.width(), where.height())
        if not shot.save(str(file)):
            raise OSError(f"{file} could not be written.")
        self._told.append({"picture": file.name, "title": title, "seconds": round(time.monotonic() - self._began, 2)})
        (self.folder / "tour.json").write_text(json.dumps(self._told, indent=1, ensure_ascii=False) + "\n")

    def widget(self, name: str) -> QWidget:
        """The widget in sight with this object name. :raises Stuck: there is none."""
        for top in QApplication.topLevelWidgets():
            for found in (top, *top.findChildren(QWidget, name)):
                if found.objectName() == name and found.isVisible():
                    return found
        raise Stuck(f"The tour found no {name} in the window.")

    def there(self, name: str) -> bool:
        """Whether a widget with this name is in sight and can be used."""
        try:
            return self.widget(name).isEnabled()
        except Stuck:
            return False

    async def click(self, name: str) -> None:
        """Click on a widget."""
        await self.until(lambda: self.there(name), f"{name} can be clicked")
        found = self.widget(name)
        await self.glide(found.mapToGlobal(found.rect().center()))
        await self.click_here()

    async def click_here(self) -> None:
        """Click where the pointer is."""
        self._hands.press()
        await asyncio.sleep(0.05)
        self._hands.release()
        await asyncio.sleep(0.1)

    def node(self, name: str) -> QPoint:
        """Where a node's card is on the screen. :raises Stuck: it is not shown."""
        canvas = self.keeper.desk.canvas
        item = canvas.canvas.item_of(name)
        if item is None:
            raise Stuck(f"The tour found no node {name} on the canvas.")
        return canvas.viewport().mapToGlobal(canvas.mapFromScene(item.sceneBoundingRect().center()))

    def shown(self, name: str) -> bool:
        """Whether a node is on the canvas."""
        return self.keeper.desk.canvas.canvas.item_of(name) is not None

    async def glide(self, to: QPoint, steps: int = 12) -> None:
        """Move the pointer as a hand does."""
        start = self._at
        ratio = self.window.devicePixelRatioF()
        for number in range(1, steps + 1):
            at = start + (to - start) * (number / steps)
            self._hands.move(round(at.x() * ratio), round(at.y() * ratio))
            await asyncio.sleep(_STEP)
        self._at = to

    async def _lift(self, source: str) -> None:
        await self.glide(self.node(source))
        self._hands.press()
        await asyncio.sleep(0.1)
        await self.glide(self.node(source) + QPoint(0, 30), 6)

    async def drag(self, source: str, target: str) -> None:
        """Pick a node up and carry it over another one; it is not dropped yet."""
        await self._lift(source)
        await self.glide(self.node(target) + QPoint(10, 24), 24)

    async def drag_to_well(self, source: str, well: str) -> None:
        """Pick a node up and carry it into the well of an operation; it is not dropped yet. :raises Stuck: there is none."""
        await self._lift(source)
        canvas = self.keeper.desk.canvas
        box = canvas.carried.legal.get(f"well:{well}") if canvas.carried is not None else None
        if box is None:
            raise Stuck(f"The tour found no well for {well} beside {source}.")
        await self.glide(canvas.viewport().mapToGlobal(canvas.mapFromScene(box.center())), 24)

    async def drop(self) -> None:
        """Let go what is carried."""
        self._hands.release()
        await asyncio.sleep(0.2)

    async def keys(self, *chords: str) -> None:
        """Strike keys, one chord after the other."""
        for chord in chords:
            self._hands.key(chord)
            await asyncio.sleep(0.06)

    async def type(self, text: str) -> None:
        """Type a text."""
        for letter in text:
            self._hands.key(letter)
            await asyncio.sleep(0.004)

    async def fill(self, name: str, text: str) -> None:
        """Type a text into a field, in the place of what it held, and leave it."""
        await self.until(lambda: self.there(name), f"the field {name}")
        await self.click(name)
        await self.keys("Ctrl+a")
        await self.type(text)
        await self.keys("Tab")

    async def tick(self) -> None:
        """Tick every box that a preview wants ticked before its button acts."""
        for box in self.window.findChildren(QCheckBox):
            if box.isVisible() and box.objectName().startswith("previewConfirm") and not box.isChecked():
                await self.glide(box.mapToGlobal(QPoint(9, box.height() // 2)))
                await self.click_here()

    async def choose(self, title: str) -> None:
        """Click the first entry of the open menu that begins so. :raises Stuck: there is none."""
        await self.until(lambda: self.there("offersMenu"), "the menu is open")
        menu = self.widget("offersMenu")
        for action in menu.actions():
            if action.isEnabled() and action.text().startswith(title) and isinstance(menu, QMenu):
                await self.glide(menu.mapToGlobal(menu.actionGeometry(action).center()))
                await self.click_here()
                return
        raise Stuck(f"The tour found no {title} in the menu: {[action.text() for action in menu.actions()]}.")

    async def open(self, target: str) -> Session:
        """Connect to a machine by the dialog, and wait until it is in the middle."""
        await self.ask_for(target)
        sessions = self.keeper.sessions
        await self.until(lambda: any(s.target == target and s.state for s in sessions.sessions), f"{target} is open")
        await self.until(lambda: not self.there("connectTarget"), "the connect dialog goes")
        return next(session for session in sessions.sessions if session.target == target)

    async def ask_for(self, target: str) -> None:
        """Type a target into the connect dialog, and Enter."""
        await self.click("machinesAdd")
        await self.until(lambda: self.there("connectTarget"), "the connect dialog")
        await self.click("connectTarget")
        await self.keys("Ctrl+a")
        await self.type(target)
        await self.keys("Return")

    async def hang_up(self) -> None:
        """Hang up on the only machine that is open."""
        await self.click("machineClose")
        await self.until(lambda: not self.keeper.sessions.sessions, "the machine is closed")
        while self.there("messageClose"):
            await self.click("messageClose")

    def close(self) -> None:
        """Let go of mouse and keyboard."""
        self._hands.close()
