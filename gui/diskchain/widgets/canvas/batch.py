"""Far away: a whole disk in three calls instead of a call for each card (facts/gui.md, section 5)."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from diskchain.picture.brush import box_of
from diskchain.picture.ink import colour, pen, tone_of_mark
from diskchain.picture.look import Badge, CardLook, FoldLook, LineLook, Look, PillLook, SlimLook, TitleLook
from diskchain.picture.plan import Link, Plan, Spot
from diskchain.widgets.canvas.style import Style

SHARED = 200
"""A batch takes further rows until it has this many boxes: each item costs a call from C++ to Python."""


class BatchItem(QGraphicsItem):
    """One disk (or part of a full graph) as plain boxes and straight lines. `chosen`: boxes that are ringed."""

    def __init__(self, style: Style) -> None:
        super().__init__()
        self._style = style
        self._boxes: dict[str, list[QRectF]] = {}
        self._lines: list[QLineF] = []
        self._crosses: list[QLineF] = []
        self._chosen: list[QRectF] = []
        self._bounds = QRectF()
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    @property
    def count(self) -> int:
        """How many boxes it has."""
        return sum(len(boxes) for boxes in self._boxes.values())

    def add_box(self, tone: str, box: QRectF, marked: bool = False) -> None:
        """One more box; `marked`: crossed out, for there is no room for the word."""
        if marked:
            self._crosses += [QLineF(box.topLeft(), box.bottomRight()), QLineF(box.bottomLeft(), box.topRight())]
        self._boxes.setdefault(tone, []).append(box)
        self._bounds = self._bounds.united(box.adjusted(-8, -8, 8, 8))

    def add_line(self, line: QLineF) -> None:
        """One more line."""
        self._lines.append(line)

    def choose(self, boxes: list[QRectF]) -> None:
        """Ring these boxes."""
        if boxes != self._chosen:
            self._chosen = boxes
            self.update()

    def boundingRect(self) -> QRectF:
        """All boxes."""
        return self._bounds

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None) -> None:
        """Lines, boxes by their tones, rings."""
        palette = self._style.palette
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(pen(palette.quiet, 0.0))
        painter.drawLines(self._lines)
        painter.setPen(Qt.PenStyle.NoPen)
        for tone, boxes in self._boxes.items():
            painter.setBrush(colour(palette.tone(tone)))
            painter.drawRects(boxes)
        if self._crosses:
            painter.setPen(pen(palette.ground, 2.0 / self._style.scale))
            painter.drawLines(self._crosses)
        if self._chosen:
            painter.setPen(pen(palette.text, 2.0 / self._style.scale))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRects(self._chosen)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)


def batches(plan: Plan, style: Style) -> dict[str, BatchItem]:
    """The items for a plan, by row; rows with few boxes share one with their neighbours."""
    made: dict[str, BatchItem] = {}
    last: BatchItem | None = None
    for spot in plan.spots.values():
        if isinstance(spot.look, TitleLook):
            continue
        item = made.get(spot.row)
        if item is None:
            item = last if last is not None and last.count < SHARED else BatchItem(style)
            made[spot.row] = last = item
        item.add_box(tone_of(spot.look), box_of(spot), marked=bool(marks_of(spot.look)))
    for link in plan.links.values():
        if (item := made.get(link.row)) is not None and (line := _straight(link, plan.spots)) is not None:
            item.add_line(line)
    return made


def tone_of(look: Look) -> str:
    """The tone of the plain box that stands for a card from far away; a mark's where it has one."""
    if marks := marks_of(look):
        return tone_of_mark(marks)
    if isinstance(look, CardLook):
        return "blue" if look.active else look.tone
    if isinstance(look, SlimLook):
        return "amber"
    return look.tone if isinstance(look, PillLook) else "grey"


def marks_of(look: Look) -> tuple[Badge, ...]:
    """What a look says of contents that change or must not be used."""
    if isinstance(look, CardLook):
        return look.badges[: look.marks]
    return look.marks if isinstance(look, FoldLook | LineLook) else ()


def _straight(link: Link, spots: Mapping[str, Spot]) -> QLineF | None:
    if link.points:
        (x1, y1), (x2, y2) = link.points[0], link.points[-1]
        return QLineF(x1, y1, x2, y2)
    start, end = spots.get(link.start), spots.get(link.end)
    if start is None or end is None:
        return None
    return QLineF(start.x + start.w / 2, start.y + start.h / 2, end.x + end.w / 2, end.y + end.h / 2)
