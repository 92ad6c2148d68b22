"""The desk: which machine is in the middle, what is selected there, and who is told when it changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtWidgets import QWidget

from diskchain.model.diff import Diff
from diskchain.model.root import Device
from diskchain.model.state import State
from diskchain.picture.palette import Palette
from diskchain.picture.words import one_line
from diskchain.signal import Signal
from diskchain.widgets.acting import Acting
from diskchain.widgets.actions import offers_menu, offers_named, why_nothing
from diskchain.widgets.messages import Level
from diskchain.widgets.on_offer import OnOffer
from diskchain.widgets.panels.facts import facts_of, facts_of_entry, facts_of_machine
from diskchain.widgets.standing import canvas_note, inspector_note, known, strip_note, strip_tone, why_not

if TYPE_CHECKING:
    from diskchain.operations.asking import Asked
    from diskchain.operations.operation import Drag, Offer, Operation
    from diskchain.operations.preview import Preview
    from diskchain.session.session import Session
    from diskchain.session.sessions import Sessions
    from diskchain.widgets.panels.lower import Lower
    from diskchain.widgets.window import Window

_AGE_MS = 1000
_AFTER_MS = 20
"""Milliseconds after a change until all but the canvas is renewed: the picture comes first, and bursts are taken together."""


_AGAIN = "This image is closed. Once it is open again, going back to it is offered here."


class Desk:
    """Joins the sessions with the window's parts.

    :ivar current: the machine in the middle, or None. `selected`: key of what is selected (node-name, device, job), or empty.
    :ivar turned: another machine came into the middle, or none.
    """

    def __init__(self, window: Window, sessions: Sessions, acting: Acting, lower: Lower) -> None:
        self.window, self.sessions, self.acting, self.lower = window, sessions, acting, lower
        self.canvas = lower.canvas
        self.current: Session | None = None
        self.selected = ""
        self.turned: Signal[Session | None] = Signal()
        self._cut: list[Callable[[], None]] = []
        self._stale: set[str] = set()
        self._offers = OnOffer()
        self._after = QTimer(window)
        self._after.setSingleShot(True)
        self._after.timeout.connect(self._show_rest)
        self._age = QTimer(window)
        self._age.setInterval(_AGE_MS)
        self._age.timeout.connect(self._show_age)
        acting.several = lambda: len(sessions.sessions) > 1
        self._connect()

    def _connect(self) -> None:
        window, canvas = self.window, self.canvas
        self.sessions.opened.connect(self._opened)
        self.sessions.closed.connect(self._closed)
        window.machines.chosen.connect(self._choose_machine)
        window.machines.disk_chosen.connect(self._choose_disk)
        window.inspector.chosen.connect(self._ask)
        canvas.selected_changed.connect(self._canvas_selected)
        canvas.device_selected.connect(self.select)
        canvas.context_requested.connect(self.open_menu)
        canvas.dropped.connect(self._ask)
        canvas.offers, canvas.copies, canvas.foresee = self._for_drag, self._for_copy, self._foresee
        self.lower.chosen.connect(self.select)
        self.lower.menu_wanted.connect(self.open_menu)
        self.lower.verb_wanted.connect(self._steer)
        self.lower.choice_made.connect(lambda carriage, key: carriage.choose(key))
        self.acting.shown.connect(self._preview_shown)
        window.top.operation_wanted.connect(self.operate)
        window.messages.placed.connect(canvas.set_covered)

    # Machines

    def _opened(self, session: Session) -> None:
        session.changed.connect(lambda state, change: self._changed(session, state, change))
        session.link_changed.connect(lambda: self._link_changed(session))
        session.sampled.connect(lambda _: self._sampled(session))
        session.ledger_changed.connect(lambda: self._ledger_changed(session))
        self.turn_to(session)

    def _closed(self, session: Session) -> None:
        if session is self.current:
            rest = self.sessions.sessions
            self.turn_to(rest[-1] if rest else None)
        self._show_machines()

    def turn_to(self, session: Session | None) -> None:
        """Bring a machine into the middle; None: the welcome."""
        self.current, self.selected = session, ""
        self.acting.leave()
        self._close_choices()
        self.canvas.select(None)
        self.canvas.show_state(None, Diff(), None, None)
        if session is not None and session.state is not None:
            self.canvas.show_state(session.state, Diff(), session.ledger, session.meter)
        self.lower.set_session(session)
        self.window.show_centre(self.canvas if session is not None else self.window.welcome)
        name = session.state.machine.name if session is not None and session.state is not None else ""
        self.window.setWindowTitle(f"{one_line(name)} — Disk Chain" if name else "Disk Chain")
        self._show_all()
        self.turned.emit(session)

    def _choose_machine(self, session: Session) -> None:
        if session is not self.current:
            self.turn_to(session)
        else:
            self.select("")

    def _choose_disk(self, session: Session, device: Device) -> None:
        if session is not self.current:
            self.turn_to(session)
        active = session.state.active_of(device) if session.state else None
        self.select(active or device.name or device.qdev)

    # What the machine tells

    def _changed(self, session: Session, state: State, change: Diff) -> None:
        if session is self.current:
            self.canvas.show_state(state, change, session.ledger, session.meter)
            self._stale |= {"details", "offers"}
            self._offers.begin_anew()
        if (change.structural or "devices" in change.others) and session is self.acting.session:
            self.acting.changed(session)
        if change.structural or change.others:
            self._stale.add("lists")
        self._renew_soon()

    def _sampled(self, session: Session) -> None:
        if session.meter.rested:
            return
        if session is self.current:
            self.canvas.show_sample()
            self._stale.add("figures")
        self._stale.add("machines")
        self._renew_soon()

    def _renew_soon(self) -> None:
        if self._stale and not self._after.isActive():
            self._after.start(_AFTER_MS)

    def _show_rest(self) -> None:
        """What is told beside the canvas, once the canvas is painted; one part in each turn of the loop."""
        stale, session = self._stale, self.current
        if stale & {"details", "figures"}:
            self._show_inspector(anew=False)
            if "details" in stale:
                self._show_tools()
                self._show_strip()
                if session is not None and session.state is not None:
                    self.lower.show_details(session.state, session.ledger)
            self._stale = stale - {"details", "figures"}
        elif "offers" in stale:
            if self._offers.go_on(session, self.selected):
                self._show_inspector(anew=False)
                self._stale = stale - {"offers"}
        else:
            self._show_machines()
            if "lists" in stale and session is not None:
                self.lower.show_state(session.state, session.ledger)
            self._stale = set()
        if self._stale:
            self._after.start(0)

    def _ledger_changed(self, session: Session) -> None:
        if session is self.current:
            self.canvas.show_state(session.state, Diff(others=frozenset({"ledger"})), session.ledger, session.meter)
            self.lower.show_state(session.state, session.ledger)
            self._show_inspector(anew=False)

    def _link_changed(self, session: Session) -> None:
        self.acting.link_changed(session)
        self._show_machines()
        if session is self.current:
            self._show_link()
            self._show_tools()
            self._show_inspector()
        if session.link == "failed" and session.state is not None:
            self.window.messages.tell(session.link_text, Level.ERROR, subject=f"link-{session.target}")

    def _show_all(self) -> None:
        session = self.current
        self.lower.show_state(session.state if session else None, session.ledger if session else None)
        self._show_machines()
        self._show_inspector()
        self._show_link()
        self._show_tools()

    def _show_machines(self) -> None:
        self.window.machines.show_sessions(self.sessions.sessions, self.current)

    def _show_age(self) -> None:
        """Each second anew: an age is told while the line is lost, or QEMU answers slowly."""
        self._show_link()
        if self.current is not None and inspector_note(self.current):
            self._show_inspector()

    def _show_link(self) -> None:
        """The line's state over the canvas."""
        session = self.current
        note = canvas_note(session) if session is not None else ""
        self._show_strip()
        live = session is None or session.link == "live" or session.target.startswith("replay:")
        self.canvas.set_connection(live, "" if live else note)
        if session is None:
            self._age.stop()
        elif not self._age.isActive():
            self._age.start()

    def _show_strip(self) -> None:
        """The sentences above the canvas."""
        session = self.current
        if session is None:
            self.window.show_note("")
        else:
            self.window.show_note(strip_note(session), strip_tone(session))

    def refresh_tools(self) -> None:
        """Show again which buttons act."""
        self._show_tools()

    def recolour(self, colours: Palette) -> None:
        """Take the colours of another scheme."""
        self.lower.set_theme(colours)
        self.window.machines.recolour(colours)
        self._show_machines()

    def _show_tools(self) -> None:
        session = self.current
        live = session is not None and session.state is not None and session.link == "live"
        why = why_not(session) if session is not None else ""
        unrecordable = session.unrecordable if session is not None else ""
        self.window.top.allow(live, why, session is not None and session.recording, unrecordable)

    def _show_inspector(self, anew: bool = True) -> None:
        """Show what is selected. `anew`: also look what can be done with it now, which takes a while on many nodes."""
        session = self.current
        state = session.state if session else None
        if session is None or state is None:
            self.window.inspector.show_facts(None, note="No machine is open.")
            return
        known_of, lost = session.ledger.entries, not known(session)
        facts = facts_of(state, session.meter, self.selected, known_of, lost) if self.selected else None
        if facts is None:
            self._remembered(session, state, anew)
            return
        offers, told = self._offered(session, self.selected, anew), self._asked(session, state, self.selected)
        self.window.inspector.show_facts(facts, offers, inspector_note(session), asked=told)

    def _offered(self, session: Session, key: str, anew: bool) -> tuple[Offer, ...]:
        return self._offers.now(session, key) if anew else self._offers.before(session, key)

    def _asked(self, session: Session, state: State, key: str) -> tuple[Asked, ...]:
        return session.operations.asked(state, key) if self._offers.ready else ()

    def make_ready(self) -> None:
        """Tell from now on also what can be done: the first graph is on the screen."""
        self._offers.ready = True
        self._show_inspector()
        self.acting.make_ready()

    def _for_drag(self, drag: Drag) -> tuple[Offer, ...]:
        return self.current.operations.for_drag(drag) if self.current is not None else ()

    def _for_copy(self, name: str) -> tuple[Offer, ...]:
        return self.current.operations.for_copy(name) if self.current is not None else ()

    def _foresee(self, operation: Operation) -> Preview | None:
        return self.current.operations.foresee(operation) if self.current is not None else None

    def _remembered(self, session: Session, state: State, anew: bool) -> None:
        """What is shown where the selection is no part of the state: an image of the ledger, or the machine."""
        entry = next((e for e in session.ledger.entries if self.selected in (e.path, e.node)), None)
        if entry is None:
            self.selected = ""  # what was selected is gone
            note, told = inspector_note(session), self._asked(session, state, "")
            facts = facts_of_machine(state, now=not note)
            self.window.inspector.show_facts(facts, self._offered(session, "", anew), note, asked=told)
            return
        offers = self._offered(session, self.selected, anew)
        self.window.inspector.show_facts(facts_of_entry(entry), offers, _AGAIN if offers else "", forget=entry.path)

    # What the user does

    def select(self, key: str) -> None:
        """Select a node, disk or job, wherever it is shown."""
        self.selected = key or ""
        state = self.current.state if self.current else None
        self.canvas.select(key if state and key in state.graph.nodes else None)
        self.selected = key or ""
        self.lower.select(key)
        self._show_inspector()

    def _canvas_selected(self, key: str) -> None:
        self.selected = key
        self.lower.select(key)
        self._show_inspector()

    def open_menu(self, key: str, where: QPoint) -> None:
        """Open the menu of what can be done with something, at a point of the screen; never waits for it."""
        session = self.current
        self.canvas.let_go()
        if session is None:
            self.tell_none()
            return
        self._offers.ready = True  # who opens a menu waits for what is in it
        self.select(key)
        menu = offers_menu(self.window, self._offers.now(session, key), self._ask, why_nothing(session, key))
        menu.popup(where)

    def menu_for_selection(self) -> None:
        """The same by keyboard."""
        self.open_menu(self.selected, self.canvas.mapToGlobal(QPoint(24, 24)))

    def operate(self, name: str, where: QPoint) -> None:
        """Begin an operation by its name: at once where there is one way, by a menu where there are more.

        Where it cannot be done with what is selected, the menu says why: it never goes to another disk by itself.
        """
        session = self.current
        self.canvas.let_go()
        if session is None or session.state is None:
            self.tell_none()
            return
        offers = offers_named(session, name, self.selected)
        possible = [offer for offer in offers if not offer.reason]
        if len(possible) == 1 and not (self.selected and offers[0].reason):
            self._ask(possible[0])
        else:
            offers_menu(self.window, offers, self._ask, why_nothing(session, self.selected)).popup(where)

    def tell_none(self) -> None:
        """Say why a key did nothing: there is no machine to do it with."""
        text = "No machine is open. Start the sandbox, or connect to a machine."
        if self.current is not None:
            text = "The line to the machine is not open, so nothing can be asked of it now."
        self.window.messages.tell(text, Level.INFO, subject="none")

    def cancel(self) -> None:
        """Esc: what is carried is put back; else the preview is left; else nothing is selected any more.

        The key is the window's, so the canvas never sees it.
        """
        if self.canvas.let_go():
            return
        previewing = self.acting.preview is not None
        self.acting.leave()
        if not previewing and self.canvas.hasFocus():
            self.canvas.select(None)

    def _close_choices(self) -> None:
        """Close menus and lists of offers that are open: another machine's offers, or a preview, take their place."""
        for name in ("offersMenu", "offerChooser"):
            for each in self.window.findChildren(QWidget, name):
                each.close()

    def _ask(self, offer: Offer) -> None:
        if self.current is not None:
            self.acting.ask(self.current, offer)

    def _steer(self, job: str, verb: str, value: object) -> None:
        if self.current is not None:
            self.acting.steer(self.current, job, verb, value if isinstance(value, int) else None)

    def _preview_shown(self, preview: Preview | None) -> None:
        if preview is not None and not self.window.shows_sheet:
            self._close_choices()  # one that was waited for: under an open menu it would not be seen
        self.window.show_sheet(preview is not None)
        if preview is None:
            self.canvas.setFocus(Qt.FocusReason.OtherFocusReason)
        self.canvas.show_preview(preview if self.acting.session is self.current else None)
