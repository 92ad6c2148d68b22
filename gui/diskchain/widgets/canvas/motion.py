"""Moves items from their old places to their new ones: one driver for all of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from PySide6.QtCore import QEasingCurve, QObject, QPointF, QVariantAnimation, Signal
from PySide6.QtWidgets import QGraphicsItem

from diskchain.widgets.canvas.edge_item import LinkItem

MILLISECONDS = 240
MOST = 300
"""More than this many things at once jump: moving them would take the frames away (facts/gui.md, section 5)."""


@dataclass(slots=True)
class _Path:
    item: QGraphicsItem
    start: QPointF
    end: QPointF


@dataclass(slots=True)
class _Fade:
    item: QGraphicsItem
    start: float
    end: float


class Motion(QObject):
    """One animation. `left` tells of items that have faded away and are to be taken out of the scene."""

    left = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._paths: list[_Path] = []
        self._fades: list[_Fade] = []
        self._links: list[LinkItem] = []
        self._driver = QVariantAnimation(self)
        self._driver.setStartValue(0.0)
        self._driver.setEndValue(1.0)
        self._driver.setDuration(MILLISECONDS)
        self._driver.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._driver.valueChanged.connect(self._step)
        self._driver.finished.connect(self._end)

    @property
    def running(self) -> bool:
        """Whether things are on their way."""
        return self._driver.state() == QVariantAnimation.State.Running

    def begin(
        self,
        moves: Iterable[tuple[QGraphicsItem, QPointF]],
        coming: Iterable[QGraphicsItem],
        going: Iterable[QGraphicsItem],
        links: Iterable[LinkItem],
        still: bool,
    ) -> None:
        """Set things on their way: from where they are, so that a change during a change is smooth.

        `links` are drawn anew at every step. With `still`, or too many at once, everything is at its end right away.
        """
        self.finish()
        self._paths = [_Path(item, item.pos(), end) for item, end in moves]
        self._fades = [_Fade(item, 0.0, 1.0) for item in coming] + [_Fade(item, item.opacity(), 0.0) for item in going]
        self._links = list(links)
        if not (self._paths or self._fades or self._links):
            return
        if still or len(self._paths) + len(self._fades) > MOST:
            self._end()
        else:
            self._step(0.0)
            self._driver.start()

    def finish(self) -> None:
        """Bring fades to their end at once; what moves stays where it is and gets a new way from there."""
        if self.running:
            self._driver.stop()
            self._paths = []
            self._end()

    def _step(self, value: float) -> None:
        for path in self._paths:
            path.item.setPos(path.start + (path.end - path.start) * value)
        for fade in self._fades:
            fade.item.setOpacity(fade.start + (fade.end - fade.start) * value)
        for link in self._links:
            link.reroute()

    def _end(self) -> None:
        self._step(1.0)
        gone = [fade.item for fade in self._fades if fade.end == 0.0]
        self._paths, self._fades, self._links = [], [], []
        for item in gone:
            self.left.emit(item)
