"""Paints what is no node: devices, jobs, exports, folds, lines and titles."""

from __future__ import annotations

import math

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter

from diskchain.picture import text
from diskchain.picture.card import WHOLE, badges_width, paint_badges
from diskchain.picture.ink import colour, paint_hatch, pen, tone_of_mark
from diskchain.picture.look import FoldLook, LineLook, PillLook, TitleLook
from diskchain.picture.palette import Palette

_CENTRE = Qt.AlignmentFlag.AlignHCenter
_RIGHT = Qt.AlignmentFlag.AlignRight


def paint_pill(painter: QPainter, box: QRectF, look: PillLook, palette: Palette, scale: float) -> None:
    """A device (two lines), a job or an export (one line)."""
    tone = palette.tone(look.tone)
    painter.setBrush(colour(palette.raised))
    painter.setPen(pen(tone, 1.6 if look.shape == "device" else 1.2, (6.0, 4.0) if look.ghost else ()))
    round_ = box.height() / 2 if look.shape != "export" else 6.0
    painter.drawRoundedRect(box, round_, round_)
    if look.shape == "device":
        _two_lines(painter, box, look, palette, scale)
    elif look.shape == "job":
        size = text.at_scale(10, scale)
        inner = box.adjusted(5, 0, -5, 0)
        line = _longest(look, inner.width(), size)
        text.write(painter, inner, line, colour(palette.text), size, bold=True, align=_CENTRE)
    else:
        _plug(painter, box, look, palette, scale)


def _longest(look: PillLook, room: float, size: int) -> str:
    """What of a job's words fits: first its rate gives way, then its type, for its progress tells most."""
    whole = f"{look.title} · {look.note}" if look.note else look.title
    choices = (whole, look.title, look.short or look.title)
    return next((words for words in choices if text.width(words, size, bold=True) <= room), choices[-1])


def _two_lines(painter: QPainter, box: QRectF, look: PillLook, palette: Palette, scale: float) -> None:
    name, small = text.at_scale(text.NAME, scale), text.at_scale(10, scale)
    inner = box.adjusted(10, 0, -10, 0)
    bold, quiet = colour(palette.text), colour(palette.quiet)
    if scale < WHOLE or not look.note or name + small + 8 > box.height():
        text.write(painter, inner, look.title, bold, name, bold=True, align=_CENTRE, middle=True)
        return
    upper = QRectF(inner.x(), box.y() + 3, inner.width(), 19)
    text.write(painter, upper, look.title, bold, name, True, align=_CENTRE, middle=True)
    # Larger letters reach further into the round corners.
    lower = QRectF(0, box.y() + 20, box.width() - 4 - small, 16)
    lower.moveLeft(box.center().x() - lower.width() / 2)
    note = look.note if text.width(look.note, small) <= lower.width() else look.note.rpartition(" · ")[2]
    text.write(painter, lower, note, quiet, small, align=_CENTRE)


def _plug(painter: QPainter, box: QRectF, look: PillLook, palette: Palette, scale: float) -> None:
    """A plug with two prongs at the left, then the export's type and where it is found."""
    tone = palette.tone(look.tone)
    painter.setBrush(colour(tone))
    painter.setPen(Qt.PenStyle.NoPen)
    middle = box.center().y()
    painter.drawRoundedRect(QRectF(box.x() + 7, middle - 5, 8, 10), 2, 2)
    painter.drawRect(QRectF(box.x() + 15, middle - 4, 4, 2))
    painter.drawRect(QRectF(box.x() + 15, middle + 2, 4, 2))
    size = text.at_scale(10, scale)
    if size > box.height():
        return
    inner = QRectF(box.x() + 24, box.y(), box.width() - 32, box.height())
    word = min(text.width(look.note, size, bold=True) + 1, inner.width())
    text.write(painter, QRectF(inner.x(), box.y(), word, box.height()), look.note, colour(tone), size, bold=True)
    rest = inner.adjusted(word + 6, 0, 0, 0)
    if rest.width() > 3 * size:
        text.write(painter, rest, look.title, colour(palette.text), size, mono=True, middle=True)


