"""The window on a real QEMU: drag, preview, run, ready, done; lost lines; closing."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QTableView,
    QTreeView,
    QWidget,
)

from diskchain.operations.operation import Drag
from tests.support.machine import Machine
from tests.support.window import Driver, drive, drive_machine

pytestmark = pytest.mark.live
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No journal and no settings but the test's own."""
    for name in ("STATE", "CONFIG", "DATA"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path))


def test_a_drag_commits_only_after_the_button(qapp: QApplication, tmp_path: Path) -> None:
    with Machine() as machine:
        before = machine.contents("vda")

        async def work(window: Driver) -> None:
            await window.drag("vda-2", "vda-0")
            await window.part("previewRun")
            assert window.canvas.planner.preview is not None
            assert machine.sent() == [], "nothing is sent by a drop"
            await window.press("previewRun")
            await window.until(lambda: window.chain("vda") == ("vda-0", "vda-3"), "the commit")
            await window.until(lambda: "Commit 2 overlays into vda-0" in window.said, "the good news")
            await window.until(lambda: window.find("previewRun") is None, "the sheet is gone")

        drive_machine(qapp, tmp_path, machine, work)
        machine.settled(vda=before)


def test_ready_asks_and_the_answer_switches_over(qapp: QApplication, tmp_path: Path) -> None:
    with Machine() as machine:
        before = machine.contents("vda")

        async def work(window: Driver) -> None:
            await window.drag("vda-3", "vda-2")
            await window.press("previewRun")
            await window.press("messageAnswer1")
            await window.until(lambda: window.chain("vda") == ("vda-0", "vda-1", "vda-2"), "switched over")
            await window.until(lambda: "Commit 1 overlay into vda-2" in window.said, "the good news")

        drive_machine(qapp, tmp_path, machine, work)
        machine.settled(vda=before)


def test_a_snapshot_by_keyboard(qapp: QApplication, tmp_path: Path) -> None:
    with Machine() as machine:

        async def work(window: Driver) -> None:
            await window.click("vdb-1")
            await window.until(lambda: window.desk.selected == "vdb-1", "the selection")
            window.key(Qt.Key.Key_S, CTRL)
            menu = await window.part("offersMenu")
            QTest.keyClick(menu, Qt.Key.Key_Down)
            QTest.keyClick(menu, Qt.Key.Key_Return)
            await window.part("previewRun")
            sheet = await window.part("previewSheet")
            QTest.keyClick(sheet.focusWidget(), Qt.Key.Key_Return)
            await window.until(lambda: len(window.chain("vdb")) == 3, "the snapshot")

        drive_machine(qapp, tmp_path, machine, work)
        assert machine.sent()


def test_escape_leaves_the_preview_and_nothing_was_sent(qapp: QApplication, tmp_path: Path) -> None:
    with Machine() as machine:

        async def work(window: Driver) -> None:
            await window.drag("vda-0", "vda-3")
            await window.part("previewRun")
            window.key(Qt.Key.Key_Escape)
            await window.until(lambda: window.find("previewRun") is None, "the sheet is gone")
            assert window.canvas.planner.preview is None

        drive_machine(qapp, tmp_path, machine, work)
        assert machine.sent() == []


def test_escape_puts_back_what_the_mouse_carries(qapp: QApplication, tmp_path: Path) -> None:
    with Machine() as machine:

        async def work(window: Driver) -> None:
            await window.drag("vda-2", "vda-0", drop=False)
            assert window.carries
            window.real_key("Escape")
            await window.until(lambda: not window.carries, "the card is put back")
            window.release("vda-0")
            await asyncio.sleep(1)
            assert window.find("previewRun") is None
            assert window.canvas.planner.preview is None

        drive_machine(qapp, tmp_path, machine, work)
        assert machine.sent() == []


@pytest.mark.parametrize("way", ["Escape", "ctrl+2", "ctrl+f", "ctrl+s"])
def test_a_card_in_hand_by_keyboard_is_put_back(qapp: QApplication, tmp_path: Path, way: str) -> None:
    with Machine() as machine:

        async def work(window: Driver) -> None:
            await window.click("vda-2")
            await window.until(lambda: window.desk.selected == "vda-2", "the selection")
            window.real_key("c")
            await window.until(lambda: window.carries, "the card is in hand")
            window.real_key(way)
            await window.until(lambda: not window.carries, f"{way} puts the card back")
            await window.until(lambda: not window.canvas.planner.unplaced(), "the picture is laid out")
            await asyncio.sleep(0.2)

        drive_machine(qapp, tmp_path, machine, work)
        assert machine.sent() == []


