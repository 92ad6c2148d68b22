"""How a machine stands, in words."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import cast

import pytest

from diskchain.model.state import Recorded, State
from diskchain.session.session import Session
from diskchain.widgets.panels.facts import facts_of_machine
from diskchain.widgets.standing import inspector_note, second_line, strip_note, strip_tone, why_not
from tests.support.states import machine


class Stood:
    """What these words ask of a session."""

    def __init__(self, state: State, target: str = "/run/vm.qmp", age: float = 0.0) -> None:
        self.state, self.target, self.link, self.read_only = state, target, "live", ""
        self.link_text, self.looked_at = "", time.monotonic() - age


def stands(state: State, target: str = "/run/vm.qmp", age: float = 0.0) -> Session:
    return cast("Session", Stood(state, target, age))


def in_state(status: str, io_status: str = "ok") -> State:
    """One disk, with a guest in this state."""
    state = machine({"vda": "base <- top"})
    disks = tuple(replace(device, io_status=io_status) for device in state.devices)
    return replace(state, machine=replace(state.machine, status=status), devices=disks)


@pytest.mark.parametrize(
    ("status", "io_status", "says", "tone", "refused"),
    [
        ("running", "ok", "", "amber", False),
        ("paused", "ok", "resumed (cont)", "amber", False),
        ("prelaunch", "ok", "not been started yet", "amber", False),
        ("io-error", "failed", "An I/O error on vda stopped the guest", "red", False),
        ("io-error", "nospace", "No space is left for vda", "red", False),
        ("inmigrate", "ok", "waits for a guest to move in", "amber", True),
        ("finish-migrate", "ok", "is moving to another machine", "amber", True),
        ("postmigrate", "ok", "has moved to another machine", "amber", True),
        ("colo", "ok", "", "amber", True),
    ],
)
def test_a_guest_that_stands_still(status: str, io_status: str, says: str, tone: str, refused: bool) -> None:
    session = stands(in_state(status, io_status))
    assert says in strip_note(session)
    assert bool(strip_note(session)) is bool(says)
    assert strip_tone(session) == tone
    assert bool(why_not(session)) is refused


def test_an_age_is_told_where_qemu_answers_slowly() -> None:
    assert "what is shown is 5 s old" in strip_note(stands(in_state("running"), age=5))


def test_a_recording_tells_its_time_and_its_age_is_none() -> None:
    state = in_state("paused")
    moment = Recorded(time.mktime((2026, 11, 28, 13, 20, 0, 0, 0, -1)), 42)
    recorded = replace(state, machine=replace(state.machine, recorded=moment))
    session = stands(recorded, "replay:/tmp/night.jsonl", age=5)
    assert strip_note(session) == "Shown is its last moment, 42 s in: 2026-11-28 13:20:42."
    assert second_line(session) == "recording · 2026-11-28 13:20"
    assert inspector_note(session).startswith("As it was recorded. Shown is its last moment")
    assert Recorded(None, 42, last=False).sentence == "Shown is a moment of it, 42 s in."
    assert Recorded(1e9, 1e300).time == ""


def test_facts_that_are_not_so_now_say_when_they_were() -> None:
    session = stands(in_state("running"), age=75)
    assert inspector_note(session) == ""
    assert facts_of_machine(in_state("running")).facts[2].value == "running"
    cast("Stood", session).link = "lost"
    assert inspector_note(session).startswith("Last seen 1 min ago: all this was so then.")
    assert facts_of_machine(in_state("running"), now=False).facts[2].value == "running then"


def test_what_is_wrong_with_bases_is_said_once_of_each_kind() -> None:
    state = machine({"vda": "base <- top", "vdb": "low <- high", "vdc": "deep <- flat"})
    wrong = {"base": "/images/gone.qcow2", "deep": "/images/lost.qcow2", "low": "/images/high.qcow2"}
    nodes = [replace(state.graph.nodes[name], header_backing=said) for name, said in wrong.items()]
    session = stands(replace(state, graph=state.graph.with_nodes(nodes)))
    said = strip_note(session)
    assert "base names gone.qcow2, which is not open here" in said
    assert "low names high.qcow2, which lies above: a loop" in said
    assert "lost.qcow2" not in said
    assert strip_tone(session) == "red"


@pytest.mark.parametrize(
    ("status", "managed", "line"),
    [
        ("running", "", "unix · QEMU 7.2.22 · running"),
        ("paused", "", "paused · QEMU 7.2.22"),
        ("io-error", "", "stopped on an I/O error"),
        ("running", "libvirt", "libvirt, read-only"),
    ],
)
def test_the_line_under_the_name_begins_with_what_is_out_of_the_ordinary(status: str, managed: str, line: str) -> None:
    state = in_state(status)
    assert second_line(stands(replace(state, machine=replace(state.machine, managed=managed)))) == line


def test_a_long_version_leaves_out_the_way_to_it() -> None:
    state = in_state("running")
    assert (
        second_line(stands(replace(state, machine=replace(state.machine, qemu="10.0.13")))) == "QEMU 10.0.13 · running"
    )


def test_a_storage_daemon_is_no_cause_for_alarm() -> None:
    state = machine({"vda": "base <- top"})
    daemon = replace(state, machine=replace(state.machine, status="", commands=frozenset()), devices=())
    assert "no guest" in strip_note(stands(daemon))
    assert strip_tone(stands(daemon)) == "quiet"
