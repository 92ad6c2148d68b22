"""The canvas, and the panels in the tabs below it, which are made when there is time: jobs, plot, log, tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from diskchain.picture.palette import Palette
from diskchain.signal import Signal
from diskchain.widgets.canvas.accessible import Factory
from diskchain.widgets.canvas.view import CanvasView
from diskchain.widgets.panels.logs import Logs

if TYPE_CHECKING:
    from diskchain.model.ledger import Ledger
    from diskchain.model.state import State
    from diskchain.session.carriage import Carriage
    from diskchain.session.session import Session
    from diskchain.widgets.panels.panels import Panels
    from diskchain.widgets.tabs import Tabs


class Lower:
    """Stands for the panels, whether they are made already or not (`facts/gui.md` §7: plots are half of the start-up).

    :ivar canvas: the picture; made at once.
    :ivar chosen: key of what was chosen in the tree or the jobs. `menu_wanted`: key and place of a menu.
    :ivar verb_wanted: job, verb, bytes per second. `choice_made`: carriage and key.
    """

    def __init__(self, tabs: Tabs, colours: Palette) -> None:
        self._readers = Factory()
        self._readers.install()
        self.canvas = CanvasView()
        self.chosen: Signal[str] = Signal()
        self.menu_wanted: Signal[str, QPoint] = Signal()
        self.verb_wanted: Signal[str, str, object] = Signal()
        self.choice_made: Signal[Carriage, str] = Signal()
        self._tabs, self._colours = tabs, colours
        self._logs = Logs()
        self._session: Session | None = None
        self._panels: Panels | None = None

    def fill(self) -> None:
        """Make the panels; harmless when they are made."""
        if self._panels is not None:
            return
        # A late import: they bring numpy and pyqtgraph, which the first picture of a graph need not wait for.
        from diskchain.widgets.panels.panels import Panels

        made = self._panels = Panels(self._logs)
        both = QSplitter(Qt.Orientation.Horizontal)
        both.setObjectName("jobsAndPlot")
        both.setChildrenCollapsible(False)
        both.setHandleWidth(12)
        both.addWidget(made.jobs)
        both.addWidget(made.plot)
        both.setSizes([420, 720])
        both.setStretchFactor(1, 1)
        made.jobs.counted.connect(self._count)
        made.jobs.job_selected.connect(self.chosen.emit)
        made.jobs.verb_requested.connect(self.verb_wanted.emit)
        made.jobs.choice_made.connect(self.choice_made.emit)
        made.tree.chosen.connect(self.chosen.emit)
        made.tree.menu_wanted.connect(self.menu_wanted.emit)
        self._tabs.add("jobs", "Jobs", _framed(both))
        self._tabs.add("log", "Command log", _framed(made.log))
        self._tabs.add("tree", "Tree", _framed(made.tree))
        self.set_theme(self._colours)
        self.set_session(self._session)

    def watch(self, session: Session) -> None:
        """Log what goes over a machine's line from now on, for the command log."""
        self._logs.watch(session)

    def set_session(self, session: Session | None) -> None:
        """Show another machine."""
        self._session = session
        if self._panels is not None:
            for panel in (self._panels.jobs, self._panels.plot, self._panels.log):
                panel.set_session(session)
            # Nothing is measured in a recording: an empty plot up to "now" would tell that nothing moved.
            recorded = session is not None and session.state is not None and session.state.machine.recorded is not None
            self._panels.plot.setHidden(recorded)
            self.show_state(session.state if session else None, session.ledger if session else None)

    def set_theme(self, colours: Palette) -> None:
        """Take the colours of the scheme."""
        self._colours = colours
        if self._panels is not None:
            for panel in (self._panels.jobs, self._panels.plot, self._panels.log):
                panel.set_theme(colours)

    def show_state(self, state: State | None, ledger: Ledger | None) -> None:
        """Renew the tree."""
        if self._panels is not None:
            self._panels.tree.show_state(state, ledger)

    def show_details(self, state: State, ledger: Ledger | None) -> None:
        """Renew what the tree says of its nodes."""
        if self._panels is not None:
            self._panels.tree.show_details(state, ledger)

    def select(self, key: str) -> None:
        """Mark something in the tree."""
        if self._panels is not None:
            self._panels.tree.select(key)

    def _count(self, jobs: int) -> None:
        self._tabs.retitle("jobs", f"Jobs {jobs}" if jobs else "Jobs")


def _framed(panel: QWidget) -> QWidget:
    """A panel with the margins that all of them have."""
    made = QWidget()
    column = QVBoxLayout(made)
    column.setContentsMargins(16, 4, 16, 12)
    column.addWidget(panel)
    return made
