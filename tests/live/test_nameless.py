"""A machine that was started with -drive: nobody named its nodes. People read the names of files, QEMU gets the node-names."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QMenu

from diskchain.operations.steps import Choose
from diskchain.session.session import Session
from tests.support.chains import Style
from tests.support.live_session import done, prepared, with_session
from tests.support.machine import Machine
from tests.support.terminal import ran
from tests.support.window import Driver, drive_machine

pytestmark = pytest.mark.live

_CHAIN = {"vda": "base <- mid <- top <- active"}


def test_a_commit_speaks_of_files_from_the_menu_to_the_mark() -> None:
    with Machine(_CHAIN, Style.DRIVE) as machine:
        chain = machine.chain("vda")
        assert all(name.startswith("#block") for name in chain[1:])
        seen = machine.contents("vda")
        keys = {"top": chain[1], "base": chain[3]}

        async def work(session: Session) -> None:
            offers = session.operations.for_node(chain[1])
            assert "Commit 2 overlays into base.qcow2" in [offer.title for offer in offers]
            assert not [offer for offer in offers if "#block" in f"{offer.title} {offer.reason} {offer.note}"]
            preview, result = await done(session, "commit", keys)
            draft = preview.draft
            told = [draft.title, draft.verb, draft.stop, *preview.warnings, *draft.confirm, result.text, *result.notes]
            told += [entry.why for entry in session.ledger.entries]
            assert not [text for text in told if "#block" in text]
            assert preview.as_json()["closes"] == chain[1:3]
            assert preview.commands[-3].arguments["top-node"] == chain[1]
            assert result.as_predicted

        with_session(machine, work)
        machine.settled(vda=seen)


def test_a_choice_and_a_refusal_speak_of_files() -> None:
    with Machine(_CHAIN, Style.DRIVE) as machine:
        chain = machine.chain("vda")

        async def work(session: Session) -> None:
            preview = await prepared(session, "commit", {"top": chain[0], "base": chain[1]})
            choice = next(step for step in preview.draft.steps if isinstance(step, Choose))
            assert choice.question.startswith("top.qcow2 now holds everything")
            assert "top.qcow2 does not go back" in choice.branches[1].meaning
            assert preview.same_as(await session.prepare(preview.operation, again=preview))
            refused = await prepared(session, "commit", {"top": chain[2], "base": chain[1]})
            assert [each.text for each in refused.objections] == [
                "top.qcow2 lies above mid.qcow2: data can only be committed downwards."
            ]

        with_session(machine, work)


def test_the_terminal_shows_the_names_to_type_with_their_files(tmp_path: Path) -> None:
    with Machine(_CHAIN, Style.DRIVE) as machine:
        chain = machine.chain("vda")
        told = ran(tmp_path, "run", machine.target, "commit", f"top={chain[1]}", f"base={chain[3]}", "--dry-run").stdout
        assert told.startswith("Commit 2 overlays into base.qcow2\n")
        files = ("base", "mid", "top", "active")
        line = " <- ".join(f"{name} ({file}.qcow2)" for name, file in zip(reversed(chain), files, strict=True))
        assert f"  now       {line}   (vda)\n" in told
        assert f"closes    {chain[1]} (top.qcow2)\n" in told
        assert f"top-node={chain[1]} base-node={chain[3]}" in told


def _words(window: Driver) -> list[str]:
    """All words in sight that are neither a command nor the picture, whose cards say both names."""
    tops = QApplication.topLevelWidgets()
    told = [each.text() for top in tops for each in top.findChildren(QLabel) if each.isVisible()]
    told += [each.text() for top in tops for each in top.findChildren(QAbstractButton) if each.isVisible()]
    return told + [
        act.text() for menu in window.window.findChildren(QMenu) if menu.isVisible() for act in menu.actions()
    ]


def test_the_window_speaks_of_files(qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with Machine(_CHAIN, Style.DRIVE) as machine:
        chain = machine.chain("vda")

        async def work(window: Driver) -> None:
            def says(part: str) -> None:
                told = _words(window)
                assert any(part in text for text in told), f"{part} is not among {told}"
                assert not [text for text in told if "#block" in text and not text.endswith("new at each start")]

            await window.click(chain[1])
            await window.until(lambda: window.desk.selected == chain[1], "the selection")
            QTest.keyClick(window.canvas, Qt.Key.Key_Return)
            menu = await window.part("offersMenu")
            says("Commit 1 overlay into mid.qcow2")
            menu.close()
            await window.drag(chain[0], chain[1])
            await window.part("previewRun")
            says("Commit 1 overlay into top.qcow2")
            await window.press("previewRun")
            await window.part("messageAnswer1")
            says("top.qcow2 now holds everything")
            await window.press("messageAnswer1")
            await window.until(lambda: "Commit 1 overlay into top.qcow2: done" in window.said, "the good news")
            says("top.qcow2")

        drive_machine(qapp, tmp_path, machine, work)
