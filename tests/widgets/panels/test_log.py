"""The command log in the window."""

from __future__ import annotations

from typing import cast

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from diskchain.picture.palette import LIGHT
from diskchain.session.session import Session
from diskchain.widgets.panels.log import LogPanel
from diskchain.widgets.panels.log_model import time_of_day
from diskchain.widgets.panels.logs import Logs
from tests.support.fake_session import FakeSession

Logged = tuple[LogPanel, FakeSession]
COMMIT = {"execute": "block-commit", "arguments": {"device": "top", "job-id": "diskchain-1"}, "id": "2"}


@pytest.fixture
def logged(qtbot: QtBot) -> Logged:
    session = FakeSession(at=50.0)
    panel = LogPanel(Logs())
    qtbot.addWidget(panel)
    panel.set_theme(LIGHT)
    panel.resize(900, 300)
    panel.set_session(cast("Session", session))
    panel.show()
    QTest.qWaitForWindowExposed(panel)
    session.wire.emit("send", {"execute": "query-jobs", "id": "1"}, 50.0)
    session.wire.emit("recv", {"return": [], "id": "1"}, 50.1)
    session.wire.emit("send", COMMIT, 51.0)
    session.wire.emit("recv", {"error": {"class": "GenericError", "desc": "busy"}, "id": "2"}, 52.5)
    session.wire.emit("recv", {"event": "STOP", "timestamp": {"seconds": 1}}, 53.0)
    panel._catch_up()
    return panel, session


def column(panel: LogPanel, number: int) -> list[str]:
    model = panel.model
    return [str(model.data(model.index(row, number))) for row in range(model.rowCount())]


def said(panel: LogPanel) -> str:
    return " ".join(each.text() for each in panel.findChildren(QLabel))


def test_what_is_shown_first(logged: Logged) -> None:
    panel, _ = logged
    assert column(panel, 1) == ["→ sent", "✗ refused", "● event"]
    assert column(panel, 2) == ["block-commit", "block-commit · 2 s", "STOP"]
    assert '"desc": "busy"' in column(panel, 3)[1]
    assert "3 messages · 2 more are filtered out" in said(panel)
    panel.looks.setChecked(True)
    assert len(column(panel, 1)) == 5


def test_filters(logged: Logged, qtbot: QtBot) -> None:
    panel, _ = logged
    panel.kinds.setCurrentText("Sent")
    assert column(panel, 2) == ["block-commit"]
    panel.kinds.setCurrentText("Everything")
    QTest.keyClicks(panel.field, "BUSY")
    qtbot.waitUntil(lambda: column(panel, 1) == ["✗ refused"])
    panel.show_text("")
    assert len(column(panel, 1)) == 3


def test_copying(logged: Logged) -> None:
    panel, _ = logged
    assert panel.choose_last(lambda entry: entry.sent)
    assert '"device": "top"' in panel.whole.toPlainText()
    for name, text in (
        ("log-copy-shell", "block-commit device=top job-id=diskchain-1"),
        (
            "log-copy-json",
            '{"execute": "block-commit", "arguments": {"device": "top", "job-id": "diskchain-1"}, "id": "2"}',
        ),
    ):
        button = panel.findChild(QPushButton, name)
        assert button is not None
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        assert QGuiApplication.clipboard().text() == text
    assert not panel.choose_last(lambda entry: entry.name == "no such command")
    panel.table.clearSelection()
    panel.copy_shell()
    assert "Choose a command first." in said(panel)


def test_what_is_filtered_away_is_neither_shown_nor_copied(logged: Logged) -> None:
    panel, _ = logged
    assert panel.choose_last(lambda entry: entry.sent)
    panel.copy_json()
    copied = QGuiApplication.clipboard().text()
    assert "block-commit" in copied
    panel._catch_up()
    assert "Copied 1." in said(panel), "what came of it stands for a while"
    panel.show_text("STOP")
    assert column(panel, 2) == ["STOP"]
    assert panel.whole.toPlainText() == ""
    QGuiApplication.clipboard().setText("before")
    panel.copy_json()
    assert QGuiApplication.clipboard().text() == "before"
    assert "Choose a command first." in said(panel)


def test_a_command_without_words_in_qmp_shell(logged: Logged) -> None:
    panel, session = logged
    session.wire.emit("send", {"execute": "blockdev-add", "arguments": {"filename": "/a b"}, "id": "9"}, 54.0)
    assert panel.choose_last(lambda entry: entry.sent)
    panel.copy_shell()
    assert "1 cannot be said in qmp-shell; copy them as JSON." in said(panel)


def test_it_goes_on_while_hidden_or_another_machine_is_shown(logged: Logged) -> None:
    panel, session = logged
    panel.set_session(cast("Session", FakeSession()))
    assert column(panel, 2) == []
    panel.hide()
    session.wire.emit("recv", {"event": "RESUME"}, 60.0)
    panel.set_session(cast("Session", session))
    assert column(panel, 2) == []
    panel.show()
    assert column(panel, 2)[-1] == "RESUME"
    assert len(column(panel, 2)) == 4


def test_old_rows_go(logged: Logged) -> None:
    panel, session = logged
    for number in range(6000):
        session.wire.emit("recv", {"event": f"E{number}"}, 60.0)
        if number % 1000 == 0:
            panel._catch_up()
    panel._catch_up()
    assert panel.model.rowCount() == 5000
    assert column(panel, 2)[0] == "E1000"
    assert column(panel, 2)[-1] == "E5999"


def test_old_looks_go_from_between_what_stays(logged: Logged) -> None:
    panel, session = logged
    panel.looks.setChecked(True)
    for number in range(1500):
        session.wire.emit("send", {"execute": "query-block", "id": f"q{number}"}, 60.0)
        if number % 100 == 0:
            session.wire.emit("recv", {"event": f"E{number}"}, 60.0)
            panel._catch_up()
    panel._catch_up()
    words = column(panel, 2)
    assert words.count("query-block") == 1000
    assert [word for word in words if word.startswith("E")] == [f"E{number}" for number in range(0, 1500, 100)]
    assert panel._log is not None
    assert [panel.model.entry(row).number for row in range(panel.model.rowCount())] == [
        entry.number for entry in panel._log.entries
    ]


def test_foreign_text_stays_in_its_row(logged: Logged) -> None:
    panel, session = logged
    session.wire.emit("recv", {"event": "line\nbreak" + "x" * 5000}, 60.0)
    panel._catch_up()
    assert "\n" not in column(panel, 2)[-1]
    assert len(column(panel, 3)[-1]) <= 301


def test_times() -> None:
    assert time_of_day(1_700_000_000.0426).endswith(".042")


def test_what_was_said_before_the_panel_was_there_is_in_it(qtbot: QtBot) -> None:
    session, logs = FakeSession(at=50.0), Logs()
    logs.watch(cast("Session", session))
    session.wire.emit("recv", {"QMP": {"version": {}}}, 49.0)
    session.wire.emit("send", COMMIT, 51.0)
    panel = LogPanel(logs)
    qtbot.addWidget(panel)
    panel.set_session(cast("Session", session))
    panel.show()
    assert column(panel, 2) == ["greeting", "block-commit"]
    panel.kinds.setCurrentText("Sent")
    assert "1 message · 1 more" in said(panel)
