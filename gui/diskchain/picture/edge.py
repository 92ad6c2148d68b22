"""The ways of lines between spots, and how they are painted."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPolygonF

from diskchain.picture.ink import colour, pen
from diskchain.picture.palette import Palette
from diskchain.picture.plan import FLOW_ROOM, Link

HEAD, HALF = 12.0, 6.5
"""Length and half breadth of an arrow head."""

_FLOW_DASH = (11.0, 8.0)


@dataclass(frozen=True)
class Route:
    """A line with its arrow head, and the middle of its label."""

    path: QPainterPath
    head: QPolygonF
    label: QPointF


def route(link: Link, start: QRectF, end: QRectF, via: QRectF | None = None) -> Route:
    """The way of a link between the boxes of its ends."""
    if link.points:
        return _curve(link)
    if link.kind == "branch":
        return _branch(start, end)
    if link.kind in ("device", "plug"):
        return _upright(link, start, end)
    if link.kind == "under" and via is not None:
        return _under(start, end, via)
    if link.kind == "across":
        return _across(start, end)
    return _backing(start, end)


def _head(tip: QPointF, dx: float, dy: float, size: float = 1.0) -> QPolygonF:
    """A triangle that points along (dx, dy), a unit vector."""
    back = QPointF(tip.x() - dx * HEAD * size, tip.y() - dy * HEAD * size)
    side = QPointF(-dy * HALF * size, dx * HALF * size)
    return QPolygonF([tip, back + side, back - side])


def _backing(start: QRectF, end: QRectF) -> Route:
    """From an overlay's left side to the right side of what it is backed by."""
    begin = QPointF(start.left(), start.center().y())
    tip = QPointF(end.right() + 1.5, end.center().y())
    path = QPainterPath(begin)
    rest = QPointF(tip.x() + HEAD - 1, tip.y())
    if abs(begin.y() - tip.y()) < 1:
        path.lineTo(rest)
    else:
        middle = (begin.x() + rest.x()) / 2
        path.cubicTo(QPointF(middle, begin.y()), QPointF(middle, rest.y()), rest)
    return Route(path, _head(tip, -1, 0), QPointF((begin.x() + tip.x()) / 2, begin.y() - 12))


def _branch(start: QRectF, end: QRectF) -> Route:
    """From a branch's left side back and up to the shared base."""
    begin = QPointF(start.left(), start.center().y())
    x = min(end.center().x(), begin.x() - 20)
    tip = QPointF(x, end.bottom() + 1.5)
    path = QPainterPath(begin)
    path.lineTo(x + 10, begin.y())
    path.quadTo(QPointF(x, begin.y()), QPointF(x, begin.y() - 10))
    path.lineTo(x, tip.y() + HEAD - 1)
    return Route(path, _head(tip, 0, -1), QPointF(x, begin.y()))


def _upright(link: Link, start: QRectF, end: QRectF) -> Route:
    """Straight down from a device, or up from a plug."""
    down = start.center().y() < end.center().y()
    x = min(max(start.center().x(), end.left() + 12), end.right() - 12)
    if link.kind == "plug":
        x = start.left() + 11
    begin = QPointF(x, start.bottom() if down else start.top())
    tip = QPointF(x, end.top() - 1.5 if down else end.bottom() + 1)
    path = QPainterPath(begin)
    if link.kind == "plug":
        path.lineTo(tip)
        return Route(path, QPolygonF(), tip)
    path.lineTo(x, tip.y() - (HEAD - 1 if down else 1 - HEAD))
    return Route(path, _head(tip, 0, 1 if down else -1), QPointF(x, (begin.y() + tip.y()) / 2))


def _under(start: QRectF, end: QRectF, via: QRectF) -> Route:
    """From under the source, past the pill (between neighbours: above it), up to the target."""
    left = start.center().x() > end.center().x()
    near, far = (via.right(), via.left()) if left else (via.left(), via.right())
    y = via.center().y()
    begin = QPointF(start.center().x(), start.bottom() + 6)
    tip = QPointF(end.center().x(), end.bottom() + 7)
    path = QPainterPath(begin)
    if abs(begin.x() - tip.x()) < via.width() + 2 * FLOW_ROOM:
        # The middle of a cubic curve is three quarters of the way to its control points.
        low = begin.y() + (via.top() - 5 - begin.y()) * 4 / 3
        path.cubicTo(QPointF(begin.x(), low), QPointF(tip.x(), low), QPointF(tip.x(), tip.y() + HEAD))
        return Route(path, _head(tip, 0, -1, 1.4), QPointF(via.center()))
    path.cubicTo(QPointF(begin.x(), y - 4), QPointF((begin.x() + near) / 2, y), QPointF(near, y))
    path.lineTo(far, y)
    path.cubicTo(QPointF((tip.x() + far) / 2, y), QPointF(tip.x(), y - 4), QPointF(tip.x(), tip.y() + HEAD))
    return Route(path, _head(tip, 0, -1, 1.4), QPointF(via.center()))


def _across(start: QRectF, end: QRectF) -> Route:
    """Straight to the target of a copy."""
    begin = QPointF(start.right() + 3, start.center().y())
    tip = QPointF(end.left() - 3, end.center().y())
    path = QPainterPath(begin)
    path.lineTo(tip.x() - HEAD, tip.y())
    return Route(path, _head(tip, 1, 0, 1.2), QPointF((begin.x() + tip.x()) / 2, begin.y() - 30))


def _curve(link: Link) -> Route:
    """Along the control points that graphviz gave; the last stretch is the arrow head."""
    points = [QPointF(x, y) for x, y in link.points]
    path = QPainterPath(points[0])
    for at in range(1, len(points) - 2, 3):
        path.cubicTo(points[at], points[at + 1], points[at + 2])
    tip, back = points[-1], points[-2]
    dx, dy = tip.x() - back.x(), tip.y() - back.y()
    length = max((dx * dx + dy * dy) ** 0.5, 1e-6)
    label = QPointF(*link.label_at) if link.label_at else path.pointAtPercent(0.5)
    return Route(path, _head(tip, dx / length, dy / length, 0.75), label)


def paint_link(painter: QPainter, link: Link, way: Route, palette: Palette, phase: float = 0.0) -> None:
    """A line with its head, without its words. `phase`: how far the dashes of a flow have moved, in scene units."""
    tone = palette.tone(link.tone)
    if link.kind in ("under", "across"):
        thick = 3.6 if link.kind == "across" else 2.6
        stroke = pen(tone, thick, _FLOW_DASH)
        if phase:
            stroke = type(stroke)(stroke)
            stroke.setDashOffset(-phase / thick)
    else:
        stroke = pen(tone, 1.6 if link.kind != "role" else 1.2, (6.0, 4.0) if link.ghost else ())
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(stroke)
    painter.drawPath(way.path)
    if not way.head.isEmpty():
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour(tone))
        painter.drawPolygon(way.head)
