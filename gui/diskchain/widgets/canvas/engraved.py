"""Words of edges, kept as pixels: the same few stand on many edges, and copying them is far cheaper than writing."""

from __future__ import annotations

import math

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPixmap

from diskchain.picture.label import Label, paint_label
from diskchain.picture.palette import Palette

MOST = 256
"""Foreign roles could be many; then all are painted anew now and then."""


class Engraved:
    """Labels painted for one zoom and one palette; others are forgotten when either changes."""

    def __init__(self) -> None:
        self._kept: dict[Label, QPixmap] = {}
        self._version: tuple[object, ...] = ()

    def pixels(self, label: Label, palette: Palette, scale: float, ratio: float) -> QPixmap:
        """The pixels of a label. `scale`: device-independent pixels for each scene unit; `ratio`: device pixels for each."""
        version = (palette, scale, ratio)
        if version != self._version or len(self._kept) >= MOST:
            self._kept, self._version = {}, version
        found = self._kept.get(label)
        if found is None:
            found = self._kept[label] = _painted(label, palette, scale * ratio)
            found.setDevicePixelRatio(ratio)
        return found


def _painted(label: Label, palette: Palette, unit: float) -> QPixmap:
    box = QRectF(0, 0, label.width, label.height)
    pixels = QPixmap(math.ceil(box.width() * unit), math.ceil(box.height() * unit))
    pixels.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixels)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(unit, unit)
    paint_label(painter, box, label, palette)
    painter.end()
    return pixels
