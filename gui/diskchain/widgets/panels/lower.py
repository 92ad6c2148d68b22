"""The panels that are made after the first picture of the window is on the screen: canvas, jobs, plot, log, tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from diskchain.picture.palette import Palette
from diskchain.widgets.canvas.view import CanvasView
from diskchain.widgets.panels.jobs import JobsPanel
from diskchain.widgets.panels.log import LogPanel
from diskchain.widgets.panels.throughput import ThroughputPlot
from diskchain.widgets.panels.tree import TreePanel

if TYPE_CHECKING:
    from diskchain.session.session import Session
    from diskchain.widgets.tabs import Tabs


class Lower:
    """Makes them and puts them into the tabs; the canvas goes into the middle."""

    def __init__(self, tabs: Tabs) -> None:
        self.canvas = CanvasView()
        self.jobs, self.plot, self.log, self.tree = JobsPanel(), ThroughputPlot(), LogPanel(), TreePanel()
        self._tabs = tabs
        both = QSplitter(Qt.Orientation.Horizontal)
        both.setObjectName("jobsAndPlot")
        both.setChildrenCollapsible(False)
        both.setHandleWidth(12)
        both.addWidget(self.jobs)
        both.addWidget(self.plot)
        both.setSizes([420, 720])
        both.setStretchFactor(1, 1)
        tabs.add("jobs", "Jobs", _framed(both))
        tabs.add("log", "Command log", _framed(self.log))
        tabs.add("tree", "Tree", _framed(self.tree))
        self.jobs.counted.connect(self._count)

    def set_session(self, session: Session | None) -> None:
        """Show another machine."""
        for panel in (self.jobs, self.plot, self.log):
            panel.set_session(session)

    def set_theme(self, colours: Palette) -> None:
        """Take the colours of the scheme."""
        for panel in (self.jobs, self.plot):
            panel.set_theme(colours)

    def _count(self, jobs: int) -> None:
        self._tabs.retitle("jobs", f"Jobs {jobs}" if jobs else "Jobs")


def _framed(panel: QWidget) -> QWidget:
    """A panel with the margins that all of them have."""
    made = QWidget()
    column = QVBoxLayout(made)
    column.setContentsMargins(16, 4, 16, 12)
    column.addWidget(panel)
    return made
