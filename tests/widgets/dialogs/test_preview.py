"""The preview sheet: what it says, what it asks for, when its button acts."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QWidget,
)
from pytestqt.qtbot import QtBot

from diskchain.model.state import State
from diskchain.operations.backup import TakeBackup
from diskchain.operations.bitmap import ChangeBitmap
from diskchain.operations.commit import Commit
from diskchain.operations.job import SteerJob
from diskchain.operations.operation import Operation
from diskchain.operations.preview import prepare
from diskchain.operations.snapshot import Snapshot
from diskchain.picture.palette import LIGHT
from diskchain.widgets.dialogs.said import in_window
from diskchain.widgets.style import sheet
from tests.support.qt_parts import part, press, words
from tests.support.sheet import CHAIN, Seen
from tests.support.states import FOLDER, NOTHING_ELSE, machine, path, with_bitmap, with_job, with_reader


def test_it_names_every_file_that_changes_or_becomes_invalid(seen: Seen) -> None:
    seen.show(Commit("mid", "base"))
    said = words(seen.sheet)
    assert "Commit 1 overlay into base" in said
    assert "Nothing has been sent yet." in said
    for file in ("/images/", "base.qcow2", "mid.qcow2", "top.qcow2"):
        assert file in said
    assert "one file becomes invalid" in said
    assert "must not be used again" in said


def test_only_its_button_runs_and_it_has_the_focus(seen: Seen) -> None:
    preview = seen.show(Commit("mid", "base"))
    button = part(seen.sheet, QPushButton, "previewRun")
    assert button.text() == preview.draft.verb
    assert seen.sheet.focusWidget() is button
    QTest.keyClick(button, Qt.Key.Key_Return)
    assert seen.ran == [preview]


def test_cancel_only_leaves(seen: Seen) -> None:
    seen.show(Commit("mid", "base"))
    press(seen.sheet, "previewCancel")
    assert (seen.left, seen.ran) == (1, [])


def test_an_objection_keeps_the_button_from_acting_and_is_said(seen: Seen) -> None:
    preview = seen.show(Commit("mid", "base"), with_job(CHAIN, "mid"))
    assert not preview.allowed
    assert not part(seen.sheet, QPushButton, "previewRun").isEnabled()
    assert preview.objections[0].text in words(seen.sheet)


def test_an_objection_that_can_be_lifted_is_lifted_by_naming_the_file(seen: Seen) -> None:
    around = with_reader(path("base"), "/elsewhere/clone.qcow2")
    seen.show(Commit("mid", "base"), around=around)
    box = part(seen.sheet, QCheckBox, "previewLift1")
    assert "/elsewhere/clone.qcow2" in box.accessibleName()
    box.click()
    assert seen.edited == [Commit("mid", "base", spoils=("/elsewhere/clone.qcow2",))]
    seen.show(seen.edited[0], around=around)
    assert part(seen.sheet, QPushButton, "previewRun").isEnabled()
    part(seen.sheet, QCheckBox, "previewLift101").click()
    assert seen.edited[-1] == Commit("mid", "base")


def test_what_wants_one_more_yes_wants_a_tick(seen: Seen) -> None:
    preview = seen.show(Commit("mid", "base"), with_bitmap(CHAIN, "mid"))
    assert preview.draft.confirm
    button = part(seen.sheet, QPushButton, "previewRun")
    assert not button.isEnabled()
    part(seen.sheet, QCheckBox, "previewConfirm1").click()
    assert button.isEnabled()
    seen.sheet.show_preview(prepare(Commit("mid", "base", speed=1 << 20), preview.before, NOTHING_ELSE), None)
    assert button.isEnabled(), "a tick stays where the sentence stays"


def test_a_click_on_the_sentence_ticks_it(seen: Seen) -> None:
    preview = seen.show(Commit("mid", "base"), with_bitmap(CHAIN, "mid"))
    sentence = next(each for each in seen.sheet.findChildren(QLabel) if each.text() == preview.draft.confirm[0])
    QTest.mouseClick(sentence, Qt.MouseButton.LeftButton)
    assert part(seen.sheet, QPushButton, "previewRun").isEnabled()


def test_options_are_read_from_the_operation(seen: Seen) -> None:
    seen.show(Commit("top", "base"))
    press(seen.sheet, "previewOptions")
    field = part(seen.sheet, QLineEdit, "option-speed")
    QTest.keyClicks(field, "50M")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert seen.edited == [Commit("top", "base", speed=50 << 20)]
    part(seen.sheet, QCheckBox, "option-close").click()
    assert seen.edited[-1] == Commit("top", "base", speed=50 << 20, close=False)


def test_a_wrong_size_is_said_and_changes_nothing(seen: Seen) -> None:
    seen.show(Commit("top", "base"))
    press(seen.sheet, "previewOptions")
    field = part(seen.sheet, QLineEdit, "option-speed")
    QTest.keyClicks(field, "much")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert "'much' is no size" in words(seen.sheet)
    assert not seen.edited
    button = part(seen.sheet, QPushButton, "previewRun")
    assert not button.isEnabled(), "it would run with the old limit"
    assert "'much' is no size" in button.toolTip()
    field.selectAll()
    QTest.keyClicks(field, "50M")
    assert button.isEnabled()


def test_what_was_typed_last_is_seen_before_it_runs(seen: Seen) -> None:
    seen.show(Commit("top", "base"))
    press(seen.sheet, "previewOptions")
    QTest.keyClicks(part(seen.sheet, QLineEdit, "option-speed"), "50M")
    press(seen.sheet, "previewRun")
    assert seen.edited == [Commit("top", "base", speed=50 << 20)]
    assert seen.ran == [], "the preview in sight had no limit"
    preview = seen.show(seen.edited[-1])
    assert "with what you just entered" in words(seen.sheet)
    press(seen.sheet, "previewRun")
    assert seen.ran == [preview]


def _whole(shown: QWidget) -> bool:
    return shown.visibleRegion().boundingRect() == shown.rect()


@pytest.mark.parametrize("size", [(340, 420), (336, 545)])
def test_options_and_what_is_wrong_with_them_come_into_sight(
    qapp: QApplication, seen: Seen, qtbot: QtBot, size: tuple[int, int]
) -> None:
    seen.sheet.setStyleSheet(sheet(LIGHT, qapp.font().pointSizeF()))
    seen.sheet.resize(*size)
    seen.show(Commit("top", "base"), around=with_reader(path("base"), "/elsewhere/a.qcow2", "/elsewhere/b.qcow2"))
    press(seen.sheet, "previewOptions")
    field, head = part(seen.sheet, QLineEdit, "option-speed"), part(seen.sheet, QPushButton, "previewOptions")
    qtbot.waitUntil(lambda: _whole(field) and _whole(head))
    part(seen.sheet, QScrollArea, "previewScroll").verticalScrollBar().setValue(0)
    QTest.keyClicks(field, "much")
    wrong = part(seen.sheet, QLabel, "optionsWrong")
    qtbot.waitUntil(lambda: _whole(wrong))


LONG = "a_long_name_" * 13
DISK = "/machine/peripheral-anon/device[0]/virtio-backend-of-a-disk"


@pytest.mark.parametrize(
    ("operation", "state"),
    [
        (Snapshot(disks=("vda",), label="y" * 300), CHAIN),
        (Snapshot(disks=("vda",), dir=f"/{'%' * 300}"), CHAIN),
        (Snapshot(disks=(DISK,)), machine({DISK: f"{LONG} <- top"})),
        (Commit("top", LONG), machine({"vda": f"{LONG} <- top"})),
        (Commit(LONG, "base"), with_bitmap(machine({"vda": f"base <- {LONG} <- top"}), LONG)),
        (Commit("mid", LONG), with_job(machine({"vda": f"{LONG} <- mid <- top"}), LONG)),
        (SteerJob("cancel", "theirs"), with_job(machine({"vda": f"{LONG} <- top"}), "top", LONG)),
    ],
)
def test_a_name_of_any_length_never_makes_it_wider(
    qapp: QApplication, seen: Seen, operation: Operation, state: State
) -> None:
    seen.sheet.setStyleSheet(sheet(LIGHT, qapp.font().pointSizeF()))
    seen.sheet.resize(330, 700)
    seen.show(operation, state)
    if not isinstance(operation, SteerJob):
        press(seen.sheet, "previewOptions")
    area = part(seen.sheet, QScrollArea, "previewScroll")
    inside = area.findChild(QWidget, "previewInside")
    assert inside is not None
    assert inside.width() <= area.viewport().width(), "what is at its right could not be reached"
    assert seen.sheet.width() == 330
    run = part(seen.sheet, QPushButton, "previewRun")
    assert run.sizeHint().width() <= run.width(), run.text()
    for each in area.findChildren(QLabel):
        if each.isVisible() and each.wordWrap():
            assert each.sizeHint().height() <= 700
            assert each.minimumSizeHint().width() <= each.width(), each.text()


def test_the_end_can_be_chosen_beforehand_only_where_there_is_a_choice(seen: Seen) -> None:
    seen.show(Commit("mid", "base"))
    press(seen.sheet, "previewOptions")
    assert not [each for each in seen.sheet.findChildren(QComboBox, "option-finish") if each.isVisible()]
    seen.show(Snapshot(disks=("vda",)))
    seen.show(Commit("top", "base"))
    assert part(seen.sheet, QComboBox, "option-finish").count() == 2


def test_commands_are_shown_in_each_dialect(seen: Seen) -> None:
    seen.show(Commit("mid", "base"))
    code = part(seen.sheet, QPlainTextEdit, "previewCommands")
    assert code.toPlainText().startswith("block-commit ")
    press(seen.sheet, "dialect-QMP")
    assert code.toPlainText().startswith('{"execute": "block-commit"')
    press(seen.sheet, "dialect-virsh")
    assert code.toPlainText().startswith("virsh blockcommit")


def test_the_button_that_leaves_never_says_what_the_other_one_does(seen: Seen) -> None:
    seen.show(SteerJob("cancel", "theirs", foreign=True), with_job(CHAIN, "mid"))
    leave, run = (part(seen.sheet, QPushButton, name) for name in ("previewCancel", "previewRun"))
    assert (leave.text(), leave.accessibleName(), run.text()) == ("Back", "Back", "Cancel")
    seen.show(Commit("mid", "base"))
    assert (leave.text(), leave.accessibleName()) == ("Cancel", "Cancel")


def test_what_a_tick_makes_possible_is_not_called_impossible(seen: Seen) -> None:
    preview = seen.show(SteerJob("cancel", "theirs"), with_job(CHAIN, "mid"))
    assert "foreign=yes" in preview.objections[0].text, "the command line says what to type"
    said = words(seen.sheet)
    assert "Wants one more yes" in said
    assert "Not possible" not in said
    assert "Tick the sentence above first." in said
    box = part(seen.sheet, QCheckBox, "previewLift1")
    assert box.accessibleName() == "theirs was started by another client. Do it nevertheless."
    assert "foreign" not in said + box.toolTip()
    around = with_reader(path("base"), "/elsewhere/clone.qcow2")
    seen.show(Commit("mid", "base"), with_job(CHAIN, "mid"), around)
    said = words(seen.sheet)
    assert "Not possible as things are" in said, "a tick does not lift them all"
    assert "It cannot be done" in said


def test_words_for_the_command_line_end_the_sentence_only_there() -> None:
    assert in_window("j is theirs; to cancel it anyway, say foreign=yes.") == "j is theirs."
    assert (
        in_window("Where it lies is not known from here: say file.vda=PATH.") == "Where it lies is not known from here."
    )
    assert in_window("base is also used by vdb: it would be spoilt.") == "base is also used by vdb: it would be spoilt."


def test_nothing_runs_while_the_line_is_not_open(seen: Seen) -> None:
    seen.show(Commit("mid", "base"))
    button = part(seen.sheet, QPushButton, "previewRun")
    seen.sheet.show_line("QEMU has ended.")
    assert not button.isEnabled()
    assert button.toolTip() == "QEMU has ended."
    assert "QEMU has ended." in words(seen.sheet)
    seen.show(Commit("mid", "base"))
    assert not button.isEnabled(), "a preview made anew does not open the line"
    seen.sheet.show_line("")
    assert button.isEnabled()


def test_a_job_of_someone_else_wants_its_leave(seen: Seen) -> None:
    state = with_job(CHAIN, "mid")
    seen.show(SteerJob("cancel", "theirs"), state)
    assert not part(seen.sheet, QPushButton, "previewRun").isEnabled()
    part(seen.sheet, QCheckBox, "previewLift1").click()
    assert seen.edited == [SteerJob("cancel", "theirs", foreign=True)]


def test_file_names_are_never_markup(seen: Seen) -> None:
    state = machine({"vda": "<b>odd</b> <- top"})
    seen.show(Commit("top", "<b>odd</b>"), state)
    assert "<b>odd</b>.qcow2" in words(seen.sheet)


@pytest.mark.parametrize("size", [(336, 545), (300, 400)])
def test_what_matters_is_in_sight_without_scrolling(qapp: QApplication, seen: Seen, size: tuple[int, int]) -> None:
    seen.sheet.setStyleSheet(sheet(LIGHT, qapp.font().pointSizeF()))
    seen.sheet.resize(*size)
    seen.show(Commit("mid", "base"))
    for _ in range(4):
        qapp.processEvents()
    for said in ("Moves", "Changes", "Invalid then"):
        label = next(each for each in seen.sheet.findChildren(QLabel) if each.text() == said and each.isVisible())
        assert label.visibleRegion().boundingRect().height() >= label.fontMetrics().ascent(), said
    for name in ("previewCommandsFold", "previewCancel", "previewRun"):
        button = part(seen.sheet, QPushButton, name)
        assert button.visibleRegion().boundingRect() == button.rect(), name
        assert button.mapTo(seen.sheet, button.rect().bottomRight()).x() <= size[0]


def test_the_commands_are_one_click_away_and_stay_as_the_user_has_them(qapp: QApplication, seen: Seen) -> None:
    seen.sheet.resize(336, 420)
    seen.show(Commit("mid", "base"))
    qapp.processEvents()
    assert "block-commit" not in words(seen.sheet)
    press(seen.sheet, "previewCommandsFold")
    assert "block-commit" in words(seen.sheet)
    seen.show(Snapshot(("vda",)))
    assert "blockdev-snapshot" in words(seen.sheet)
    press(seen.sheet, "previewCommandsFold")
    seen.sheet.resize(336, 900)
    assert "blockdev-snapshot" not in words(seen.sheet)


def test_the_commands_are_open_where_there_is_room(qapp: QApplication, seen: Seen) -> None:
    seen.show(Commit("mid", "base"))
    qapp.processEvents()
    assert "block-commit" in words(seen.sheet)


def test_a_new_bitmap_is_asked_for_its_name_and_an_old_one_for_nothing(seen: Seen) -> None:
    seen.show(ChangeBitmap("add", "top", "bitmap0"))
    press(seen.sheet, "previewOptions")
    assert part(seen.sheet, QLineEdit, "option-bitmap").text() == "bitmap0"
    part(seen.sheet, QCheckBox, "option-persistent").click()
    assert seen.edited == [ChangeBitmap("add", "top", "bitmap0", persistent=True)]
    seen.show(ChangeBitmap("clear", "top", "daily"), with_bitmap(CHAIN, "top"))
    assert "Clear the bitmap daily on top" in words(seen.sheet)
    visible = [child.objectName() for child in seen.sheet.findChildren(QWidget) if child.isVisible()]
    assert not [name for name in visible if name.startswith("option-")]


def test_a_backup_is_asked_for_what_it_copies_and_says_whose_moment_it_holds(seen: Seen) -> None:
    seen.show(TakeBackup("vda"))
    press(seen.sheet, "previewOptions")
    said = words(seen.sheet)
    assert "Back up vda" in said
    assert "as it is when the job starts" in said
    assert f"{FOLDER}/vda-backup-20261123-193000.qcow2.diskchain.json" in said
    choice = part(seen.sheet, QComboBox, "option-sync")
    assert choice.count() == 5
    choice.setCurrentIndex(choice.findData("incremental"))
    choice.activated.emit(choice.currentIndex())
    assert seen.edited == [TakeBackup("vda", sync="incremental")]
    seen.show(seen.edited[0])
    assert "Which bitmap?" in words(seen.sheet)
    assert not part(seen.sheet, QPushButton, "previewRun").isEnabled()
    QTest.keyClicks(part(seen.sheet, QLineEdit, "option-bitmap"), "daily")
    QTest.keyClick(part(seen.sheet, QLineEdit, "option-bitmap"), Qt.Key.Key_Return)
    part(seen.sheet, QCheckBox, "option-compress").click()
    assert seen.edited[-1] == TakeBackup("vda", sync="incremental", bitmap="daily", compress=True)