def test_a_preview_puts_back_what_is_carried(qapp: QApplication, tmp_path: Path) -> None:
    with Machine() as machine:

        async def work(window: Driver) -> None:
            await window.drag("vda-2", "vda-0", drop=False)
            offers = window.session.operations.for_drag(Drag("vdb-0", "vdb-1"))
            window.desk.acting.ask(window.session, next(each for each in offers if not each.reason))
            await window.part("previewRun")
            assert not window.carries

        drive_machine(qapp, tmp_path, machine, work)
        assert machine.sent() == []


def test_a_change_by_another_client_renews_the_preview(qapp: QApplication, tmp_path: Path) -> None:
    with Machine() as machine:

        async def work(window: Driver) -> None:
            await window.drag("vda-2", "vda-1")
            await window.part("previewRun")
            machine.qmp(
                "blockdev-snapshot-sync",
                node_name="vda-3",
                snapshot_file=str(machine.folder / "other.qcow2"),
                snapshot_node_name="other",
            )
            await window.until(lambda: "other" in window.chain("vda"), "the foreign snapshot")
            sheet = window.window.sheet
            assert sheet is not None
            await window.until(
                lambda: sheet.preview is not None and "other" in sheet.preview.before.graph.nodes, "a preview of now"
            )

        drive_machine(qapp, tmp_path, machine, work)


def test_a_lost_line_is_said_and_nothing_can_be_done(qapp: QApplication, tmp_path: Path) -> None:
    with Machine() as machine:

        async def work(window: Driver) -> None:
            await window.part("tool-commit")
            machine.kill()
            await window.until(lambda: window.session.link != "live", "the loss")
            await window.until(lambda: not window.window.top.operations["commit"].isEnabled(), "nothing can be done")
            assert not window.canvas._live

        drive_machine(qapp, tmp_path, machine, work)


def test_a_taken_monitor_is_explained_in_the_dialog(qapp: QApplication, tmp_path: Path) -> None:
    with Machine() as machine:

        async def work(window: Driver) -> None:
            window.key(Qt.Key.Key_N, CTRL)
            field = await window.part("connectTarget")
            assert isinstance(field, QLineEdit)
            other_name = tmp_path / "other-name"
            other_name.symlink_to(machine.target)
            QTest.keyClicks(field, str(other_name))
            QTest.keyClick(field, Qt.Key.Key_Return)
            said = await window.part("connectSaid")
            await window.until(lambda: "nother client" in said.property("text"), "the explanation")
            await window.press("connectCancel")
            assert window.session.link == "live"

        drive_machine(qapp, tmp_path, machine, work)


def test_a_target_that_is_not_there_is_told_in_the_bar(qapp: QApplication, tmp_path: Path) -> None:
    async def work(window: Driver) -> None:
        await window.until(lambda: str(tmp_path / "nothing.sock") in window.said, "the message")
        assert window.find("welcome") is not None

    drive(qapp, tmp_path, [str(tmp_path / "nothing.sock")], work)


def test_closing_asks_about_own_jobs_and_can_stay(qapp: QApplication, tmp_path: Path) -> None:
    with Machine() as machine:

        async def work(window: Driver) -> None:
            await window.drag("vda-3", "vda-2")
            await window.press("previewRun")
            await window.part("messageAnswer1")
            window.window.close()
            await window.press("leave-stay")
            assert window.window.isVisible()
            window.window.close()
            await window.press("leave-cancel")
            await window.until(window.keeper.leaving.wanted.is_set, "the end")

        drive_machine(qapp, tmp_path, machine, work)
        assert not machine.qmp("query-jobs")


def test_a_lost_line_takes_the_question_about_jobs_back(qapp: QApplication, tmp_path: Path) -> None:
    with Machine() as machine:

        async def work(window: Driver) -> None:
            await window.drag("vda-3", "vda-2")
            await window.press("previewRun")
            await window.part("messageAnswer1")
            window.window.close()
            await window.part("leave-stay")
            machine.kill()
            await window.until(lambda: window.find("leaveDialog") is None, "the question is gone")
            assert "whether your jobs there still run is unknown" in window.said
            assert window.window.isVisible()

        drive_machine(qapp, tmp_path, machine, work)


def _nameless(window: QWidget) -> list[str]:
    """What can be acted on without a name for scripts or words for screen readers; inner parts of Qt's widgets are left out."""
    found = []
    for kind in (QAbstractButton, QLineEdit, QComboBox, QPlainTextEdit, QTreeView, QTableView):
        for each in window.findChildren(kind):
            above = each.parent()
            inner = each.objectName().startswith("qt_") or isinstance(above, QComboBox | QTableView | QLineEdit)
            spoken = each.accessibleName() or each.property("text")
            if not inner and not (each.objectName() and spoken):
                found.append(f"{type(each).__name__} {each.objectName()} {spoken}")
    return found


