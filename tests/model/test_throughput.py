"""The meter: rates, ranges of time left, what was skipped, what is over."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diskchain.model.graph import BlockGraph
from diskchain.model.job import Job
from diskchain.model.node import Edge, Kind, Node
from diskchain.model.ring import Ring
from diskchain.model.root import Device
from diskchain.model.sample import Counters, Sample
from diskchain.model.state import State
from diskchain.model.throughput import Meter
from diskchain.model.titles import job_title, plain

MIB = 1 << 20
GIB = 1 << 30
MIRROR = Job("m", "mirror", "running", nodes=(("source", "top"), ("target", "copy")))


def fed(
    offset: Callable[[float], float],
    until: float,
    job: Job = MIRROR,
    length: Callable[[float], float] = lambda _: 20 * GIB,
    step: float = 0.1,
    first: bool = True,
) -> Meter:
    """A meter fed with one job whose offset and length are functions of time; `first`: seen from its first byte."""
    meter = Meter()
    if first:
        meter.feed(Sample(0.0), ())
    for number in range(1, round(until / step) + 1):
        at = number * step
        meter.feed(Sample(at, jobs={job.id: (int(offset(at)), int(length(at)))}), (job,))
    return meter


def test_a_steady_copy() -> None:
    meter = fed(lambda at: 200 * MIB * at, 10)
    assert meter.rate("m") == pytest.approx(200 * MIB, rel=0.02)
    left = meter.left("m")
    assert left is not None
    low, high = left
    true = (20 * GIB - 2000 * MIB) / (200 * MIB)
    assert low < true < high
    assert high < 1.5 * low
    assert meter.moved("m") == pytest.approx(2000 * MIB)
    assert meter.skipped("m") == 0


def test_nothing_is_told_before_the_window_is_full() -> None:
    meter = fed(lambda at: 200 * MIB * at, 1.8)
    assert meter.rate("m") is None
    assert meter.left("m") is None
    assert meter.rate("unknown") is None
    assert meter.left("unknown") is None


def test_the_range_is_wider_when_the_rate_swings() -> None:
    steady = fed(lambda at: 100 * MIB * at, 20).left("m")
    swinging = fed(lambda at: 100 * MIB * (at + math.sin(0.8 * at)), 20).left("m")
    assert steady is not None
    assert swinging is not None
    assert swinging[1] / swinging[0] > 1.5 * steady[1] / steady[0]


def test_a_limited_mirror_moves_in_steps_and_the_rate_is_the_limit() -> None:
    job = replace(MIRROR, speed=4 * MIB)
    rates = {
        round(rate / MIB, 1)
        for until in (30.0, 31.1, 32.2, 33.3, 34.4)
        if (rate := fed(lambda at: at // 4 * 16 * MIB, until, job).rate("m")) is not None
    }
    assert len(rates) <= 3
    assert all(2.0 <= rate <= 6.0 for rate in rates)


def test_holes_are_told_apart_under_a_limit() -> None:
    job = Job("s", "stream", "running", speed=MIB)
    meter = fed(lambda at: 10 * GIB + MIB * at, 20, job)
    moved, skipped = meter.moved("s"), meter.skipped("s")
    assert moved is not None
    assert skipped is not None
    assert moved == pytest.approx(20 * MIB, abs=2 * MIB)
    assert skipped == pytest.approx(10 * GIB, rel=0.01)
    assert meter.rate("s") == pytest.approx(MIB, rel=0.1)


def test_a_jump_that_no_copy_makes_is_skipped_without_a_limit() -> None:
    meter = fed(lambda at: 100 * MIB * at + (10 * GIB if at > 5 else 0), 10)
    skipped = meter.skipped("m")
    assert skipped is not None
    assert skipped > 8 * GIB
    rate = meter.rate("m")
    assert rate is not None
    assert rate < 200 * MIB


def test_totals_are_not_told_where_the_start_was_not_seen() -> None:
    meter = fed(lambda at: 5 * GIB + MIB * at, 5, first=False)
    assert meter.moved("m") is None
    assert meter.skipped("m") is None
    assert meter.rate("m") == pytest.approx(MIB, rel=0.05)


def test_a_job_without_work_and_an_offset_that_falls() -> None:
    meter = fed(lambda _: 0, 5, length=lambda _: 0)
    assert meter.rate("m") == 0
    assert meter.left("m") is None
    meter = fed(lambda at: 100 * MIB * at if at < 5 else 10 * MIB * (at - 5), 8)
    assert meter.rate("m") == pytest.approx(10 * MIB, rel=0.05)


def test_short_pauses_of_qemu_do_not_count() -> None:
    meter = fed(lambda at: 100 * MIB * at, 5)
    paused = replace(MIRROR, status="paused", paused=True)
    meter.feed(Sample(5.1, jobs={"m": (510 * MIB, 20 * GIB)}), (paused,))
    assert not meter.paused("m", 5.2)
    meter.feed(Sample(5.2, jobs={"m": (520 * MIB, 20 * GIB)}), (MIRROR,))
    assert not meter.paused("m", 9.0)
    assert meter.rate("m") == pytest.approx(100 * MIB, rel=0.05)


def test_a_pause_by_a_user_shows_and_ends() -> None:
    meter = fed(lambda at: 100 * MIB * at, 5)
    paused = replace(MIRROR, status="paused", paused=True)
    for at in (5.1, 5.5, 6.0):
        meter.feed(Sample(at, jobs={"m": (500 * MIB, 20 * GIB)}), (paused,))
    assert meter.paused("m", 6.0)
    assert meter.rate("m") == 0
    assert meter.left("m") is None
    for tenth in range(1, 31):
        meter.feed(Sample(60 + tenth / 10, jobs={"m": ((500 + 10 * tenth) * MIB, 20 * GIB)}), (MIRROR,))
    assert meter.rate("m") == pytest.approx(100 * MIB, rel=0.05)


def test_a_mirror_that_the_guest_outruns() -> None:
    outrun = fed(lambda at: 50 * MIB * at, 15, length=lambda at: GIB + 60 * MIB * at)
    assert not outrun.converging("m")
    assert outrun.left("m") is None
    gains = fed(lambda at: 50 * MIB * at, 15, length=lambda at: GIB + 20 * MIB * at)
    assert gains.converging("m")
    left = gains.left("m")
    assert left is not None
    true = (GIB - 30 * MIB * 15) / (30 * MIB)
    assert left[0] < true < left[1]


def test_rates_of_devices_and_nodes() -> None:
    meter = Meter()
    for second in range(5):
        counters = Counters(read_bytes=second * MIB, written_bytes=second * 3 * MIB)
        meter.feed(Sample(float(second), devices={"vda": counters}, nodes={"n": counters, "uncounted": Counters()}), ())
    for rates in (meter.device_rates("vda"), meter.node_rates("n")):
        assert rates is not None
        assert (rates.read, rates.written) == (MIB, 3 * MIB)
    assert meter.node_rates("uncounted") is None
    assert meter.device_rates("vdb") is None
    meter.feed(Sample(5.0), ())
    assert meter.device_rates("vda") is not None  # a sample of jobs alone says nothing of devices
    meter.feed(Sample(6.0, devices={"vda": Counters(1, 1)}), ())
    assert meter.device_rates("vda") is None  # counted anew
    assert [series.label for series in meter.series()] == ["guest reads", "guest writes"]


def test_a_job_that_ends_is_kept_with_its_outcome() -> None:
    state = State(
        graph=BlockGraph({"mid": Node("mid", "qcow2", Kind.FORMAT), "top": Node("top", "qcow2", Kind.FORMAT)}),
        jobs=(Job("s", "stream", "running", nodes=(("active node", "top"), ("intermediate node", "mid"))),),
    )
    meter = fed(lambda at: 100 * MIB * at, 9, state.jobs[0])
    meter.note(state)
    meter.mark(9.0, "completed", "s")
    meter.feed(Sample(9.1), ())
    (past,) = meter.past
    assert (past.title.sentence, past.word) == ("stream mid into top", "completed")
    assert past.seconds == pytest.approx(9.0)
    assert (past.done, past.moved, past.grown) == (900 * MIB, 900 * MIB, 0)
    (series,) = meter.series()
    assert series.ended == 9.1
    assert series.values[-1] == 0.0
    meter.feed(Sample(620.0), ())
    assert meter.series() == ()
    assert meter.past == (past,)


def test_what_the_guest_wrote_meanwhile_is_told_apart() -> None:
    meter = fed(lambda at: 10 * MIB * at, 3, length=lambda at: (40 + at) * MIB)
    assert meter.grown("m") == pytest.approx(2.9 * MIB, rel=0.01)
    meter.feed(Sample(3.05, jobs={"m": (30 * MIB, 43 * MIB)}), (replace(MIRROR, status="concluded", nodes=()),))
    meter.feed(Sample(3.1), ())
    assert meter.past[0].done == 30 * MIB
    assert meter.past[0].grown == pytest.approx(2.9 * MIB, rel=0.01)
    assert fed(lambda at: MIB * at, 3, length=lambda at: at * MIB, first=False).grown("m") == 0


def test_two_steps_at_the_beginning_are_no_zeroes() -> None:
    limited = Job(
        "c", "commit", "running", speed=20 * MIB, nodes=(("source", "top"), ("target", "base")), length=48 * MIB
    )
    steps = {3: 32, 16: 48}
    meter = fed(lambda at: max((m for n, m in steps.items() if at >= n / 10), default=0) * MIB, 2.5, limited)
    assert (meter.moved("c"), meter.skipped("c")) == (48 * MIB, 0)


def test_an_outcome_told_late_or_of_a_job_never_sampled() -> None:
    meter = fed(lambda at: MIB * at, 3)
    meter.feed(Sample(3.1), ())
    assert meter.past[0].word == "ended"
    meter.mark(3.2, "failed", "m", "No space left on device")
    assert [(past.word, past.text) for past in meter.past] == [("failed", "No space left on device")]
    meter.mark(4.0, "started", "quick")
    meter.mark(4.2, "completed", "quick")
    assert meter.past[0].job == "quick"
    assert meter.past[0].seconds == pytest.approx(0.2)


QUICK = Job("q", "commit", "running", nodes=(("top", "a5"), ("base", "a4")))
LISTED = State(jobs=(QUICK,))


def test_a_short_job_whose_end_is_told_before_it_is_listed_is_told_once() -> None:
    meter = Meter()
    meter.feed(Sample(0.0), ())
    meter.mark(0.4, "started", "q")
    meter.mark(0.5, "completed", "q", kind="commit")
    assert [(past.title.sentence, past.word) for past in meter.past] == [("commit q", "completed")]
    meter.note(LISTED)  # the answer to a question that was asked before the job ended
    meter.feed(Sample(0.6, jobs={"q": (MIB, MIB)}), (QUICK,))
    meter.feed(Sample(1.1), ())
    assert [(past.title, past.word) for past in meter.past] == [(job_title(QUICK, LISTED), "completed")]
    assert meter.series() == ()
    meter.mark(1.5, "started", "q")
    meter.feed(Sample(1.6, jobs={"q": (MIB, 2 * MIB)}), (QUICK,))
    assert meter.progress("q") == (MIB, 2 * MIB), "the same id again is another job"


def test_a_short_job_that_stays_listed_until_it_is_dismissed_is_told_once() -> None:
    meter = Meter()
    meter.mark(0.5, "failed", "q", "No space left on device", "commit")
    for number in range(1, 40):
        meter.feed(Sample(number * 0.5), (replace(QUICK, status="concluded", nodes=()),))
    meter.feed(Sample(21.0), ())
    assert [past.word for past in meter.past] == ["failed"]


def test_two_jobs_that_end_at_once_have_an_outcome_each() -> None:
    meter, two = Meter(), (QUICK, replace(QUICK, id="r"))
    meter.feed(Sample(0.0), two)
    meter.feed(Sample(0.5), ())
    for job in two:
        meter.mark(0.6, "completed", job.id)
    assert [(past.job, past.word) for past in meter.past] == [("r", "completed"), ("q", "completed")]


def test_curves_of_jobs_that_do_the_same_are_numbered() -> None:
    first = Job("c1", "commit", "running", nodes=(("top", "a5"), ("base", "a4")))
    meter, again = Meter(), replace(first, id="c2")
    meter.note(State(jobs=(first, again)))
    meter.feed(Sample(0.5), (first,))
    meter.feed(Sample(1.0), (again,))
    label = job_title(first, State()).named
    assert [series.label for series in meter.series()] == [label, f"{label} (2)"]


def test_an_id_used_again_is_another_run() -> None:
    meter = fed(lambda at: MIB * at, 3)
    meter.feed(Sample(3.1), ())
    meter.feed(Sample(3.2, jobs={"m": (0, GIB)}), (MIRROR,))
    keys = [series.key for series in meter.series()]
    assert len(keys) == len(set(keys)) == 2


def test_a_job_after_a_gap_is_not_taken_for_new() -> None:
    meter = Meter()
    meter.feed(Sample(0.0), ())
    meter.feed(Sample(60.0, jobs={"m": (GIB, 20 * GIB)}), (MIRROR,))
    assert meter.moved("m") is None


@given(st.lists(st.tuples(st.floats(0, 2), st.integers(0, 2**40), st.integers(0, 2**40), st.booleans()), max_size=60))
@settings(max_examples=60, deadline=None)
def test_no_course_of_samples_breaks_it(course: Iterable[tuple[float, int, int, bool]]) -> None:
    meter, at = Meter(), 0.0
    for pause, offset, length, there in course:
        at += pause
        job = replace(MIRROR, speed=offset % 3 * MIB, paused=bool(length % 2))
        meter.feed(Sample(at, jobs={"m": (offset, length)} if there else {}), (job,) if there else ())
        left, rate = meter.left("m"), meter.rate("m")
        assert left is None or 0 < left[0] <= left[1]
        assert rate is None or rate >= 0
    for series in meter.series():
        assert list(series.times) == sorted(series.times)
        assert all(value >= 0 for value in series.values)


@given(st.integers(1, 20), st.integers(0, 70))
def test_a_ring_is_the_newest_part(capacity: int, count: int) -> None:
    ring = Ring(capacity)
    for number in range(count):
        ring.append(float(number), float(-number))
    times, values = ring.view()
    newest = [float(number) for number in range(count)][-capacity:]
    assert list(times) == newest
    assert list(values) == [-each for each in newest]
    assert len(ring) == len(newest)
    assert ring.last == ((newest[-1], -newest[-1]) if newest else None)


def chain() -> State:
    nodes = {name: Node(name, "qcow2", Kind.FORMAT, file=f"/images/{name}.qcow2") for name in ("l0", "l1", "l2", "l3")}
    nodes["cbw"] = Node("cbw", "copy-before-write", Kind.FILTER)
    nodes["copy"] = Node("copy", "nbd", Kind.PROTOCOL, file="nbd://dest/vdb?tls=x")
    nodes["out"] = Node("out", "qcow2", Kind.FORMAT, file="/backup/out.0.qcow2")
    edges = [Edge(f"l{n}", f"l{n - 1}", "backing") for n in (3, 2, 1)]
    edges += [Edge("cbw", "l3", "file"), Edge("cbw", "out", "target")]
    return State(graph=BlockGraph(nodes, tuple(edges)), devices=(Device("vdb", "q", "virtio-blk", "cbw"),))


@pytest.mark.parametrize(
    ("kind", "nodes", "long", "short", "sentence"),
    [
        ("mirror", (("main node", "cbw"), ("source", "l3"), ("target", "copy")),
         "mirror · vdb → nbd://dest/vdb", "mirror vdb", "mirror vdb into nbd://dest/vdb"),
        ("backup", (("main node", "cbw"), ("target", "out")),
         "backup · vdb → out.0.qcow2", "backup vdb", "backup vdb to out.0.qcow2"),
        ("commit", (("main node", "l3"), ("intermediate node", "l1"), ("intermediate node", "l2"), ("base", "l0")),
         "commit · l2 and l1 → l0", "commit vdb", "commit l2 and l1 into l0"),
        ("commit", (("main node", "f"), ("source", "l3"), ("target", "l0"), ("intermediate node", "l2"),
                    ("intermediate node", "l1")), "commit · 3 overlays → l0", "commit vdb", "commit 3 overlays into l0"),
        ("stream", (("active node", "l3"), ("intermediate node", "l2")),
         "stream · l2 → l3", "stream vdb", "stream l2 into l3"),
        ("stream", (("active node", "l3"), ("intermediate node", "l2"), ("intermediate node", "l1"),
                    ("intermediate node", "l0")), "stream · 3 images → l3", "stream vdb", "stream 3 images into l3"),
        ("create", (), "create · j", "create j", "create j"),
    ],
)  # fmt: skip
def test_titles(kind: str, nodes: tuple[tuple[str, str], ...], long: str, short: str, sentence: str) -> None:
    title = job_title(Job("j", kind, "running", nodes=nodes), chain())
    assert (title.long, title.short, title.sentence) == (long, short, sentence)


def test_foreign_names_stay_on_one_line() -> None:
    assert plain("a\nb\tc") == "a·b·c"
    assert plain("<b>x</b>") == "<b>x</b>"
    assert len(plain("n" * 300)) <= 41


def test_a_job_that_has_let_go_of_its_nodes_keeps_its_title() -> None:
    meter, state = Meter(), chain()
    at_work = Job("s", "stream", "running", nodes=(("active node", "top"), ("intermediate node", "mid")))
    meter.note(replace(state, jobs=(at_work,)))
    known = meter.title(at_work)
    over = replace(at_work, status="concluded", nodes=())
    meter.note(replace(state, jobs=(over,)))
    assert meter.title(over) == known
    another = replace(at_work, nodes=(("active node", "mid"), ("intermediate node", "base")))
    meter.note(replace(state, jobs=(another,)))
    assert meter.title(another) != known


def test_it_rests_once_nothing_moved_for_two_samples() -> None:
    meter = Meter()
    rested = []
    for at in range(12):
        written = min(at, 4) * MIB
        meter.feed(Sample(float(at), {"vda": Counters(written_bytes=written)}, {"top": Counters(read_bytes=7)}), ())
        rested.append(meter.rested)
    assert rested == [False] * 7 + [True] * 5, "the rate is zero from the sixth second on"
    meter.feed(Sample(12.0, {"vda": Counters(written_bytes=5 * MIB)}), ())
    assert not meter.rested
    meter = Meter()
    for at in range(9):
        meter.feed(Sample(float(at), {"vda": Counters()}, jobs={"m": (0, MIB)}), (MIRROR,))
    assert not meter.rested, "a job is there, though it stands"
