"""Going back by hand: the menu of an older image, the sheet with what wants a yes, the branch that is left, and a way back."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QCheckBox, QMenu

from diskchain.operations.operation import Operation
from diskchain.operations.revert import Revert
from diskchain.picture.look import CardLook
from diskchain.session.carriage import Phase
from diskchain.session.journal import default_journal
from diskchain.session.session import Session
from tests.support.chains import Style
from tests.support.failing import CutOffMonitor
from tests.support.live_session import carried_out
from tests.support.machine import Machine
from tests.support.qt_parts import words
from tests.support.tools import restored, same
from tests.support.window import Driver, drive_machine

pytestmark = pytest.mark.live


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No journal and no settings but the test's own."""
    for name in ("STATE", "CONFIG", "DATA"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path))


async def _chosen(window: Driver, title: str) -> None:
    """Choose an entry of the open menu."""
    menu = await window.part("offersMenu")
    assert isinstance(menu, QMenu)
    action = next(action for action in menu.actions() if action.text() == title)
    QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(action).center())


def test_an_older_image_is_gone_back_to_only_after_every_yes(qapp: QApplication, tmp_path: Path) -> None:
    with Machine({"vda": "base <- one <- two"}, Style.DRIVE) as machine:
        left, wanted, to = machine.contents("vda"), restored(machine.image("one")), machine.node("one")
        called = machine.image("one").name

        async def work(window: Driver) -> None:
            await window.click(to)
            await window.until(lambda: window.desk.selected == to, "the selection")
            QTest.keyClick(window.canvas, Qt.Key.Key_Return)
            await _chosen(window, f"Go back to {called}…")
            run = await window.part("previewRun")
            assert isinstance(run, QAbstractButton)
            assert run.text() == "Reset and go back"
            assert not run.isEnabled(), "what is lost wants a yes"
            for number in (1, 2):
                box = await window.part(f"previewConfirm{number}")
                assert isinstance(box, QCheckBox)
                assert machine.sent() == []
                QTest.keyClick(box, Qt.Key.Key_Space)
            await window.until(run.isEnabled, "the button")
            await window.press("previewRun")
            await window.until(lambda: f"Go back to {called}: done." in window.said, "the good news")
            await window.until(lambda: window.find("previewRun") is None, "the sheet is gone")
            assert window.chain("vda")[1] == to
            await window.until(lambda: _kept(window), "the branch that was left, which QEMU has closed")

        drive_machine(qapp, tmp_path, machine, work)
        machine.settled(vda=wanted)
        same(restored(machine.image("two")), left, "the branch")


def test_a_closed_branch_is_opened_again_and_gone_back_to(qapp: QApplication, tmp_path: Path) -> None:
    with Machine({"vda": "base <- one <- two"}, Style.DRIVE) as machine:
        branch = machine.image("two")

        async def work(window: Driver) -> None:
            await carried_out_in(window, Revert((machine.node("one"),)))
            await window.until(lambda: _kept(window), "the branch that was left, which QEMU has closed")
            window.desk.select(str(branch))
            note = "Once it is open again, going back to it is offered here."
            await window.until(lambda: note in words(window.window.inspector), "the sentence")
            window.desk.menu_for_selection()
            await _chosen(window, "Open it again…")
            await window.press("previewRun")
            await window.until(lambda: "Attach two.qcow2 as two: done." in window.said, "it is open")
            window.desk.select("two")
            await window.until(lambda: "Go back to two…" in words(window.window.inspector), "the way back")

        drive_machine(qapp, tmp_path, machine, work)


def test_what_was_cut_off_is_told_when_the_machine_is_opened_again(qapp: QApplication, tmp_path: Path) -> None:
    with Machine({"vda": "base <- one <- two"}) as machine:
        seen, shape = machine.contents("vda"), machine.shape()
        last = CutOffMonitor(str(machine.target), "system_reset")
        session = Session(str(machine.target), lambda _: last, default_journal(), reconnect=False)
        assert asyncio.run(carried_out(session, "revert", {"to": "one"})).outcome is Phase.LOST
        assert machine.qmp("query-status")["status"] == "paused"

        async def work(window: Driver) -> None:
            await window.until(lambda: "“Go back to one” was cut off half way on test." in window.said, "the warning")
            await window.press("messageAnswer1")
            await window.part("previewRun")
            QTest.keyClick(await window.part("previewConfirm1"), Qt.Key.Key_Space)
            await window.press("previewRun")
            await window.until(lambda: window.chain("vda") == ("base", "one", "two"), "the disk as it was")
            await window.until(lambda: "Take back what was cut off: Go back to one: done." in window.said, "the news")

        drive_machine(qapp, tmp_path, machine, work)
        assert machine.qmp("query-status")["status"] == "running"
        assert machine.shape() == shape
        machine.settled(vda=seen)


async def carried_out_in(window: Driver, operation: Operation) -> None:
    """Carry an operation out in the window's session, with every yes."""
    preview = await window.session.prepare(operation)
    assert preview.allowed, preview.objections
    result = await window.session.carry_out(preview, confirmed=True).wait()
    assert result.outcome is Phase.DONE, result.text


def _kept(window: Driver) -> list[str]:
    """Files of the cards that say KEPT and hang from another one."""
    plan = window.canvas.canvas.plan
    hanging = {link.start for link in plan.links.values() if link.kind == "branch"}
    looks = [spot.look for key, spot in plan.spots.items() if key in hanging]
    return [look.file for look in looks if isinstance(look, CardLook) and "KEPT" in [b.text for b in look.badges]]
