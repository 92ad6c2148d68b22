"""Moves the dashes of running jobs: at most fifteen times a second, and only while they can be seen."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer

from diskchain.widgets.canvas.ground import Ground

INTERVAL = 70
"""Milliseconds between two steps: 14 a second."""

SPEED = 2.5
"""Scene units that dashes move in each step."""

_DASH = 19.0


class Flowing(QObject):
    """One timer for all flows; it rests when nothing flows, motion is reduced, or the canvas is out of sight."""

    def __init__(self, ground: Ground) -> None:
        super().__init__(ground)
        self._ground = ground
        self._timer = QTimer(self)
        self._timer.setInterval(INTERVAL)
        self._timer.timeout.connect(self._step)

    def look(self) -> None:
        """Start or rest, as the scene and the window stand now."""
        wanted = self._ground.isVisible() and not self._ground.looks.still and any(self._ground.canvas.moving_links())
        if wanted != self._timer.isActive():
            if wanted:
                self._timer.start()
            else:
                self._timer.stop()

    @property
    def active(self) -> bool:
        """Whether dashes move."""
        return self._timer.isActive()

    def _step(self) -> None:
        window = self._ground.window()
        if window.isMinimized() or not self._ground.isVisible():
            self.look()
            return
        looks = self._ground.looks
        looks.phase = (looks.phase + SPEED) % _DASH
        sight = self._ground.sight()
        for link in self._ground.canvas.moving_links():
            if link.sceneBoundingRect().intersects(sight):
                link.update()
