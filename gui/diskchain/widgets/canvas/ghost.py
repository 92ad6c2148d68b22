"""What is drawn only while something is dragged: the card in hand, its hint, outlines of targets."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QPainter, QTextLayout, QTextOption
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from diskchain.picture import text
from diskchain.picture.brush import paint_look
from diskchain.picture.ink import RADIUS, colour, pen
from diskchain.picture.look import Look
from diskchain.picture.words import one_line
from diskchain.widgets.canvas.consequence import Hint
from diskchain.widgets.canvas.style import LARGEST, Style

HINT_W = 404.0
_PAD = 16.0
_GAP = 6.0
_TILT = -3.0


class GhostItem(QGraphicsItem):
    """The dragged card, a little turned. It never takes the mouse."""

    def __init__(self, look: Look, size: QSizeF, style: Style) -> None:
        super().__init__()
        self.size = size
        self._look = look
        self._style = style
        self.setZValue(20)
        self.setTransformOriginPoint(size.width() / 2, size.height() / 2)
        self.setRotation(_TILT)
        self.setOpacity(0.96)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    def boundingRect(self) -> QRectF:
        """The card with a little room."""
        return QRectF(-4, -4, self.size.width() + 8, self.size.height() + 8)

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None) -> None:
        """The card's own look."""
        box = QRectF(QPointF(0, 0), self.size)
        paint_look(painter, box, self._look, self._style.palette, max(self._style.scale, 0.35))


class _DropPlace(QGraphicsItem):
    """Where a card in hand can be dropped: above the cards, and without a press of its own."""

    def __init__(self, box: QRectF, style: Style) -> None:
        super().__init__()
        self.hot = False
        self.box = box
        self._style = style
        self.setZValue(15)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    def set_hot(self, on: bool) -> None:
        """Whether a drop now would land here."""
        if on != self.hot:
            self.hot = on
            self.update()


class TargetItem(_DropPlace):
    """The dashed outline of a card that something may be dropped on, with the verb of the drop."""

    def __init__(self, box: QRectF, verb: str, style: Style) -> None:
        super().__init__(box, style)
        self._box = box.adjusted(-6, -6, 6, 6)
        self._verb = verb.upper()

    def boundingRect(self) -> QRectF:
        """The outline and the verb on its upper side."""
        return self._box.adjusted(-30, -24, 30, 4)

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None) -> None:
        """Dashes; thicker, and lightly filled, where the drop would land."""
        palette = self._style.palette
        painter.setPen(pen(palette.green, 2.6 if self.hot else 1.8, (9.0, 5.0)))
        painter.setBrush(colour(palette.green, 26) if self.hot else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(self._box, RADIUS + 5, RADIUS + 5)
        size = text.at_scale(text.BADGE, self._style.scale)
        width = text.width(self._verb, size, bold=True) + 18
        height = size + 7.0
        box = QRectF(self._box.center().x() - width / 2, self._box.top() - height / 2, width, height)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour(palette.green))
        painter.drawRoundedRect(box, height / 2, height / 2)
        text.write(painter, box, self._verb, colour(palette.on), size, True, align=Qt.AlignmentFlag.AlignHCenter)


class WellItem(_DropPlace):
    """A place beside a chain to drop a card into: what leaves the chain there is a copy."""

    def __init__(self, box: QRectF, title: str, legal: bool, style: Style) -> None:
        super().__init__(box, style)
        self._title, self._legal = title, legal

    def boundingRect(self) -> QRectF:
        """The box with its outline."""
        return self.box.adjusted(-3, -3, 3, 3)

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None) -> None:
        """Dashes round the words; filled, and in the colour of what can be done, where the drop would land."""
        palette = self._style.palette
        ink = palette.green if self._legal else palette.quiet
        painter.setBrush(colour(palette.raised))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawRoundedRect(self.box, RADIUS, RADIUS)
        painter.setPen(pen(ink, 2.6 if self.hot else 1.8, (9.0, 5.0)))
        painter.setBrush(colour(ink, 26) if self.hot else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(self.box, RADIUS, RADIUS)
        size = text.at_scale(text.NAME, self._style.scale)
        room = self.box.adjusted(10, 0, -10, 0)
        text.write(painter, room, self._title, colour(ink), size, True, align=Qt.AlignmentFlag.AlignHCenter)


class HintItem(QGraphicsItem):
    """A bubble that is never smaller on the screen than at zoom 1: a title, what it means, and the command."""

    def __init__(self, style: Style) -> None:
        super().__init__()
        self._style = style
        self._hint = Hint("")
        self._lines: list[tuple[str, int, bool, bool]] = []
        self._size = QSizeF(0, 0)
        self.setZValue(25)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIgnoresTransformations)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    @property
    def size(self) -> QSizeF:
        """Width and height in device-independent pixels."""
        return self._size * self.scale()

    def follow_zoom(self) -> None:
        """Be larger with the cards, as far as fitting makes them."""
        self.setScale(min(max(self._style.scale, 1.0), LARGEST))

    def set_hint(self, hint: Hint) -> None:
        """Say something else. Lines are broken to the bubble's width; nothing is cut off."""
        if hint == self._hint:
            return
        self.prepareGeometryChange()
        self._hint = hint
        room = HINT_W - 2 * _PAD
        self._lines = [(line, 13, True, False) for line in wrapped(hint.title, room, 13, True)]
        self._lines += [(line, 11, False, False) for line in wrapped(hint.text, room, 11)]
        self._lines += [(line, 10, False, True) for line in wrapped(hint.code, room, 10, mono=True)]
        gap = _GAP if hint.code else 0.0
        height = sum(_line_height(size) for _, size, _, _ in self._lines) + 2 * _PAD - 4 + gap
        self._size = QSizeF(HINT_W, height)
        self.update()

    def boundingRect(self) -> QRectF:
        """The bubble with its outline."""
        return QRectF(-2, -2, self._size.width() + 4, self._size.height() + 4)

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None) -> None:
        """The bubble and its lines."""
        palette = self._style.palette
        painter.setBrush(colour(palette.raised))
        painter.setPen(pen(palette.line if self._hint.tone == "line" else palette.tone(self._hint.tone), 1.4))
        painter.drawRoundedRect(QRectF(QPointF(0, 0), self._size), 9, 9)
        y = _PAD - 3
        code = False
        for line, size, bold, mono in self._lines:
            if mono and not code:
                y += _GAP
            code = mono
            ink = palette.text if bold else palette.blue if mono else palette.quiet
            box = QRectF(_PAD, y, HINT_W - 2 * _PAD, _line_height(size))
            text.write(painter, box, line, colour(ink), size, bold, mono)
            y += _line_height(size)


def _line_height(size: int) -> float:
    return size * 1.55


def wrapped(words: str, room: float, size: int, bold: bool = False, mono: bool = False) -> list[str]:
    """Text in lines that fit; a single word that does not is broken."""
    if not words:
        return []
    plain = one_line(words, 2000)
    layout = QTextLayout(plain, text.font(size, bold, mono))
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    layout.beginLayout()
    lines = []
    while (line := layout.createLine()).isValid():
        line.setLineWidth(room - 2)
        lines.append(plain[line.textStart() : line.textStart() + line.textLength()].rstrip())
    layout.endLayout()
    return lines
