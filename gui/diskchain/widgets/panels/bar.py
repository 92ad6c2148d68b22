"""A thin progress bar."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from diskchain.picture.palette import DARK, Palette

_HEIGHT = 8


class Bar(QWidget):
    """How much of a job is done, as a rounded bar in the tone of its state."""

    def __init__(self) -> None:
        super().__init__()
        self._share, self._tone = 0.0, "green"
        self._colours = DARK
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Progress")

    def sizeHint(self) -> QSize:
        """As wide as there is room."""
        return QSize(120, _HEIGHT)

    def set_theme(self, colours: Palette) -> None:
        """Paint in these colours from now on."""
        self._colours = colours
        self.update()

    def show_share(self, share: float, tone: str) -> None:
        """Show a share of 0 to 1 in a tone of the palette; paints only where a pixel would change."""
        share = min(max(share, 0.0), 1.0)
        if tone != self._tone or round(share * self.width()) != round(self._share * self.width()):
            self.update()
        self._share, self._tone = share, tone

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the track and the part that is done."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        whole = QRectF(0, 0, self.width(), _HEIGHT)
        radius = _HEIGHT / 2
        painter.setBrush(QColor(self._colours.track))
        painter.drawRoundedRect(whole, radius, radius)
        if self._share > 0:
            painter.setBrush(QColor(self._colours.tone(self._tone)))
            whole.setWidth(max(self._share * self.width(), _HEIGHT))
            painter.drawRoundedRect(whole, radius, radius)
        painter.end()
        event.accept()
