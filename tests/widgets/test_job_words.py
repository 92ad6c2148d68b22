"""The words of jobs: which bytes are which."""

from __future__ import annotations

from dataclasses import replace

from diskchain.model.measured import Past
from diskchain.model.sample import Sample
from diskchain.model.throughput import Meter
from diskchain.model.titles import JobTitle
from diskchain.widgets.words import past_line, progress_line
from tests.support.fake_session import MIB, MIRROR


def test_the_bytes_of_a_job_are_told_apart() -> None:
    title = JobTitle("stream", "mid", "top", "vda")
    past = Past("s", title, "completed", 90.0, 9.0, 64 * MIB, 32 * MIB)
    assert past_line(past, 100.0).text.endswith(
        "64 MiB in 9 s (at most 32 MiB of it moved, the rest was zeroes or holes)"
    )
    grown = replace(past, done=50 * MIB, moved=50 * MIB, grown=2 * MIB)
    assert past_line(grown, 100.0).text.endswith("50 MiB in 9 s (2 MiB of it written meanwhile)")
    meter = Meter()
    meter.feed(Sample(0.0), ())
    for at in (0.5, 1.0):
        meter.feed(Sample(at, jobs={MIRROR.id: (int(at * MIB), int((38 + 4 * at) * MIB))}), (MIRROR,))
    assert progress_line(MIRROR, meter).startswith("1 of 42 MiB, 2 MiB of it written meanwhile")
