"""Where jobs move data, from the nodes they hold."""

from __future__ import annotations

import pytest

from diskchain.model.flows import Flow, flow_of, flows
from diskchain.model.job import Job
from tests.support import graphs

BETWEEN = (("intermediate node", "overlay1"), ("intermediate node", "overlay2"))


ACTIVE = (("main node", "overlay3"), *BETWEEN, ("source", "overlay3"), ("target", "base"))


@pytest.mark.parametrize(
    ("job", "source", "target"),
    [
        (Job("j", "commit", "running", nodes=(("main node", "overlay3"), *BETWEEN, ("base", "base"))), "overlay2", "base"),
        (Job("j", "commit", "running", nodes=ACTIVE), "overlay3", "base"),
        (Job("j", "stream", "running", nodes=(("active node", "overlay3"), *BETWEEN)), "overlay1", "overlay3"),
        (Job("j", "stream", "running", nodes=(("main node", "overlay3"),)), "overlay2", "overlay3"),
        (Job("j", "backup", "running", nodes=(("main node", "overlay3"), ("target", "data-top"))), "overlay3", "data-top"),
    ],
)  # fmt: skip
def test_ends(job: Job, source: str, target: str) -> None:
    assert flow_of(graphs.talk(), job) == Flow("j", source, target)


@pytest.mark.parametrize(
    "job",
    [
        Job("j", "create", "running"),
        Job("j", "mirror", "running", nodes=(("source", "overlay3"),)),
        Job("j", "commit", "running", nodes=(("main node", "gone"),)),
        Job("j", "made-up", "running", nodes=(("main node", "base"),)),
    ],
)
def test_jobs_that_do_not_tell_have_no_flow(job: Job) -> None:
    assert flow_of(graphs.talk(), job) is None


def test_concluded_jobs_move_nothing() -> None:
    state = graphs.mirroring()
    assert len(flows(state)) == 1
    over = graphs.state([], jobs=[Job("m1", "mirror", "concluded", nodes=state.jobs[0].nodes)])
    assert flows(over) == ()
