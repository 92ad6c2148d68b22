"""Paints a node's card. Below zoom 0.6 it loses detail in steps; text is never under nine pixels."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter

from diskchain.picture import text
from diskchain.picture.ink import (
    BAR_W,
    RADIUS,
    badge_width,
    colour,
    left_bar,
    paint_badge,
    paint_hatch,
    pen,
    tone_of_mark,
)
from diskchain.picture.look import Badge, CardLook, SlimLook
from diskchain.picture.palette import Palette

WHOLE, SOME = 0.6, 0.45
"""Zooms from which a card shows everything, and its name, driver, bar and one badge; below that its name and bar."""

_DRIVER = 0.6
"""The most of a line that the driver takes beside the bar."""

_BADGE = 0.55
"""The most of a line that a badge takes beside a name."""

INSET, END = 26.0, 14.0

_LINES = ((18.0, 14.0), (37.0, 33.5), (56.25, 49.0), (70.5, 62.5), (90.0, 89.0))
"""Middles of a card's lines (name, file, bar, size, badges) from its top: at zoom 1, and where texts are as large as they get."""

_CROWDED = 4.0
"""By so much texts are larger than at zoom 1, in scene units, at the least zoom at which a card shows everything."""

_APART = 4.0
"""Scene units between two badges."""


def paint_card(painter: QPainter, box: QRectF, look: CardLook, palette: Palette, scale: float) -> None:
    """A card in its box. `scale`: device-independent pixels for each scene unit."""
    _ground(painter, box, look, palette)
    if look.low:
        _two_lines(painter, box, look, palette, scale)
    elif scale >= WHOLE:
        _details(painter, box, look, palette, scale)
    else:
        _outline(painter, box, look, palette, scale)


def _ground(painter: QPainter, box: QRectF, look: CardLook, palette: Palette) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour(palette.card))
    painter.drawRoundedRect(box, RADIUS, RADIUS)
    if look.hatched:
        paint_hatch(painter, box.adjusted(BAR_W, 3, -3, -3), palette.tone(tone_of_mark(look.badges[: look.marks])))
        painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour(palette.tone(look.tone)))
    painter.translate(box.x(), box.y())
    painter.drawPath(left_bar(box.width(), box.height()))
    painter.translate(-box.x(), -box.y())
    painter.setBrush(Qt.BrushStyle.NoBrush)
    edge = palette.blue if look.active else palette.line
    thick = 2.0 if look.active else 1.4
    painter.setPen(pen(edge, thick, (7.0, 4.0) if look.ghost or look.hatched else ()))
    painter.drawRoundedRect(box, RADIUS, RADIUS)


def _details(painter: QPainter, box: QRectF, look: CardLook, palette: Palette, scale: float) -> None:
    name, small, tiny = (text.at_scale(size, scale) for size in (text.NAME, text.SMALL, text.BADGE))
    left, right = box.x() + INSET, box.right() - END
    crowd = min(max(small - text.SMALL, 0) / _CROWDED, 1.0)
    first, second, bar, third, fourth = (box.y() + wide + (near - wide) * crowd for wide, near in _LINES)
    pill = Badge(look.driver, look.tone)
    room = min(badge_width(pill, max(tiny, 10)), (right - left) * 0.45)
    # A long name takes all of its line: the driver stands below it, or what tells of both, the file's name.
    beside = _fits(look.name, name, right - left - room - 6)
    tight = not beside and text.width(look.file, small, mono=True) > right - left - room - 6
    told = tight and look.file.endswith(f".{look.driver}")
    middle = first if beside else second
    height = max(16.0, tiny + 6)
    if not told:
        paint_badge(painter, QRectF(right - room, middle - height / 2, room, height), pill, palette, max(tiny, 10))
    _name(painter, left, right - room - 6 if beside else right, first, look.name, palette.text, name, bold=True)
    if told or not tight:
        line = QRectF(left, second - 9, right - left - (0 if beside or told else room + 6), 18)
        text.write(painter, line, look.file, colour(palette.quiet), small, mono=True, middle=True)
    _bar(painter, QRectF(left, bar - 3.25, right - left, 6.5), look, palette)
    rate, beside = _rate_place(look, right - left, small, tiny)
    if rate:
        place = QRectF(right - rate - 1, (third if beside else fourth) - 9.5, rate + 2, 19)
        text.write(painter, place, look.rate, colour(palette.green), small, bold=True)
    room = right - left - (rate + 6 if rate and beside else 0)
    text.write(painter, QRectF(left, third - 9.5, room, 19), look.size, colour(palette.quiet), small)
    room = right - left - (rate + 6 if rate and not beside else 0)
    height = tiny + 6.0
    paint_badges(painter, QRectF(left, fourth - height / 2, room, height), look.badges, palette, tiny)