def paint_fold(painter: QPainter, box: QRectF, look: FoldLook, palette: Palette, scale: float) -> None:
    """Cards behind each other: the folded middle of a chain; with its marks, which at small zooms displace its size."""
    painter.setPen(pen(palette.line, 1.4))
    painter.setBrush(colour(palette.raised))
    for back in (10.0, 5.0, 0.0):
        painter.drawRoundedRect(box.adjusted(back, back - 5, back - 10, -back / 2), 8, 8)
    if look.hatched:
        paint_hatch(painter, box.adjusted(3, -2, -13, -3), palette.tone(tone_of_mark(look.marks)))
    size, small, tiny = (text.at_scale(each, scale) for each in (12, text.SMALL, text.BADGE))
    inner = box.adjusted(6, -5, -16, 0)
    note = look.note if scale >= WHOLE else ""
    lines = [size + 8.0, *([small + 6.0] if note else []), *([tiny + 8.0] if look.marks else [])]
    y = inner.center().y() - sum(lines) / 2
    where = QRectF(inner.x(), y, inner.width(), lines[0])
    text.write(painter, where, look.text, colour(palette.text), size, bold=True, align=_CENTRE)
    if note:
        where = QRectF(inner.x(), where.bottom(), inner.width(), lines[1])
        text.write(painter, where, note, colour(palette.quiet), small, align=_CENTRE)
    if look.marks:
        room = min(badges_width(look.marks, inner.width(), tiny), inner.width())
        where = QRectF(inner.center().x() - room / 2, where.bottom() + 1, room, tiny + 6.0)
        paint_badges(painter, where, look.marks, palette, tiny)


def paint_line(painter: QPainter, box: QRectF, look: LineLook, palette: Palette, scale: float) -> None:
    """A disk in one line. Its marks never give way; the names of its chain do."""
    painter.setPen(pen(palette.line, 1.4))
    painter.setBrush(colour(palette.raised))
    painter.drawRoundedRect(box, 8, 8)
    if look.hatched:
        paint_hatch(
            painter, QRectF(box.x() + 2, box.y() + 3, 10, box.height() - 6), palette.tone(tone_of_mark(look.marks))
        )
    size, tiny = text.at_scale(12, scale), text.at_scale(text.BADGE, scale)
    x, right = box.x() + 16, box.right() - 14
    title = min(max(text.width(look.title, size, bold=True) + 14, 56), 200)
    text.write(painter, QRectF(x, box.y(), title - 8, box.height()), look.title, colour(palette.text), size, bold=True)
    x += title
    badges = (*look.marks, *((look.badge,) if look.badge else ()))
    want = badges_width(badges, math.inf, tiny)
    free = right - x - (want + 20 if look.marks else 0)
    note = min(text.width(look.note, size, bold=True) + 2, free, (right - box.x()) / 2) if look.note else 0.0
    if note > 0:
        where = QRectF(right - note, box.y(), note, box.height())
        text.write(painter, where, look.note, colour(palette.tone(look.tone)), size, bold=True, align=_RIGHT)
        right -= note + 20
    chain = min(text.width(look.chain, size) + 1, right - want - 10 - x)
    if chain > 2 * size:
        where = QRectF(x, box.y(), chain, box.height())
        text.write(painter, where, look.chain, colour(palette.text), size, middle=True)
        x += chain + 10
    height = tiny + 6.0
    where = QRectF(x, box.center().y() - height / 2, max(right - x, 0), height)
    paint_badges(painter, where, badges, palette, tiny)


def paint_title(painter: QPainter, box: QRectF, look: TitleLook, palette: Palette, scale: float) -> None:
    """The words above a row."""
    size = text.at_scale(text.TITLE, scale)
    line = f"{look.text} · {look.strong}" if look.strong else look.text
    text.write(painter, box.adjusted(0, -6, 0, 6), line, colour(palette.quiet), size, bold=True)
    if look.action:
        x = box.x() + min(text.width(line, size, bold=True), box.width() - 120) + 16
        text.write(painter, QRectF(x, box.y() - 6, 120, box.height() + 12), look.action, colour(palette.blue), size)
