"""Connects keys, buttons and lists with what they do."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from diskchain.picture.words import one_line
from diskchain.widgets.dialogs.connect import ConnectDialog
from diskchain.widgets.dialogs.keys import KeysDialog
from diskchain.widgets.messages import Level

if TYPE_CHECKING:
    from diskchain.widgets.desk import Desk
    from diskchain.widgets.house import House
    from diskchain.widgets.settings import Settings
    from diskchain.widgets.theme import Theme
    from diskchain.widgets.window import Window


class Wiring:
    """The wires of one window."""

    def __init__(self, window: Window, desk: Desk, house: House, theme: Theme, settings: Settings) -> None:
        self._window, self._desk, self._house = window, desk, house
        self._theme, self._settings = theme, settings
        self._connect: ConnectDialog | None = None
        self._hits: list[str] = []
        self._wire_actions()
        self._wire_lists()
        self._wire_search()

    @property
    def connect(self) -> ConnectDialog:
        """The connect dialog, made when it is first wanted."""
        if self._connect is None:
            self._connect = ConnectDialog(self._window)
            self._connect.wanted.connect(lambda target: self._house.open(target, asked_by_dialog=True))
            self._connect.given_up.connect(self._house.give_up)
        return self._connect

    def _ask_target(self) -> None:
        self.connect.begin()

    def _wire_actions(self) -> None:
        actions, canvas, top = self._window.actions_, self._desk.canvas, self._window.top
        for name in top.operations:
            actions.on(name, partial(self._operate, name))
        for name, act in {
            "connect": self._ask_target,
            "close": self._hang_up,
            "menu": self._desk.menu_for_selection,
            "look": self._look,
            "record": self._record,
            "chain": lambda: self._view("chain"),
            "full": lambda: self._view("full"),
            "find": self._find,
            "zoom-in": canvas.zoom_in,
            "zoom-out": canvas.zoom_out,
            "fit": canvas.fit,
            "scheme": self._scheme,
            "keys": lambda: KeysDialog(self._window).show(),
            "full-screen": self._full_screen,
            "cancel": self._desk.cancel,
            "quit": self._house.quit,
        }.items():
            actions.on(name, act)

    def _wire_lists(self) -> None:
        window, house = self._window, self._house
        self._desk.sessions.made.connect(self._desk.lower.watch)
        window.machines.connect_wanted.connect(self._ask_target)
        window.machines.open_wanted.connect(house.open)
        window.machines.close_wanted.connect(house.hang_up)
        window.machines.sandbox_wanted.connect(house.start_sandbox)
        window.machines.sandbox.reset_wanted.connect(house.reset_sandbox)
        window.machines.sandbox.rate_wanted.connect(house.set_sandbox_rate)
        window.machines.sandbox.slow_wanted.connect(house.set_sandbox_slow)
        window.welcome.connect_wanted.connect(self._ask_target)
        window.welcome.sandbox_wanted.connect(house.start_sandbox)
        window.inspector.dismissed.connect(self._forget)
        window.close_wanted.connect(house.quit)

    def _wire_search(self) -> None:
        search, canvas = self._window.top.search, self._desk.canvas
        search.sought.connect(self._search)
        search.next_wanted.connect(lambda _: self._next())
        search.left.connect(lambda: canvas.setFocus(Qt.FocusReason.OtherFocusReason))

    def _operate(self, name: str) -> None:
        self._desk.operate(name, self._window.top.below(name))

    def _find(self) -> None:
        self._window.top.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._window.top.search.selectAll()

    def _search(self, text: str) -> None:
        self._hits, search = self._desk.canvas.search(text), self._window.top.search
        count = len(self._hits)
        if not text.strip():
            search.tell("")
        elif not count:
            search.tell(f"No node has “{one_line(text.strip(), 40)}” in its name, file or driver.", "red")
        elif count == 1:
            search.tell("1 node found; Enter goes to it.")
        else:
            search.tell(f"{count} nodes found; Enter goes from one to the next.")

    def _next(self) -> None:
        """Go to the next hit, and say which of them it is."""
        name = self._desk.canvas.next()
        state = self._desk.current.state if self._desk.current is not None else None
        if name is not None and state is not None:
            of = f"{self._hits.index(name) + 1} of {len(self._hits)} node{'s' if len(self._hits) > 1 else ''}"
            self._window.top.search.tell(f"{of}: {one_line(state.naming.of(name), 60)}")

    def _view(self, mode: str) -> None:
        self._window.top.views[mode].setChecked(True)
        self._desk.canvas.set_mode(mode)
        self._search(self._window.top.search.text())

    def _hang_up(self) -> None:
        if self._desk.current is None:
            self._desk.tell_none()
        else:
            self._house.hang_up(self._desk.current)

    def _look(self) -> None:
        if self._desk.current is None:
            self._desk.tell_none()
        else:
            self._house.look_again(self._desk.current)

    def _forget(self, path: str) -> None:
        if self._desk.current is not None:
            self._house.forget(self._desk.current, path)

    def _scheme(self) -> None:
        choice = "light" if self._theme.palette.dark else "dark"
        self._theme.choose(choice)
        self._settings.scheme = choice

    def _full_screen(self) -> None:
        self._window.setWindowState(self._window.windowState() ^ Qt.WindowState.WindowFullScreen)

    def _record(self) -> None:
        session = self._desk.current
        if session is None or session.link != "live":
            self._window.top.record.setChecked(False)
            self._desk.tell_none()
            return
        if session.unrecordable:
            self._window.top.record.setChecked(False)
            self._window.messages.tell(session.unrecordable, Level.INFO, subject="record")
            return
        if session.recording:
            self._house.record(session, None)
            return
        self._window.top.record.setChecked(False)
        name = session.state.machine.name if session.state else "machine"
        start = Path.home() / f"{name}-{time.strftime('%Y%m%d-%H%M%S')}.jsonl"
        asker = QFileDialog(self._window, "Record to a new file", str(start), "Recordings (*.jsonl)")
        asker.setObjectName("recordDialog")
        asker.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        asker.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        asker.setOption(QFileDialog.Option.DontUseNativeDialog)
        asker.setOption(QFileDialog.Option.DontConfirmOverwrite)
        asker.selectFile(str(start))
        asker.fileSelected.connect(lambda path: self._house.record(session, Path(path)))
        asker.open()