def _fits(name: str, size: int, room: float) -> bool:
    """Whether a name fits in the least size that it may get."""
    return text.width(name, max(size - 2, text.LEAST), bold=True) <= room


def _rate_place(look: CardLook, room: float, small: int, tiny: int) -> tuple[float, bool]:
    """How wide the rate is, and whether it stands beside the size (else beside the badges); 0: there is no room for it."""
    rate = text.width(look.rate, small, bold=True) if look.rate else 0.0
    if not rate or text.width(look.size, small) + rate + 8 <= room:
        return rate, True
    badges = sum(badge_width(badge, tiny) + _APART for badge in look.badges)
    return (rate, False) if badges + rate + 6 <= room else (0.0, False)


def _two_lines(painter: QPainter, box: QRectF, look: CardLook, palette: Palette, scale: float) -> None:
    """A low card: its name and its first badge, below them its file where that can be read; from afar without the file."""
    name, small, tiny = (text.at_scale(size, scale) for size in (text.NAME, text.SMALL, text.BADGE))
    left, right, third = box.x() + INSET - 2, box.right() - 8, box.height() / 3
    first, second = (box.y() + third, box.y() + 2.1 * third) if scale >= WHOLE else (box.y() + box.height() / 2,) * 2
    badges, height = look.badges[:1], tiny + 6.0
    wide = min(badges_width(badges, right - left, tiny), (right - left) * _BADGE)
    beside = scale < WHOLE or _fits(look.name, name, right - left - wide - 6)
    middle = first if beside else second
    paint_badges(painter, QRectF(right - wide, middle - height / 2, wide, height), badges, palette, tiny)
    _name(painter, left, right - wide - 6 if beside else right, first, look.name, palette.text, name, bold=True)
    room = right - left - (0 if beside else wide + 6)
    if scale >= WHOLE and (beside or text.width(look.file, small, mono=True) <= room):
        line = QRectF(left, second - 9, room, 18)
        text.write(painter, line, look.file, colour(palette.quiet), small, mono=True, middle=True)


def _outline(painter: QPainter, box: QRectF, look: CardLook, palette: Palette, scale: float) -> None:
    """The card with little room: its name, its bar, and while it fits driver and most important badge; a mark at any zoom."""
    name = text.at_scale(text.NAME, scale)
    left, right, top = box.x() + INSET - 2, box.right() - 8, box.y()
    _name(painter, left, right, top + 24, look.name, palette.text, name, bold=True)
    start = left
    if scale >= SOME and look.driver:
        tiny = text.at_scale(text.BADGE, scale)
        room = right - left if look.used is None else (right - left) * _DRIVER
        text.write(painter, QRectF(left, top + 51.5 - tiny, room, 2 * tiny), look.driver, colour(palette.quiet), tiny)
        start += min(text.width(look.driver, tiny), room) + 8
    _bar(painter, QRectF(start, top + 47, right - start, 9), look, palette)
    if look.badges and (scale >= SOME or look.marks):
        tiny = text.at_scale(text.BADGE, scale)
        height = min(tiny + 8.0, box.height() / 2 - 4)
        if look.marks:
            left, right = box.x() + BAR_W + 3, box.right() - 3
        middle = min(top + 80, box.bottom() - 3 - height / 2)
        line = QRectF(left, middle - height / 2, right - left, height)
        paint_badges(painter, line, look.badges[: max(look.marks, 1)], palette, tiny)


