"""One link of a plan as an item of the scene. It follows its ends while they move."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QTransform
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from diskchain.picture import text
from diskchain.picture.edge import paint_link, route
from diskchain.picture.label import LABEL_H, LABELS, Label, label_of, label_room
from diskchain.picture.plan import Link
from diskchain.widgets.canvas.node_item import SpotItem
from diskchain.widgets.canvas.style import Style

_AROUND = 6.0


class LinkItem(QGraphicsItem):
    """A line between two items, perhaps past a third (a flow's pill)."""

    def __init__(self, link: Link, start: SpotItem, end: SpotItem, via: SpotItem | None, style: Style) -> None:
        super().__init__()
        self.link = link
        self.start = start
        self.end = end
        self.via = via
        self._style = style
        self._bounds = QRectF()
        self._label: Label | None = None
        self._told_at = 0.0
        self._way = route(link, start.box(), end.box(), via.box() if via is not None else None)
        self.setZValue(1)
        self.reroute()

    def attach(self, link: Link, start: SpotItem, end: SpotItem, via: SpotItem | None) -> None:
        """Show another link of the same key."""
        if (link, start, end, via) != (self.link, self.start, self.end, self.via):
            self.link, self.start, self.end, self.via = link, start, end, via
            self.reroute()
            self.update()

    def reroute(self) -> None:
        """Find the way anew, from where the ends are now."""
        self.prepareGeometryChange()
        self._way = route(self.link, self.start.box(), self.end.box(), self.via.box() if self.via is not None else None)
        around = self._way.path.controlPointRect().united(self._way.head.boundingRect())
        around.adjust(-_AROUND, -_AROUND, _AROUND, _AROUND)
        if self.link.label:
            at, half = self._way.label, max(label_room(self.link, self._way), 0.0) / 2
            tall = text.at_scale(text.SMALL, LABELS) * LABEL_H
            around = around.united(QRectF(at.x() - half, at.y() - tall / 2, 2 * half, tall))
        self._bounds = around
        self._told_at = 0.0

    def boundingRect(self) -> QRectF:
        """Everything that the line, its head and its words cover."""
        return self._bounds

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None) -> None:
        """The line; its dashes stand where the shared phase says."""
        style = self._style
        phase = style.phase if self.link.moving else 0.0
        paint_link(painter, self.link, self._way, style.palette, phase)
        if self._told_at != style.scale:
            self._label, self._told_at = label_of(self.link, self._way, style.scale), style.scale
        if self._label is not None:
            self._engrave(painter, self._label)

    def _engrave(self, painter: QPainter, label: Label) -> None:
        """Put the words on the line, at whole pixels of the screen so that they are sharp."""
        style, ratio = self._style, self._style.ratio
        at = painter.worldTransform().map(label.box(self._way).topLeft())
        x, y = round(at.x() * ratio) / ratio, round(at.y() * ratio) / ratio
        painter.setWorldTransform(QTransform.fromTranslate(x, y))
        painter.drawPixmap(0, 0, style.words.pixels(label, style.palette, style.scale, ratio))
