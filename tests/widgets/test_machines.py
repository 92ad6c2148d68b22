"""The list of machines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import cast

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFrame, QMenu, QWidget
from pytestqt.qtbot import QtBot

from diskchain.model.root import Device
from diskchain.monitors.found import Found
from diskchain.picture.palette import LIGHT
from diskchain.session.session import Session
from diskchain.widgets.machines import MachinesPanel
from diskchain.widgets.messages import Answer, MessageBar
from tests.support.fake_session import MIRROR, FakeSession, some_state
from tests.support.qt_parts import part, press, words


class Watched(FakeSession):
    """A fake with a line."""

    link = "live"


class Listed:
    """The panel with one machine."""

    def __init__(self, qtbot: QtBot) -> None:
        self.session = Watched(some_state((MIRROR,)))
        self.panel = MachinesPanel(LIGHT)
        qtbot.addWidget(self.panel)
        self.panel.resize(250, 700)
        self.panel.show_sessions([self.as_session], self.as_session)
        self.panel.show()

    @property
    def as_session(self) -> Session:
        return cast("Session", self.session)


@pytest.fixture
def listed(qtbot: QtBot) -> Listed:
    return Listed(qtbot)


def test_it_says_name_state_and_what_each_disk_does(listed: Listed) -> None:
    said = words(listed.panel)
    for expected in ("build-vm", "QEMU 10.0.2 · running", "vda · virtio-blk", "chain of 4", "mirror 0 %", "one image"):
        assert expected in said


def test_a_disk_is_chosen_by_mouse_and_by_key(listed: Listed) -> None:
    chosen: list[str] = []
    listed.panel.disk_chosen.connect(lambda _, device: chosen.append(_name(device)))
    QTest.mouseClick(part(listed.panel, QFrame, "disk2"), Qt.MouseButton.LeftButton)
    QTest.keyClick(part(listed.panel, QFrame, "disk1"), Qt.Key.Key_Return)
    assert chosen == ["vdb", "vda"]


def _name(device: Device) -> str:
    return device.name


def test_hanging_up_is_a_wish(listed: Listed) -> None:
    wished: list[object] = []
    listed.panel.close_wanted.connect(wished.append)
    press(listed.panel, "machineClose")
    assert wished == [listed.session]


def test_a_lost_machine_says_so_in_words(listed: Listed) -> None:
    listed.session.link = "lost"
    listed.panel.show_sessions([listed.as_session], listed.as_session)
    assert "connection lost" in words(listed.panel)


def test_found_machines_are_opened_by_a_click(listed: Listed) -> None:
    wanted: list[str] = []
    listed.panel.open_wanted.connect(wanted.append)
    listed.panel.show_found(
        [Found("/run/a.qmp", "web", 7, "qemu", taken=True), Found("tcp:[::1]:4", "db\n", 8, "qemu", taken=False)]
    )
    said = words(listed.panel)
    assert "FOUND ON THIS COMPUTER" in said
    assert "taken" in said
    QTest.mouseClick(part(listed.panel, QFrame, "machinesFound2"), Qt.MouseButton.LeftButton)
    assert wanted == ["tcp:[::1]:4"]
    listed.panel.show_found([])
    assert "FOUND ON THIS COMPUTER" not in words(listed.panel)


def test_the_sandboxs_second_monitor_is_shown(listed: Listed) -> None:
    assert "Start a sandbox" in words(listed.panel)
    listed.panel.show_sandbox("/run/spare.sock")
    said = words(listed.panel)
    assert "/run/spare.sock" in said
    assert "Start a sandbox" not in said


@pytest.mark.parametrize("link", ["lost", "ended", "failed"])
def test_without_a_line_no_job_is_said_to_be_ready(listed: Listed, link: str) -> None:
    listed.session.be(replace(MIRROR, status="ready", ready=True))
    listed.session.link = link
    listed.panel.show_sessions([listed.as_session], listed.as_session)
    said = words(listed.panel)
    assert "mirror unknown" in said
    assert "mirror ready" not in said


SOCKETS = (
    Found("/run/a.qmp", "web", 7, "qemu", taken=True),
    Found("/run/b.qmp", "web", 7, "qemu", taken=False),
    Found("/run/c.qmp", "web", 7, "qemu", taken=False),
)


def test_a_process_with_several_monitors_is_one_machine(listed: Listed) -> None:
    wanted: list[str] = []
    listed.panel.open_wanted.connect(wanted.append)
    listed.panel.show_found([*SOCKETS, Found("/run/d.qmp", "db", 8, "qemu", taken=True)])
    assert words(listed.panel).splitlines().count("web") == 1
    row = part(listed.panel, QFrame, "machinesFound1")
    QTest.keyClick(row, Qt.Key.Key_Return)
    for way in ("/run/a.qmp (another client is connected)", "/run/b.qmp (free)", "/run/c.qmp (free)"):
        assert way in row.toolTip()
    row.customContextMenuRequested.emit(row.rect().center())
    listed_ways = [action.text() for action in part(listed.panel, QMenu, "waysMenu").actions()]
    assert listed_ways[2] == "Open /run/a.qmp (another client is connected)"
    QTest.keyClick(part(listed.panel, QMenu, "waysMenu"), Qt.Key.Key_Down)
    QTest.keyClick(part(listed.panel, QMenu, "waysMenu"), Qt.Key.Key_Down)
    QTest.keyClick(part(listed.panel, QMenu, "waysMenu"), Qt.Key.Key_Return)
    QTest.keyClick(part(listed.panel, QFrame, "machinesFound2"), Qt.Key.Key_Return)
    assert wanted == ["/run/b.qmp", "/run/c.qmp", "/run/d.qmp"]


def test_an_open_menu_and_a_row_outlive_that_others_are_found(listed: Listed) -> None:
    wanted: list[str] = []
    listed.panel.open_wanted.connect(wanted.append)
    listed.panel.show_found(SOCKETS)
    row = part(listed.panel, QFrame, "machinesFound1")
    row.customContextMenuRequested.emit(row.rect().center())
    menu = part(listed.panel, QMenu, "waysMenu")
    listed.panel.show_found(SOCKETS)
    assert part(listed.panel, QFrame, "machinesFound1") is row
    listed.panel.show_found([Found("/run/0.qmp", "first", 3, "qemu", taken=False), *SOCKETS])
    assert part(listed.panel, QFrame, "machinesFound2") is row
    listed.panel.show_found(SOCKETS[1:])
    assert not row.isVisible()
    assert QApplication.activePopupWidget() is menu
    QTest.keyClick(menu, Qt.Key.Key_Down)
    QTest.keyClick(menu, Qt.Key.Key_Return)
    assert wanted == ["/run/b.qmp"]


def test_the_found_rows_follow_the_scheme(listed: Listed) -> None:
    listed.panel.show_found(SOCKETS)
    before = part(listed.panel, QFrame, "machinesFound1").grab().toImage()
    listed.panel.recolour(replace(LIGHT, grey="#123456"))
    assert part(listed.panel, QFrame, "machinesFound1").grab().toImage() != before


class Windows(QObject):
    """Notes each window that comes into sight."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
            self.seen.append(type(watched).__name__)
        return False