def _name(
    painter: QPainter, left: float, right: float, middle: float, line: str, value: str, size: int, bold: bool
) -> None:
    least = max(size - 2, text.LEAST)
    while size > least and text.width(line, size, bold) > right - left:
        size -= 1
    text.write(
        painter, QRectF(left, middle - size, right - left, 2 * size), line, colour(value), size, bold, middle=True
    )


def _bar(painter: QPainter, track: QRectF, look: CardLook, palette: Palette) -> None:
    """What is allocated of what is offered; nothing where it is not known."""
    if look.used is None:
        return
    half = track.height() / 2
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour(palette.track))
    painter.drawRoundedRect(track, half, half)
    painter.setBrush(colour(palette.tone(look.tone)))
    painter.drawRoundedRect(
        QRectF(track.x(), track.y(), max(track.width() * look.used, track.height()), track.height()), half, half
    )


def fitting(badges: tuple[Badge, ...], room: float, size: int) -> tuple[Badge, ...]:
    """The badges to paint side by side in this room, in scene units: as many as fit, then how many more there are.

    The first, which is a mark if there is one, is always among them: for it the count gives way, and then it says less.
    """
    for shown in range(len(badges), 0, -1):
        rest = len(badges) - shown
        chosen = (*badges[:shown], Badge(f"+{rest}", "grey")) if rest else badges
        if _wide(chosen, size) <= room:
            return chosen
    return tuple(Badge(badge.short or badge.text, badge.tone) for badge in badges[:1])


def badges_width(badges: tuple[Badge, ...], room: float, size: int) -> float:
    """How wide the badges are that `fitting` chooses for this room."""
    return _wide(fitting(badges, room, size), size)


def _wide(badges: tuple[Badge, ...], size: int) -> float:
    return sum(badge_width(badge, size) + _APART for badge in badges) - _APART if badges else 0.0


def paint_badges(painter: QPainter, box: QRectF, badges: tuple[Badge, ...], palette: Palette, size: int) -> None:
    """As many badges as fit side by side; how many more there are is said where there is room for it."""
    x = box.x()
    for badge in fitting(badges, box.width(), size):
        want = min(badge_width(badge, size), box.right() - x)
        if want > 0:
            paint_badge(painter, QRectF(x, box.y(), want, box.height()), badge, palette, size)
        x += want + _APART


def paint_slim(painter: QPainter, box: QRectF, look: SlimLook, palette: Palette, scale: float) -> None:
    """A filter: slim and amber, its driver or its job over its name."""
    painter.setBrush(colour(palette.card))
    painter.setPen(pen(palette.amber, 1.4, (6.0, 4.0) if look.ghost else ()))
    painter.drawRoundedRect(box, 7, 7)
    strong, small = text.at_scale(11, scale), text.at_scale(9, scale)
    inner = box.adjusted(8, 0, -8, 0)
    centre = Qt.AlignmentFlag.AlignHCenter
    if look.named and scale >= WHOLE and (strong + small) * 1.3 <= box.height():
        half = box.height() / 2
        upper = QRectF(inner.x(), box.y() + 1, inner.width(), half - 1)
        text.write(painter, upper, look.word, colour(palette.amber), strong, bold=True, align=centre)
        lower = QRectF(inner.x(), box.y() + half + 1, inner.width(), half - 3)
        text.write(painter, lower, look.name, colour(palette.quiet), small, mono=True, align=centre, middle=True)
    else:
        text.write(painter, inner, look.word, colour(palette.amber), strong, bold=True, align=centre)
