"""The jobs of one machine: those that run as cards, those that are over below them."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from diskchain.model.job import Job
from diskchain.model.state import State
from diskchain.picture.palette import DARK, Palette
from diskchain.session.carriage import OVER, Carriage, Phase
from diskchain.session.session import Session
from diskchain.widgets.panels.job_row import JobRow
from diskchain.widgets.standing import known, why_not
from diskchain.widgets.style import label, restyle
from diskchain.widgets.words import past_line, state_word, steady

_RENEW = 250
_AGES = 5000
"""Milliseconds between two renewals: of what runs, at most four a second; of "2 min ago"."""

_SHOWN_PAST = 40
_NARROWEST = 300
"""Pixels below which the verbs of a card would be cut off."""


class JobsPanel(QWidget):
    """Cards for jobs. Decides nothing: tells what the user asked for.

    :ivar verb_requested: (job id, verb, bytes per second for `speed`).
    :ivar choice_made: (carriage, key of a branch). `job_selected`: job id. `counted`: how many jobs are listed.
    """

    verb_requested = Signal(str, str, object)
    choice_made = Signal(object, str)
    job_selected = Signal(str)
    counted = Signal(int)

    def __init__(self, parent: QWidget | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(parent)
        self.setObjectName("jobsPanel")
        self.setMinimumWidth(_NARROWEST)
        self._clock, self._colours = clock, DARK
        self._session: Session | None = None
        self._cut: list[Callable[[], None]] = []
        self._rows: dict[str, JobRow] = {}
        self._past: list[QLabel] = []
        self._nothing = label("", tone="quiet")
        self._nothing.setWordWrap(True)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.renew)
        self._ages = QTimer(self)
        self._ages.setInterval(_AGES)
        self._ages.timeout.connect(self._renew_past)
        self._build()
        self.set_session(None)

    def _build(self) -> None:
        content = QWidget()
        self._column = QVBoxLayout(content)
        self._column.setContentsMargins(0, 0, 6, 0)
        self._column.setSpacing(8)
        self._over = QVBoxLayout()
        self._over.setContentsMargins(14, 2, 8, 4)
        self._over.setSpacing(6)
        self._column.addWidget(self._nothing)
        self._column.addLayout(self._over)
        self._column.addStretch(1)
        scroll = QScrollArea()
        scroll.setProperty("kind", "plain")
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(content)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)

    def set_session(self, session: Session | None) -> None:
        """Show the jobs of this machine from now on; None: of no machine."""
        while self._cut:
            self._cut.pop()()
        self._session = session
        for name in list(self._rows):
            self._rows.pop(name).deleteLater()
        if session is not None:
            if session.state is not None:
                session.meter.note(session.state)
            self._cut = [
                session.changed.connect(self._changed),
                session.sampled.connect(lambda _: self._soon()),
                session.happened.connect(lambda _: self._soon()),
                session.carriage_changed.connect(lambda _: self.renew()),
                session.link_changed.connect(self.renew),
            ]
        self.renew()

    def set_theme(self, colours: Palette) -> None:
        """Take the colours of the scheme."""
        self._colours = colours
        for row in self._rows.values():
            row.set_theme(colours)
        self.setStyleSheet(_sheet(colours))

    def _changed(self, state: State, _diff: object) -> None:
        """Jobs that came, went or are in another state are shown at once; numbers have time."""
        shown = {name: row.property("status") for name, row in self._rows.items()}
        if {job.id: job.status for job in state.jobs} != shown:
            self.renew()
        else:
            self._soon()

    def _soon(self) -> None:
        if self.isVisible() and not self._timer.isActive():
            self._timer.start(_RENEW)

    def renew(self) -> None:
        """Bring all that is shown up to date."""
        self._timer.stop()
        session = self._session
        jobs = session.state.jobs if session is not None and session.state is not None else ()
        for name in [name for name in self._rows if name not in {job.id for job in jobs}]:
            row = self._rows.pop(name)
            row.hide()
            row.deleteLater()
        for place, job in enumerate(jobs):
            self._renew_row(job, place)
        self.counted.emit(len(jobs))
        self._renew_past()
        if session is None:
            self._nothing.setText("No machine is chosen.")
        elif not known(session):
            self._nothing.setText("No job ran here when the machine was last seen.")
        elif session.state is not None and session.state.machine.recorded is not None:
            self._nothing.setText("No job ran at this moment.")
        else:
            how = " Drop an overlay on its base to commit it, or a base on its overlay to stream."
            self._nothing.setText(f"No job runs here.{'' if why_not(session) else how}")
        self._nothing.setVisible(not jobs and not self._past)

    def _renew_row(self, job: Job, place: int) -> None:
        session = self._session
        if session is None:
            return
        row = self._rows.get(job.id)
        if row is None:
            row = self._rows[job.id] = self._new_row(job.id)
            self._column.insertWidget(1 + place, row)
        carriage = self._carriage(job.id)
        choice = carriage.choice if carriage is not None and carriage.phase is Phase.CHOOSING else None
        if session.state is not None and session.state.machine.recorded is not None:
            row.show_last(job, session.meter, f"{state_word(job)[0]} then")
            return
        if not known(session):
            row.show_last(job, session.meter, "unknown")
            return
        shown = steady(job, session.meter, self._clock())
        if shown is not job:
            self._timer.start(_RENEW)
        row.setProperty("status", job.status)
        row.show_job(
            shown,
            session.meter,
            own=session.owns(job.id),
            busy=carriage is not None,
            choice=choice,
            why_not=session.read_only,
            waits=carriage.waits if carriage is not None else "",
        )

    def _new_row(self, job: str) -> JobRow:
        row = JobRow(job)
        row.set_theme(self._colours)
        row.verb_requested.connect(self.verb_requested)
        row.choice_made.connect(lambda key: self._chosen(job, key))
        row.selected.connect(self.job_selected)
        return row

    def _carriage(self, job: str) -> Carriage | None:
        """The operation under way that steers this job."""
        if self._session is None:
            return None
        under_way = (each for each in reversed(self._session.carriages) if each.phase not in OVER)
        return next((each for each in under_way if each.job == job or (each.choice and each.choice.job == job)), None)

    def _chosen(self, job: str, key: str) -> None:
        if (carriage := self._carriage(job)) is not None:
            self.choice_made.emit(carriage, key)

    def _renew_past(self) -> None:
        past = self._session.meter.past[:_SHOWN_PAST] if self._session is not None else ()
        while len(self._past) > len(past):
            self._past.pop().deleteLater()
        while len(self._past) < len(past):
            line = label("", tone="quiet")
            line.setWordWrap(True)
            self._past.append(line)
            self._over.addWidget(line)
        for line, each in zip(self._past, past, strict=True):
            note = past_line(each, self._clock())
            if line.text() != note.text:
                line.setText(note.text)
            if line.property("tone") != note.tone:
                restyle(line, tone=note.tone)
        if past and self.isVisible():
            self._ages.start()
        else:
            self._ages.stop()

    def showEvent(self, event: QShowEvent) -> None:
        """What happened while it was hidden is shown now."""
        super().showEvent(event)
        self.renew()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nothing is renewed while hidden."""
        super().hideEvent(event)
        self._timer.stop()
        self._ages.stop()


def _sheet(colours: Palette) -> str:
    """What the window's style sheet does not know: the card that asks, and the card that has the focus."""
    return f"""
QFrame[kind="card"][asks="true"] {{ border: 1px solid {colours.green}; }}
JobRow:focus {{ border: 1px solid {colours.blue}; }}
"""
