"""The canvas widget: shows a machine, zooms and pans, selects, and starts drags. The window embeds one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QFrame, QGraphicsView, QWidget

from diskchain.model.diff import Diff
from diskchain.model.state import State
from diskchain.operations.operation import Drag, Offer
from diskchain.picture.telling import Measures
from diskchain.widgets.canvas.camera import READABLE, STEP, Camera
from diskchain.widgets.canvas.node_item import SpotItem
from diskchain.widgets.canvas.planner import Planner, Remembered
from diskchain.widgets.canvas.scene import CanvasScene, area_of
from diskchain.widgets.canvas.style import Style
from diskchain.widgets.theme import palette_of


def no_offers(_drag: Drag) -> tuple[Offer, ...]:
    """What a canvas offers that nobody has wired up: nothing."""
    return ()


class CanvasView(QGraphicsView):
    """The picture of one machine. It changes nothing by itself: gestures become signals.

    :ivar offers: asked for every candidate when a drag begins; set by the window.
    """

    selected_changed = Signal(str)
    activated = Signal(str)
    context_requested = Signal(str, QPoint)
    dropped = Signal(object)
    drag_started = Signal(str)
    drag_ended = Signal()
    device_selected = Signal(str)
    zoom_changed = Signal(float)
    mode_changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("canvas")
        self.setAccessibleName("Block graph")
        self.style_of_items = Style(palette_of(self))
        self.canvas = CanvasScene(self.style_of_items, self)
        self.setScene(self.canvas)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.SmartViewportUpdate)
        self.setOptimizationFlag(QGraphicsView.OptimizationFlag.DontSavePainterState)
        self.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        self.offers: Callable[[Drag], tuple[Offer, ...]] = no_offers
        self.camera = Camera(self)
        self.planner = Planner()
        self._selected = ""
        self._text = "No machine is open."
        self._live = True

    @property
    def selected(self) -> str | None:
        """The selected node's name."""
        return self._selected or None

    def show_state(self, state: State | None, change: Diff, ledger: Remembered | None, meter: Measures | None) -> None:
        """Show a new state; `change` says what is different from the one shown before."""
        first = self.planner.state is None
        self.planner.state, self.planner.ledger, self.planner.meter = state, ledger, meter
        touched = None if first else self.planner.changed_spots(self.canvas.plan, change)
        if touched is None:
            self.replan(still=first)
        else:
            for spot in touched:
                self.canvas.change_look(spot)

    def show_sample(self) -> None:
        """Show what the meter tells now: rates on cards, jobs' progress."""
        for spot in self.planner.measured_spots(self.canvas.plan):
            self.canvas.change_look(spot)

    def set_connection(self, live: bool, text: str) -> None:
        """Say how the line stands: not live greys what is shown, with this text over it; alone where there is no state."""
        if (live, text) != (self._live, self._text):
            self._live, self._text = live, text
            self.viewport().update()

    def replan(self, still: bool = False) -> None:
        """Place everything anew and move to it."""
        self.planner.wish = replace(
            self.planner.wish,
            room=self.viewport().width() / 0.8,
            width=float(self.viewport().width()),
            selected=frozenset({self._selected} if self._selected else ()),
        )
        plan = self.planner.plan()
        if self.camera.by_itself and (scale := self.camera.fitting(area_of(plan))) < 1:
            self.planner.wish = replace(self.planner.wish, width=self.viewport().width() / max(scale, READABLE))
            plan = self.planner.plan()
        self.canvas.show_plan(plan, still)
        if self.camera.by_itself:
            self._fit_quietly()
        self._show_selection()

    def select(self, name: str | None) -> None:
        """Select a node, or nothing. Rows open and folds part where it is."""
        name = name or ""
        if name == self._selected:
            return
        self._selected = name
        if self.planner.state is not None:
            self.replan()
        self.selected_changed.emit(name)

    def fit(self) -> None:
        """Bring everything in sight."""
        self.camera.by_itself = True
        self.camera.fit(self._area())
        self._zoomed()

    def zoom_in(self) -> None:
        """Zoom in by a step."""
        self._zoom(STEP)

    def zoom_out(self) -> None:
        """Zoom out by a step."""
        self._zoom(1 / STEP)

    def zoom_reset(self) -> None:
        """Go back to natural size."""
        self._zoom(1 / self.camera.scale)

    def set_reduced_motion(self, on: bool) -> None:
        """Let changes jump and dashes stand still, or not."""
        self.style_of_items.still = on

    def item_at(self, at: QPoint) -> SpotItem | None:
        """The item under a point of the viewport that a click would mean."""
        for item in self.items(at):
            if isinstance(item, SpotItem) and item.clickable and item.box().contains(self.mapToScene(at)):
                return item
        return None

    def _zoom(self, factor: float, at: QPoint | None = None) -> None:
        self.camera.zoom_by(factor, at)
        self._zoomed()

    def _zoomed(self) -> None:
        self.style_of_items.scale = self.camera.scale
        self.viewport().update()
        self.zoom_changed.emit(self.camera.scale)

    def _area(self) -> QRectF:
        return self.canvas.sceneRect()

    def _fit_quietly(self) -> None:
        self.camera.fit(self._area(), READABLE)
        self._zoomed()

    def _show_selection(self) -> None:
        for item in self.canvas.items_by_key.values():
            item.set_selected(bool(self._selected) and item.spot.node == self._selected)

    def drawBackground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        """The dotted ground."""
        self.camera.paint_ground(painter, QRectF(rect), self.style_of_items.palette)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the pointer."""
        self._zoom(1.0015 ** event.angleDelta().y(), event.position().toPoint())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Select what is pressed."""
        item = self.item_at(event.position().toPoint())
        self.select(item.spot.node if item is not None else None)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fold and fit for the new room."""
        super().resizeEvent(event)
        if self.planner.state is not None:
            QTimer.singleShot(0, self, self.replan)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the scheme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.style_of_items.palette = palette_of(self)
            self.canvas.update()
            self.viewport().update()
