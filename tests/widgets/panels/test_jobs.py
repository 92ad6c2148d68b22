"""The cards of jobs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import cast

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from diskchain.model.job import Job
from diskchain.picture.palette import LIGHT
from diskchain.session.carriage import Phase
from diskchain.session.session import Session
from diskchain.widgets.panels.job_row import JobRow
from diskchain.widgets.panels.jobs import JobsPanel
from diskchain.widgets.panels.limit_row import speed_of
from diskchain.widgets.style import sheet
from tests.support.fake_session import BACKUP, GIB, MIB, MIRROR, STREAM, FakeSession
from tests.support.qt_parts import part

Shown = tuple[JobsPanel, FakeSession]


@pytest.fixture
def shown(qtbot: QtBot) -> Shown:
    session = FakeSession(at=1000.0)
    panel = JobsPanel(clock=lambda: session.now)
    qtbot.addWidget(panel)
    panel.set_theme(LIGHT)
    panel.resize(430, 600)
    session.sample(0.5)
    panel.set_session(cast("Session", session))
    panel.show()
    return panel, session


def texts(panel: JobsPanel) -> str:
    """Everything that can be read."""
    QApplication.processEvents()
    read = [each.text() for each in panel.findChildren(QLabel) if each.isVisible()]
    return "\n".join(read).replace("\N{NO-BREAK SPACE}", " ").replace("\N{WORD JOINER}", "")


def verbs(panel: JobsPanel, job: str) -> set[str]:
    QApplication.processEvents()
    row = panel.findChild(JobRow, f"job-{job}")
    assert row is not None
    return {each.text() for each in row.findChildren(QPushButton) if each.isVisible()}


def press(panel: JobsPanel, name: str) -> None:
    QApplication.processEvents()
    button = next(each for each in panel.findChildren(QPushButton, name) if each.isVisible())
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def run(session: FakeSession, seconds: float, **speeds: float) -> None:
    for _ in range(round(seconds / 0.25)):
        session.sample(0.25, {name.replace("_", "-"): speed / 4 for name, speed in speeds.items()})


def test_no_job_says_what_to_do(shown: Shown) -> None:
    panel, _ = shown
    assert "No job runs here. Drop an overlay on its base" in texts(panel)
    panel.set_session(None)
    assert "No machine is chosen." in texts(panel)


def test_a_running_job(shown: Shown) -> None:
    panel, session = shown
    session.be(MIRROR)
    run(session, 10, diskchain_1=200 * MIB)
    panel.renew()
    read = texts(panel)
    assert "mirror · vdb → copy.qcow2" in read
    assert "running" in read
    assert "2 of 20 GiB · 200 MiB/s · 80–110 s left" in read or "2 of 20 GiB · 200 MiB/s · 1–2 min left" in read
    assert verbs(panel, "diskchain-1") == {"Pause", "Limit…", "Cancel"}
    assert "another client" not in read
    row = panel.findChild(JobRow, "job-diskchain-1")
    assert row is not None
    assert row.accessibleName().startswith("mirror · vdb → copy.qcow2, running, 2 of 20 GiB")
    assert "bytes a second" in row.toolTip()


@pytest.mark.parametrize(
    ("job", "word", "buttons", "note"),
    [
        (replace(MIRROR, status="paused", paused=True, io_status="nospace"), "paused", {"Resume", "Limit…", "Cancel"},
         "no space is left at the target"),
        (replace(MIRROR, status="paused", paused=True, io_status="failed"), "paused", {"Resume", "Limit…", "Cancel"},
         "Stopped by an I/O error"),
        (replace(MIRROR, offset=20 * GIB), "running", {"Pause", "Limit…", "Cancel"}, "100 %, but not ready"),
        (replace(STREAM, offset=20 * GIB), "running", {"Pause", "Limit…", "Cancel"}, "100 %, finishing"),
        (replace(MIRROR, status="ready", ready=True, offset=20 * GIB), "ready", {"Pause", "Limit…", "Complete", "Cancel"},
         "the copy follows each write"),
        (replace(STREAM, status="pending"), "pending", {"Finish", "Cancel"}, "Waiting to be finished (pending)"),
        (replace(STREAM, status="waiting"), "waiting for its group", {"Cancel"}, "waits for the other jobs"),
        (replace(STREAM, status="concluded", error="No space left on device"), "failed", {"Dismiss"},
         "It failed: No space left on device"),
        (replace(STREAM, status="concluded"), "finished", {"Dismiss"}, ""),
        (replace(BACKUP), "running", {"Pause", "Limit…", "Cancel"}, "Started by another client"),
        (replace(BACKUP, type="new\njob", status="strange", nodes=()), "strange", set(), "new·job"),
        (replace(STREAM, length=0), "running", {"Pause", "Limit…", "Cancel"}, "nothing to move yet"),
    ],
)  # fmt: skip
def test_each_state_has_its_word_and_its_verbs(shown: Shown, job: Job, word: str, buttons: set[str], note: str) -> None:
    panel, session = shown
    session.be(job)
    run(session, 3)
    panel.renew()
    assert word in texts(panel).splitlines()
    assert note in texts(panel)
    assert verbs(panel, job.id) == buttons


def test_a_copy_that_the_guest_outruns(shown: Shown) -> None:
    panel, session = shown
    session.be(replace(MIRROR, length=GIB, speed=50 * MIB))
    for _ in range(60):
        length = session.state.jobs[0].length + 15 * MIB
        session.be(replace(session.state.jobs[0], length=length))
        session.sample(0.25, {"diskchain-1": 12 * MIB})
    panel.renew()
    assert "Will not converge: the guest writes as fast as the copy moves. Raise the limit." in texts(panel)
    assert "left" not in texts(panel)


def test_what_was_skipped_is_told_apart(shown: Shown) -> None:
    panel, session = shown
    session.be(replace(STREAM, speed=MIB))
    session.sample(0.25, {STREAM.id: 10 * GIB})
    run(session, 4, diskchain_2=MIB)
    panel.renew()
    assert "Moved at most" in texts(panel)
    assert "were zeroes or holes, skipped" in texts(panel)


def test_qemus_own_short_pauses_are_not_shown(shown: Shown) -> None:
    panel, session = shown
    session.be(MIRROR)
    run(session, 3, diskchain_1=100 * MIB)
    session.be(replace(session.state.jobs[0], status="paused", paused=True))
    session.sample(0.1)
    panel.renew()
    assert "running" in texts(panel)
    assert "Pause" in verbs(panel, "diskchain-1")
    session.sample(0.5)
    panel.renew()
    assert "paused" in texts(panel)
    assert "Resume" in verbs(panel, "diskchain-1")


def test_verbs_are_told(shown: Shown, qtbot: QtBot) -> None:
    panel, session = shown
    session.be(MIRROR)
    with qtbot.waitSignal(panel.verb_requested) as told:
        press(panel, "pause-diskchain-1")
    assert told.args == ["diskchain-1", "pause", 0]
    row = panel.findChild(JobRow, "job-diskchain-1")
    assert row is not None
    with qtbot.waitSignal(panel.job_selected) as selected:
        QTest.keyClick(row, Qt.Key.Key_Return)
    assert selected.args == ["diskchain-1"]


def test_a_limit_is_set_without_a_dialog(shown: Shown, qtbot: QtBot) -> None:
    panel, session = shown
    session.be(MIRROR)
    press(panel, "speed-diskchain-1")
    field = panel.findChild(QLineEdit, "limit-field")
    assert field is not None
    QTest.keyClicks(field, "fast")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert "Say a number" in texts(panel)
    field.clear()
    QTest.keyClicks(field, "3 GiB/s")
    with qtbot.waitSignal(panel.verb_requested) as told:
        QTest.keyClick(field, Qt.Key.Key_Return)
    assert told.args == ["diskchain-1", "speed", 3 * GIB]
    assert panel.findChild(QLineEdit, "limit-field") is None or not field.isVisible()
    press(panel, "speed-diskchain-1")
    with qtbot.waitSignal(panel.verb_requested) as told:
        press(panel, f"limit-{50 * MIB}")
    assert told.args == ["diskchain-1", "speed", 50 * MIB]


@pytest.mark.parametrize("width", [430, 330])
def test_a_limit_that_is_no_number_does_not_widen_the_card(shown: Shown, width: int) -> None:
    panel, session = shown
    panel.setStyleSheet(f"{sheet(LIGHT, 9)}{panel.styleSheet()}")
    panel.resize(width, 600)
    session.be(MIRROR)
    press(panel, "speed-diskchain-1")
    field, row = part(panel, QLineEdit, "limit-field"), part(panel, JobRow, "job-diskchain-1")
    least = row.minimumSizeHint().width()
    QTest.keyClicks(field, "abc")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert "Say a number" in texts(panel)
    assert row.minimumSizeHint().width() == least
    wrong = next(each for each in row.findChildren(QLabel) if each.text().startswith("Say a number"))
    assert wrong.mapTo(row, QPoint(0, 0)).y() >= field.mapTo(row, QPoint(0, field.height())).y()
    field.clear()
    QTest.keyClicks(field, "0")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert wrong.isVisible()


@pytest.mark.parametrize(
    ("text", "speed"),
    [
        ("50", 50 * MIB),
        ("1.5g", 3 * GIB // 2),
        ("64 KiB/s", 65536),
        ("0", None),
        ("-3", None),
        ("x", None),
        ("9" * 30, None),
    ],
)
def test_speeds(text: str, speed: int | None) -> None:
    assert speed_of(text) == speed


def test_a_ready_job_of_ours_asks(shown: Shown, qtbot: QtBot) -> None:
    panel, session = shown
    ready = replace(MIRROR, status="ready", ready=True, offset=20 * GIB)
    session.be(ready)
    carriage = session.ask(ready)
    read = texts(panel)
    assert "The copy is complete and follows each write. Choose when:" in read
    assert "The guest goes on with copy.qcow2." in read
    assert verbs(panel, "diskchain-1") == {"Pause", "Switch vdb to the copy", "Keep the copy as of now"}
    with qtbot.waitSignal(panel.choice_made) as told:
        press(panel, "choose-copy")
    assert told.args == [carriage, "copy"]
    carriage.phase = Phase.FINISHING
    session.carriage_changed.emit(carriage)
    assert "Choose when" not in texts(panel)


@pytest.mark.parametrize(("width", "beside"), [(460, True), (300, False)])
def test_the_answers_of_a_job_that_is_ready_are_readable(shown: Shown, width: int, beside: bool) -> None:
    panel, session = shown
    panel.setStyleSheet(f"{sheet(LIGHT, 9)}{panel.styleSheet()}")
    panel.resize(width, 400)
    ready = replace(MIRROR, status="ready", ready=True, offset=20 * GIB)
    session.be(ready)
    session.ask(ready)
    assert texts(panel).count("Choose when") == 1
    first, second = (part(panel, QPushButton, name) for name in ("choose-pivot", "choose-copy"))
    at = [each.mapTo(panel, QPoint(0, 0)) for each in (first, second)]
    assert (at[0].y() == at[1].y()) is beside
    for answer, said in ((first, "The guest goes on with copy.qcow2."), (second, "The guest stays where it is;")):
        meaning = next(each for each in panel.findChildren(QLabel) if each.text().startswith(said))
        assert answer.width() >= answer.sizeHint().width()
        assert answer.mapTo(panel, answer.rect().bottomRight()).x() <= panel.width()
        assert meaning.mapTo(panel, QPoint(0, 0)).x() == answer.mapTo(panel, QPoint(0, 0)).x()
        assert meaning.height() >= meaning.heightForWidth(meaning.width())
        assert meaning.contentsRect().width() == answer.width()


def test_what_an_operation_does_by_itself_is_not_offered(shown: Shown) -> None:
    panel, session = shown
    session.be(replace(STREAM, status="pending"))
    carriage = session.ask(STREAM)
    carriage.phase = Phase.RUNNING
    session.carriage_changed.emit(carriage)
    assert "Finish" not in verbs(panel, STREAM.id)


def test_a_machine_that_is_only_looked_at_has_no_verbs(shown: Shown) -> None:
    panel, session = shown
    session.read_only = "This is a recording: it can be looked at, and is never changed."
    session.be(MIRROR)
    assert verbs(panel, "diskchain-1") == set()


@pytest.mark.parametrize(
    ("word", "text", "read"),
    [
        ("completed", "", "✓ stream data-base into data-top · 2 min ago, 900 MiB in 9 s"),
        ("cancelled", "", "– stream data-base into data-top cancelled · 2 min ago, 900 MiB in 9 s"),
        (
            "failed",
            "No space\nleft",
            "✗ stream data-base into data-top failed · 2 min ago, 900 MiB in 9 s: No space·left",
        ),
    ],
)
def test_jobs_that_are_over_stay(shown: Shown, word: str, text: str, read: str) -> None:
    panel, session = shown
    session.be(STREAM)
    run(session, 9, diskchain_2=100 * MIB)
    session.happen(word, STREAM.id, text)
    session.be()
    session.sample(0.25)
    run(session, 125)
    panel.renew()
    assert panel.findChildren(JobRow) == [] or not panel.findChildren(JobRow)[0].isVisible()
    assert read in texts(panel)


def test_it_follows_the_chosen_machine_alone(shown: Shown, make_session: Callable[[], FakeSession]) -> None:
    panel, first = shown
    second = make_session()
    panel.set_session(cast("Session", second))
    first.be(MIRROR)
    panel.renew()
    assert "mirror" not in texts(panel)
    second.be(BACKUP)
    assert "backup" in texts(panel)


@pytest.fixture
def make_session() -> Callable[[], FakeSession]:
    return lambda: FakeSession(at=1000.0)


def test_nothing_is_renewed_while_hidden(shown: Shown, qtbot: QtBot) -> None:
    panel, session = shown
    session.be(MIRROR)
    panel.hide()
    before = texts(panel)
    run(session, 5, diskchain_1=100 * MIB)
    qtbot.wait(300)
    assert not panel._timer.isActive()
    assert texts(panel) == before
    panel.show()
    assert "500 MiB of 20 GiB" in texts(panel) or "0.5 of 20 GiB" in texts(panel)


def test_names_are_never_markup(shown: Shown) -> None:
    panel, session = shown
    session.be(replace(BACKUP, id="<b>x</b>", nodes=(("main node", "<i>n</i>"),), type="backup"))
    texts(panel)
    labels = [each for each in panel.findChildren(QLabel) if each.isVisible()]
    assert any("<i>n</i>" in each.text() for each in labels)
    assert all(each.textFormat() is Qt.TextFormat.PlainText for each in labels)


@pytest.mark.parametrize("link", ["lost", "ended", "failed"])
def test_without_a_line_a_job_is_unknown_and_cannot_be_steered(shown: Shown, link: str) -> None:
    panel, session = shown
    session.be(replace(MIRROR, status="ready", ready=True, offset=20 * GIB))
    session.ask(session.state.jobs[0])
    assert verbs(panel, "diskchain-1")
    session.link = link
    session.link_changed.emit()
    read = texts(panel)
    assert "unknown" in read.splitlines()
    assert "ready" not in read
    assert verbs(panel, "diskchain-1") == set()
    session.link = "live"
    session.link_changed.emit()
    assert "ready" in texts(panel).splitlines()
    assert {"Switch vdb to the copy", "Keep the copy as of now"} <= verbs(panel, "diskchain-1")


@pytest.mark.parametrize(("status", "invites"), [("running", True), ("inmigrate", False)])
def test_nothing_is_invited_where_nothing_can_be_done(shown: Shown, status: str, invites: bool) -> None:
    panel, session = shown
    session.state = replace(session.state, machine=replace(session.state.machine, status=status))
    panel.renew()
    assert ("Drop an overlay" in texts(panel)) is invites


def test_escape_closes_the_limit_before_it_is_a_key_of_the_window(qapp: QApplication, shown: Shown) -> None:
    panel, session = shown
    taken: list[bool] = []
    shortcut = QShortcut(QKeySequence("Esc"), panel)
    shortcut.activated.connect(lambda: taken.append(True))
    session.be(MIRROR)
    press(panel, "speed-diskchain-1")
    panel.activateWindow()
    field = part(panel, QLineEdit, "limit-field")
    QTest.keyClick(field, Qt.Key.Key_Escape)
    qapp.processEvents()
    assert not [each for each in panel.findChildren(QLineEdit, "limit-field") if each.isVisible()]
    assert not taken
    QTest.keyClick(panel, Qt.Key.Key_Escape)
    assert taken
