"""What is judged and planned for jobs that run already, other clients' too."""

from __future__ import annotations

from dataclasses import replace

import pytest

from diskchain.operations import catalog
from diskchain.operations.job import SteerJob
from diskchain.operations.preview import prepare
from tests.operations.table import FOUR
from tests.support.states import NOTHING_ELSE, machine, with_job


@pytest.mark.parametrize(("do", "direct"), [("pause", True), ("speed", True), ("cancel", False)])
def test_others_jobs(do: str, direct: bool) -> None:
    before = with_job(machine(FOUR), "three")
    steered = SteerJob(do, "theirs", 1 if do == "speed" else None)
    assert prepare(steered, before, NOTHING_ELSE).allowed is direct
    assert prepare(replace(steered, foreign=True), before, NOTHING_ELSE).allowed
    assert not prepare(replace(steered, id="none"), before, NOTHING_ELSE).allowed


@pytest.mark.parametrize(("commands", "may"), [({"query-status"}, False), ({"query-status", "block-job-change"}, True)])
def test_a_running_mirror_is_changed_only_where_qemu_can(commands: set[str], may: bool) -> None:
    state = with_job(machine(FOUR), "three", kind="mirror")
    state = replace(state, machine=replace(state.machine, commands=frozenset(commands)))
    offer = next(each for each in catalog.offers_for_job(state, "theirs") if each.verb.startswith("Have writes"))
    assert offer.reason.endswith("begin it with copy-mode=write-blocking.") is not may
    preview = prepare(SteerJob("write-blocking", "theirs", foreign=True), state, NOTHING_ELSE)
    assert preview.allowed is may
    sent = [str(command) for command in preview.all_commands]
    assert bool(sent) is may
    assert not may or '"copy-mode": "write-blocking"' in sent[0]


def test_only_a_mirror_waits_with_writes() -> None:
    state = with_job(machine(FOUR), "three", kind="backup")
    assert not [each for each in catalog.offers_for_job(state, "theirs") if each.verb.startswith("Have writes")]