@pytest.fixture
def windows(qapp: QApplication) -> Iterator[Windows]:
    watching = Windows()
    qapp.installEventFilter(watching)
    yield watching
    qapp.removeEventFilter(watching)


def test_nothing_is_a_window_of_its_own_for_a_moment(listed: Listed, windows: Windows) -> None:
    listed.panel.show_found(SOCKETS)
    bar = MessageBar()
    bar.setParent(listed.panel)
    bar.tell("Done.", answers=(Answer("Undo", lambda: None),))
    QApplication.processEvents()
    assert not windows.seen


def test_a_machine_that_is_open_is_not_found_again_over_its_other_monitors(listed: Listed) -> None:
    listed.panel.show_found(SOCKETS)
    state = listed.session.state
    listed.session.target = "unix:/run/a.qmp"
    listed.session.state = replace(state, machine=replace(state.machine, pid=7))
    listed.panel.show_sessions([listed.as_session], listed.as_session)
    assert "FOUND ON THIS COMPUTER" not in words(listed.panel)
    tip = part(listed.panel, QFrame, "machine").toolTip()
    assert "Another monitor: /run/b.qmp (free)" in tip
    assert "Another monitor: /run/a.qmp" not in tip
    listed.panel.show_sessions([], None)
    assert "FOUND ON THIS COMPUTER" in words(listed.panel)
