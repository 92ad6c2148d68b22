"""What is done to one image by the menus: the sheet shows it, its button does it, and the message says what came of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QMenu

from tests.support.machine import Machine
from tests.support.tools import MIB, make_image
from tests.support.window import Driver, drive_machine

pytestmark = pytest.mark.live


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No journal, no settings and no sockets but the test's own."""
    for name in ("STATE_HOME", "CONFIG_HOME", "DATA_HOME", "RUNTIME_DIR"):
        monkeypatch.setenv(f"XDG_{name}", str(tmp_path))


async def choose(window: Driver, node: str, words: str) -> None:
    """Open the menu of a node (empty: of the machine) by key, and click on the entry that begins with these words."""
    if node:
        await window.click(node)
    await window.until(lambda: (window.desk.selected or "") == node, "the selection")
    window.key(Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier)
    menu = await window.part("offersMenu")
    assert isinstance(menu, QMenu)
    entry = next(action for action in menu.actions() if action.text().startswith(words))
    QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(entry).center())


def test_an_export_by_menu_and_its_end(qapp: QApplication, tmp_path: Path) -> None:
    with Machine() as machine:

        async def work(window: Driver) -> None:
            await choose(window, "vda-2", "Export vda-2")
            await window.press("previewRun")
            await window.until(lambda: "nbd+unix:///vda-2?socket=" in window.said, "the address")
            assert [export["id"] for export in machine.qmp("query-block-exports")] == ["vda-2"]
            await choose(window, "vda-2", "End the export vda-2")
            await window.press("previewRun")
            await window.until(lambda: "End the export vda-2: done" in window.said, "its end")

        drive_machine(qapp, tmp_path, machine, work)
        assert machine.qmp("query-block-exports") == []


def test_an_image_is_attached_by_its_path_and_taken_out_when_the_guest_lets_go(
    qapp: QApplication, tmp_path: Path
) -> None:
    with Machine() as machine:
        path = machine.folder / "extra.qcow2"
        make_image(path, "qcow2", MIB)

        async def work(window: Driver) -> None:
            await window.until(lambda: window.chain("vda"), "the machine")
            await choose(window, "", "Attach an image")
            field = await window.part("option-file")
            assert isinstance(field, QLineEdit)
            field.setFocus()
            QTest.keyClicks(field, str(path))
            QTest.keyClick(field, Qt.Key.Key_Return)
            await window.until(lambda: _choice(window, "option-model"), "the form")
            model = _choice(window, "option-model")
            model.setCurrentIndex(model.findData("virtio-blk"))
            model.activated.emit(model.currentIndex())
            await window.until(
                lambda: window.canvas.planner.preview and len(window.canvas.planner.preview.commands) == 2, "the plan"
            )
            await window.press("previewRun")
            await window.until(lambda: "as extra-disk: done" in window.said, "the disk")
            await choose(window, "extra", "Take extra-disk out")
            await window.press("previewConfirm1")
            await window.press("previewRun")
            await window.until(lambda: "has not done so yet" in window.said, "the waiting")
            await window.press("messageAnswer1")
            await window.until(lambda: "its image stays open then" in window.said, "what is left")

        drive_machine(qapp, tmp_path, machine, work)
        assert "extra" in machine.names()


def _choice(window: Driver, name: str) -> QComboBox:
    found = window.find(name)
    assert isinstance(found, QComboBox)
    return found


def test_the_key_for_a_snapshot_offers_snapshots_alone(qapp: QApplication, tmp_path: Path) -> None:
    with Machine() as machine:

        async def work(window: Driver) -> None:
            await window.click("vda-3")
            await window.until(lambda: window.desk.selected == "vda-3", "the selection")
            window.key(Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
            menu = await window.part("offersMenu")
            assert isinstance(menu, QMenu)
            assert all(action.text().startswith("Snapshot") for action in menu.actions())
            menu.close()

        drive_machine(qapp, tmp_path, machine, work)
