"""The canvas for screen readers: a list with an item for every node, device, job and edge that is drawn.

Qt gives items of a scene no accessible interface of its own (facts/gui.md, section 8), so the view answers for them.
"""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import QObject, QPoint, QRect
from PySide6.QtGui import QAccessible, QAccessibleInterface, QColor, QWindow
from PySide6.QtWidgets import QAccessibleWidget

from diskchain.picture import about
from diskchain.picture.look import TitleLook
from diskchain.widgets.canvas.view import CanvasView

_NONE = cast("QAccessibleInterface", None)
"""Qt's null pointer for "no such interface"; the type stubs do not allow for it."""


class ThingInterface(QAccessibleInterface):
    """One spot or link of the canvas, by its key; it speaks of whatever has that key now."""

    def __init__(self, view: CanvasView, parent: QAccessibleInterface, key: str) -> None:
        super().__init__()
        self.key = key
        self._view = view
        self._parent = parent

    def isValid(self) -> bool:
        """Whether the thing is still drawn."""
        plan = self._view.canvas.plan
        return self.key in plan.spots or self.key.removeprefix("link:") in plan.links

    def object(self) -> QObject:
        """Items are no objects of Qt."""
        return cast("QObject", None)

    def window(self) -> QWindow:
        """The window that it is in."""
        return self._parent.window()

    def parent(self) -> QAccessibleInterface:
        """The canvas."""
        return self._parent

    def child(self, _index: int) -> QAccessibleInterface:
        """Nothing is below it."""
        return _NONE

    def childAt(self, _x: int, _y: int) -> QAccessibleInterface:
        """Nothing is below it."""
        return _NONE

    def childCount(self) -> int:
        """Nothing is below it."""
        return 0

    def indexOfChild(self, _child: QAccessibleInterface) -> int:
        """Nothing is below it."""
        return -1

    def text(self, kind: QAccessible.Text) -> str:
        """Its name, in words."""
        if kind != QAccessible.Text.Name:
            return ""
        plan = self._view.canvas.plan
        if (spot := plan.spots.get(self.key)) is not None:
            return about.short(spot)
        link = plan.links.get(self.key.removeprefix("link:"))
        return about.edge(link, plan) if link is not None else ""

    def setText(self, _kind: QAccessible.Text, _text: str) -> None:
        """It cannot be renamed."""

    def rect(self) -> QRect:
        """Where it is on the screen."""
        item = self._view.canvas.items_by_key.get(self.key)
        if item is None:
            return QRect()
        box = self._view.mapFromScene(item.box()).boundingRect()
        return QRect(self._view.viewport().mapToGlobal(box.topLeft()), box.size())

    def role(self) -> QAccessible.Role:
        """An item of a list."""
        return QAccessible.Role.ListItem

    def state(self) -> QAccessible.State:
        """Selectable, and whether it is selected."""
        made = QAccessible.State()
        spot = self._view.canvas.plan.spots.get(self.key)
        made.selectable = spot is not None and bool(spot.node)
        made.selected = spot is not None and bool(spot.node) and spot.node == self._view.selected
        made.focusable = made.selectable
        return made

    def foregroundColor(self) -> QColor:
        """The text's."""
        return QColor(self._view.looks.palette.text)

    def backgroundColor(self) -> QColor:
        """The ground's."""
        return QColor(self._view.looks.palette.ground)


class CanvasInterface(QAccessibleWidget):
    """The canvas as a list."""

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view, QAccessible.Role.List, "Block graph")
        self._view = view
        self._things: dict[str, ThingInterface] = {}

    def keys(self) -> list[str]:
        """Keys of everything that is told: first what stands, then the lines between."""
        plan = self._view.canvas.plan
        spots = [key for key, spot in plan.spots.items() if not isinstance(spot.look, TitleLook)]
        return spots + [f"link:{key}" for key in plan.links]

    def childCount(self) -> int:
        """How many things are drawn."""
        return len(self.keys())

    def child(self, index: int) -> QAccessibleInterface:
        """One of them."""
        keys = self.keys()
        return self._thing(keys[index]) if 0 <= index < len(keys) else _NONE

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        """Which one it is; -1: none of ours."""
        keys = self.keys()
        return keys.index(child.key) if isinstance(child, ThingInterface) and child.key in keys else -1

    def childAt(self, x: int, y: int) -> QAccessibleInterface:
        """The one at a point of the screen."""
        item = self._view.item_at(self._view.viewport().mapFromGlobal(QPoint(x, y)))
        return self._thing(item.spot.key) if item is not None else _NONE

    def _thing(self, key: str) -> ThingInterface:
        # Kept here: Qt holds only a pointer, and Python would collect the interface under it.
        if key not in self._things:
            self._things[key] = ThingInterface(self._view, self, key)
        return self._things[key]


class Factory:
    """Makes the interfaces of canvases and keeps them alive."""

    def __init__(self) -> None:
        self._made: dict[int, CanvasInterface] = {}

    def install(self) -> None:
        """Let Qt ask us; once for an application."""
        QAccessible.installFactory(self.make)

    def make(self, _name: str, thing: QObject | None) -> QAccessibleInterface | None:
        """The interface of a canvas; None for everything else, which Qt then answers itself."""
        if not isinstance(thing, CanvasView):
            return None
        made = CanvasInterface(thing)
        key = id(thing)
        self._made[key] = made
        thing.destroyed.connect(lambda: self._made.pop(key, None))
        return made
