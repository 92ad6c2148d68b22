"""The left column: machines that are open, with their disks; machines found on this computer; ways to add one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from diskchain.model.root import Device
from diskchain.picture.palette import Palette
from diskchain.picture.words import one_line
from diskchain.signal import Signal
from diskchain.widgets.rows import Row
from diskchain.widgets.sandbox_box import SandboxBox
from diskchain.widgets.standing import disk_remark, second_line, standing
from diskchain.widgets.strangers import Strangers, way
from diskchain.widgets.style import button, label

if TYPE_CHECKING:
    from diskchain.session.session import Session
    from diskchain.session.sessions import Found

_NARROWEST = 208
"""Pixels below which the sandbox's buttons or a row's remark would be cut off."""


class MachinesPanel(QScrollArea):
    """The list.

    :ivar chosen: a machine was chosen. `disk_chosen`: one of its disks. `close_wanted`: hang up on it.
    :ivar connect_wanted: the user wants to name a machine. `open_wanted`: open this target. `sandbox_wanted`: start one.
    """

    def __init__(self, palette: Palette) -> None:
        super().__init__()
        self.setObjectName("machinesPanel")
        self.setAccessibleName("Machines")
        self.setProperty("kind", "plain")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumWidth(_NARROWEST)
        self.chosen: Signal[Session] = Signal()
        self.disk_chosen: Signal[Session, Device] = Signal()
        self.close_wanted: Signal[Session] = Signal()
        self.connect_wanted: Signal[[]] = Signal()
        self.open_wanted: Signal[str] = Signal()
        self.sandbox_wanted: Signal[[]] = Signal()
        self._palette = palette
        self._entries: dict[int, _Entry] = {}
        self._found_all: tuple[Found, ...] = ()
        self._pids: set[int] = set()
        self._build()

    def _build(self) -> None:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(8, 12, 8, 12)
        column.setSpacing(4)
        head = QHBoxLayout()
        head.setContentsMargins(10, 0, 6, 0)
        head.addWidget(label("MACHINES", "caption"))
        head.addStretch(1)
        add = button("+", "machinesAdd", "icon", "Connect to a machine")
        add.setToolTip("Connect to a machine (Ctrl+N)")
        add.clicked.connect(self.connect_wanted.emit)
        head.addWidget(add)
        column.addLayout(head)
        self._open = QVBoxLayout()
        self._open.setSpacing(2)
        column.addLayout(self._open)
        self._start = Row("machinesSandbox", self.sandbox_wanted.emit)
        column.addWidget(self._start)
        column.addSpacing(10)
        self._found = Strangers(inside, self._palette, self.open_wanted.emit)
        column.addWidget(self._found)
        column.addStretch(1)
        self.sandbox = SandboxBox()
        column.addWidget(self.sandbox)
        self.setWidget(inside)
        self.show_sandbox("")
        self.show_found(())

    def show_sandbox(self, monitor: str, starting: bool = False) -> None:
        """Say whether the sandbox runs. `monitor`: the path of its second monitor; empty: it does not run."""
        self.sandbox.show_monitor(monitor)
        self._start.setVisible(not monitor)
        self._start.setEnabled(not starting)
        self._start.sign.show_sign(self._palette.blue, "ring")
        title = "Starting the sandbox…" if starting else "Start a sandbox"
        self._start.show_row(title, "a throw-away machine")

    def show_sessions(self, sessions: Iterable[Session], current: Session | None) -> None:
        """Show the open machines, and which of them is in the middle."""
        shown = {id(session): session for session in sessions}
        for key in [key for key in self._entries if key not in shown]:
            entry = self._entries.pop(key)
            self._open.removeWidget(entry)
            entry.hide()
            entry.deleteLater()
        pids = {pid for session in shown.values() if session.state and (pid := session.state.machine.pid)}
        if pids != self._pids:
            self._pids = pids
            self._show_strangers()
        ways = self._ways()
        for key, session in shown.items():
            if key not in self._entries:
                self._entries[key] = _Entry(session, self)
                self._open.addWidget(self._entries[key])
            pid = session.state.machine.pid if session.state else None
            self._entries[key].refresh(self._palette, session is current, ways.get(pid or 0, []))

    def show_found(self, found: Sequence[Found]) -> None:
        """Show what was found and is not open: each process once, by the monitor that can be had."""
        self._found_all = tuple(found)
        self._show_strangers()

    def _show_strangers(self) -> None:
        self._found.show_found(ways for pid, ways in self._ways().items() if pid not in self._pids)

    def _ways(self) -> dict[int, list[Found]]:
        """Process -> its monitors, the one to be opened first: one that is free, else the first."""
        ways: dict[int, list[Found]] = {}
        for one in self._found_all:
            ways.setdefault(one.pid, []).append(one)
        return {pid: sorted(all_, key=lambda one: one.taken) for pid, all_ in ways.items()}

    def recolour(self, palette: Palette) -> None:
        """Take the colours of another scheme."""
        self._palette = palette
        self._start.sign.show_sign(palette.blue, "ring")
        self._found.recolour(palette)


class _Entry(QWidget):
    """One open machine and its disks."""

    def __init__(self, session: Session, panel: MachinesPanel) -> None:
        super().__init__()
        self._session, self._panel = session, panel
        self._disks: list[Row] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 4)
        self._column.setSpacing(0)
        self._head = Row("machine", lambda: panel.chosen.emit(session))
        close = button("×", "machineClose", "quiet", "Hang up on this machine")
        close.setToolTip("Hang up; the machine goes on")
        close.clicked.connect(lambda: panel.close_wanted.emit(session))
        self._head.head.addWidget(close)
        self._column.addWidget(self._head)

    def refresh(self, palette: Palette, current: bool, ways: Sequence[Found]) -> None:
        """Show how it stands now. `ways`: all monitors of its process that were found on this computer."""
        session, state = self._session, self._session.state
        stands = standing(session)
        self._head.sign.show_sign(palette.tone(stands.tone), stands.shape)
        name = (state.machine.name if state else "") or session.target
        self._head.show_row(one_line(name), second_line(session), chosen=current)
        others = [way(one) for one in ways if one.target.removeprefix("unix:") != session.target.removeprefix("unix:")]
        tip = [one_line(name), second_line(session), session.target, *(f"Another monitor: {other}" for other in others)]
        self._head.setToolTip("\n".join(tip))
        devices = state.devices if state else ()
        while len(self._disks) > len(devices):
            row = self._disks.pop()
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        while len(self._disks) < len(devices):
            self._add_disk()
        for row, device in zip(self._disks, devices, strict=True):
            if state is not None:
                remark, tone = disk_remark(session, state, state.active_of(device))
                title = " · ".join(word for word in (device.name or device.qdev, device.model) if word)
                row.show_row(one_line(title), "", remark, tone)

    def _add_disk(self) -> None:
        number = len(self._disks)
        row = Row(f"disk{number + 1}", lambda: self._choose(number), indent=24)
        self._disks.append(row)
        self._column.addWidget(row)

    def _choose(self, number: int) -> None:
        state = self._session.state
        if state is not None and number < len(state.devices):
            self._panel.disk_chosen.emit(self._session, state.devices[number])