def test_everything_that_can_be_acted_on_has_a_name(qapp: QApplication, tmp_path: Path) -> None:
    with Machine() as machine:

        async def work(window: Driver) -> None:
            await window.click("vda-2")
            await window.drag("vda-2", "vda-0")
            await window.part("previewRun")
            assert not _nameless(window.window)

        drive_machine(qapp, tmp_path, machine, work)


def test_the_log_begins_with_the_first_word(qapp: QApplication, tmp_path: Path) -> None:
    with Machine() as machine:

        async def work(window: Driver) -> None:
            await window.press("tab-log")
            looks = await window.part("log-looks")
            QTest.keyClick(looks, Qt.Key.Key_Space)
            table = window.find("log-table")
            assert isinstance(table, QTableView)
            names = [str(table.model().index(row, 2).data()) for row in range(4)]
            assert names[:2] == ["greeting", "qmp_capabilities"]

        drive_machine(qapp, tmp_path, machine, work)


def test_without_a_machine_a_key_says_why_it_does_nothing(qapp: QApplication, tmp_path: Path) -> None:
    async def work(window: Driver) -> None:
        keys = Qt.Key
        for key in (keys.Key_S, keys.Key_D, keys.Key_U, keys.Key_M, keys.Key_R, keys.Key_W):
            window.key(key, CTRL)
            await window.until(lambda: "No machine is open." in window.said, "the reason")
            await window.press("messageClose")

    drive(qapp, tmp_path, [], work)


def test_looking_again_says_that_it_did(qapp: QApplication, tmp_path: Path) -> None:
    with Machine() as machine:

        async def work(window: Driver) -> None:
            window.key(Qt.Key.Key_F5)
            await window.until(lambda: "Looked again" in window.said, "the word")

        drive_machine(qapp, tmp_path, machine, work)


def test_hanging_up_asks_about_own_jobs_also_after_coming_back(qapp: QApplication, tmp_path: Path) -> None:
    with Machine() as machine:

        async def work(window: Driver) -> None:
            await window.drag("vda-3", "vda-2")
            await window.press("previewRun")
            await window.part("messageAnswer1")
            window.key(Qt.Key.Key_W, CTRL)
            await window.press("leave-stay")
            assert window.session.link == "live"
            window.key(Qt.Key.Key_W, CTRL)
            await window.press("leave-leave")
            await window.until(lambda: window.desk.current is None, "the machine is let go")
            await window.until(lambda: window.find("messageAnswer1") is None, "the question goes with it")
            window.keeper.open(str(machine.target))
            await window.until(lambda: window.desk.current, "the machine again")
            window.window.close()
            await window.press("leave-cancel")
            await window.until(window.keeper.leaving.wanted.is_set, "the end")

        drive_machine(qapp, tmp_path, machine, work)
        assert not machine.qmp("query-jobs")
        assert machine.chain("vda")[0] == "vda-3", "cancelled, not switched over"


def test_a_key_never_acts_on_another_disk_than_the_selected_one(qapp: QApplication, tmp_path: Path) -> None:
    with Machine() as machine:

        async def work(window: Driver) -> None:
            await window.drag("vda-3", "vda-2")
            await window.press("previewRun")
            await window.part("messageAnswer1")
            await window.click("vda-3")
            for key in (Qt.Key.Key_D, Qt.Key.Key_S):
                window.key(key, CTRL)
                await window.until(lambda: QApplication.activePopupWidget() is not None, "the menu with the reason")
                popup = QApplication.activePopupWidget()
                assert isinstance(popup, QMenu)
                assert "works on" in popup.actions()[0].text()
                popup.close()
                await window.until(lambda: QApplication.activePopupWidget() is None, "it is closed")
                assert window.find("previewRun") is None

        drive_machine(qapp, tmp_path, machine, work)


def test_a_preview_does_not_act_while_the_line_is_lost(qapp: QApplication, tmp_path: Path) -> None:
    with Machine() as machine:

        async def work(window: Driver) -> None:
            await window.drag("vda-2", "vda-0")
            button = await window.part("previewRun")
            await window.until(button.isEnabled, "the button")
            machine.kill()
            await window.until(lambda: not button.isEnabled(), "the button rests")
            assert "The line broke" in button.toolTip()

        drive_machine(qapp, tmp_path, machine, work)
