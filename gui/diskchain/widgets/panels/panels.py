"""The panels of the tabs, made together."""

from __future__ import annotations

from diskchain.widgets.panels.jobs import JobsPanel
from diskchain.widgets.panels.log import LogPanel
from diskchain.widgets.panels.logs import Logs
from diskchain.widgets.panels.throughput import ThroughputPlot
from diskchain.widgets.panels.tree import TreePanel


class Panels:
    """One of each."""

    def __init__(self, logs: Logs) -> None:
        self.jobs, self.plot, self.log, self.tree = JobsPanel(), ThroughputPlot(), LogPanel(logs), TreePanel()
