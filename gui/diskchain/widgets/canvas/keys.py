"""The keyboard on the canvas: travel along chains, menus, and drags without a mouse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeyEvent

from diskchain.widgets.canvas import travel

if TYPE_CHECKING:
    from diskchain.widgets.canvas.view import CanvasView

_WAYS = {
    Qt.Key.Key_Left: "left",
    Qt.Key.Key_Right: "right",
    Qt.Key.Key_Up: "up",
    Qt.Key.Key_Down: "down",
}
_ENDS = {Qt.Key.Key_Home: "left", Qt.Key.Key_End: "right"}
_PICK_UP = {Qt.Key.Key_C: "commit", Qt.Key.Key_S: "stream"}
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


def press(view: CanvasView, event: QKeyEvent) -> bool:
    """Do what a key means here; False where it means nothing."""
    key = Qt.Key(event.key())
    plain = not event.modifiers() & ~(Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.ShiftModifier)
    if view.carried is not None:
        return _carrying(view, key, bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
    if not plain:
        return False
    if key in _WAYS or key in _ENDS:
        return _travel(view, key)
    if key in _PICK_UP:
        return view.pick_up_by_key(_PICK_UP[key])
    if key in _ENTER or key == Qt.Key.Key_Menu:
        return _menu(view)
    if key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
        view.zoom_in()
    elif key == Qt.Key.Key_Minus:
        view.zoom_out()
    elif key == Qt.Key.Key_0:
        view.zoom_reset()
    elif key == Qt.Key.Key_F:
        view.fit()
    elif key == Qt.Key.Key_Escape and view.selected is not None:
        view.select(None)
    else:
        return False
    return True


def _travel(view: CanvasView, key: Qt.Key) -> bool:
    plan, here = view.canvas.plan, view.selected
    if here is None:
        found = travel.first(plan)
    elif key in _ENDS:
        found = travel.end(plan, here, _ENDS[key])
    else:
        found = travel.step(plan, here, _WAYS[key])
    if found is not None:
        view.select(found)
        view.bring_in_sight(found)
    return True


def _menu(view: CanvasView) -> bool:
    if view.selected is None:
        return False
    item = view.canvas.item_of(view.selected)
    at = view.viewport().rect().center()
    if item is not None:
        at = view.mapFromScene(item.box().bottomLeft()) + QPoint(26, -4)
    view.context_requested.emit(view.selected, view.viewport().mapToGlobal(at))
    return True


def _carrying(view: CanvasView, key: Qt.Key, shift: bool) -> bool:
    """While a card is in hand: arrows move on to the next target, Enter drops, Esc cancels."""
    if key == Qt.Key.Key_Escape:
        view.put_down(drop=False)
    elif key in _ENTER:
        view.put_down(drop=True)
    elif key in _WAYS or key in _ENDS or key == Qt.Key.Key_Shift:
        view.carry_on(_WAYS.get(key) or _ENDS.get(key) or "", shift)
    else:
        return False
    return True
