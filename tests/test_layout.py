"""Places by graphviz, and DOT text."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from diskchain.layout import Layouter, Placed, Shape, dot_source, in_ranks, read_plain, source
from diskchain.model.state import State
from diskchain.model.words import letters
from diskchain.session.tasks import Tasks
from tests.support import graphs
from tests.support.slow_dot import SlowDot

CHAIN = Shape(((190, 104),) * 4, ((3, 2), (2, 1), (1, 0)))
TWICE = Shape(((100, 40), (100, 40)), ((0, 1), (0, 1)))


def overlaps(shape: Shape, placed: Placed) -> bool:
    boxes = [(x, y, x + w, y + h) for (x, y), (w, h) in zip(placed.at, shape.sizes, strict=True)]
    return any(
        a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3] for n, a in enumerate(boxes) for b in boxes[n + 1 :]
    )


def check(shape: Shape, placed: Placed) -> None:
    assert len(placed.at) == len(shape.sizes)
    assert len(placed.curves) == len(shape.edges)
    assert not overlaps(shape, placed)
    for start, end in shape.edges:
        assert placed.at[start][0] > placed.at[end][0], "a parent stands left of what it uses"


@pytest.mark.parametrize("shape", [CHAIN, TWICE, Shape(((10, 10),), ())], ids=["chain", "twice", "one"])
def test_dot_places_a_shape(shape: Shape) -> None:
    layouter = Layouter()
    layouter.place_now([shape])
    placed = layouter.known(shape)
    assert placed is not None
    check(shape, placed)
    assert all(len(curve) % 3 == 1 for curve in placed.curves)


@pytest.mark.parametrize("files_first", [False, True])
def test_a_chain_runs_in_one_line_with_its_files_beneath(files_first: bool) -> None:
    """Images 0 (base) to 29, their files 30 to 59: as they are in Full graph, whatever comes first in QEMU's answer."""
    backing, files = [(at, at - 1) for at in range(1, 30)], [(at, at + 30) for at in range(30)]
    edges = tuple(files + backing if files_first else backing + files)
    straight = frozenset(number for number, edge in enumerate(edges) if edge in backing)
    shape = Shape(((190.0, 104.0),) * 60, edges, straight)
    layouter = Layouter()
    layouter.place_now([shape])
    placed = layouter.known(shape)
    assert placed is not None
    check(shape, placed)
    assert len({round(placed.at[at][1]) for at in range(30)}) == 1
    assert all(placed.at[at + 30][1] > placed.at[at][1] for at in range(1, 30)), "the base's file is left of it"
    assert placed.height < 3 * 104


def test_one_dot_answers_many_and_is_started_anew_when_it_died() -> None:
    async def work() -> None:
        layouter = Layouter()
        await layouter.place([CHAIN, TWICE, CHAIN])
        first = layouter._process
        assert first is not None
        first.kill()
        await first.wait()
        other = Shape(((50, 50), (60, 60)), ((1, 0),))
        await layouter.place([other])
        for shape in (CHAIN, TWICE, other):
            placed = layouter.known(shape)
            assert placed is not None
            check(shape, placed)
        await layouter.close()

    asyncio.run(work())


def test_closing_while_dot_is_at_work_leaves_no_process(tmp_path: Path) -> None:
    dot = SlowDot(tmp_path)

    async def work() -> None:
        layouter, tasks = Layouter(str(dot.program)), Tasks()
        tasks.start(layouter.place([CHAIN]), "layout")
        await dot.started()
        assert dot.alive
        async with asyncio.timeout(10):
            await tasks.end()
            assert not dot.alive, "what was given up is waited for by nobody"
            await layouter.close()

    asyncio.run(work(), debug=True)
    assert not dot.alive


def test_a_dot_that_takes_too_long_is_ended_with_what_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dot = SlowDot(tmp_path)
    monkeypatch.setattr("diskchain.layout._LIMIT", 1.0)

    async def work() -> Placed | None:
        layouter = Layouter(str(dot.program))
        async with asyncio.timeout(10):
            await layouter.place([CHAIN])
            await layouter.close()
        return layouter.known(CHAIN)

    assert asyncio.run(work(), debug=True) == in_ranks(CHAIN)
    assert dot.groups
    assert not dot.alive


def test_a_closed_layouter_starts_no_dot(tmp_path: Path) -> None:
    dot = SlowDot(tmp_path)

    async def work() -> Placed | None:
        layouter = Layouter(str(dot.program))
        await layouter.close()
        await layouter.place([CHAIN])
        return layouter.known(CHAIN)

    assert asyncio.run(work()) == in_ranks(CHAIN)
    assert not dot.groups


@pytest.mark.parametrize("program", [None, "/bin/false", "/bin/cat", "/no/such/program"])
def test_without_a_working_dot_things_stand_in_ranks(program: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("diskchain.layout.shutil.which", lambda _: None)

    async def work() -> Placed | None:
        layouter = Layouter(program)
        await layouter.place([CHAIN])
        await layouter.close()
        return layouter.known(CHAIN)

    monkeypatch.setattr("diskchain.layout._LIMIT", 0.5)
    assert asyncio.run(work()) == in_ranks(CHAIN)
    now = Layouter(program)
    now.place_now([CHAIN])
    assert now.known(CHAIN) == in_ranks(CHAIN)


def test_ranks_of_our_own() -> None:
    check(CHAIN, in_ranks(CHAIN))
    loop = Shape(((10, 10), (10, 10)), ((0, 1), (1, 0)))
    assert len(in_ranks(loop).at) == 2


def test_an_answer_that_does_not_fit_is_no_answer() -> None:
    assert read_plain("graph 1 1 1\nnode n0 0 0 1 1\nstop\n", CHAIN) is None
    assert read_plain("", CHAIN) is None


@pytest.mark.parametrize("answer", ["graph", "graph 1 x 1", "node n9 0 0", "edge", "node nx 1 1"])
def test_a_dot_that_talks_nonsense_is_not_asked_again(tmp_path: Path, answer: str) -> None:
    made = tmp_path / "dot"
    made.write_text(f"#!/bin/sh\nread line\necho '{answer}'\necho stop\nexec sleep 300\n")
    made.chmod(0o755)

    async def work() -> Placed | None:
        layouter = Layouter(str(made))
        await layouter.place([CHAIN])
        assert layouter._process is None
        await layouter.close()
        return layouter.known(CHAIN)

    assert asyncio.run(work()) == in_ranks(CHAIN)


def test_shapes_carry_no_names() -> None:
    assert source(CHAIN).count("->") == 3
    assert "label=" in source(CHAIN)


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("make", [graphs.talk, graphs.hostile, graphs.shared, graphs.mirroring, State])
def test_dot_text_is_understood_by_dot(make: Callable[[], State], full: bool) -> None:
    state = make()
    text = dot_source(state, full)
    done = subprocess.run(["dot", "-Tplain"], input=text, capture_output=True, text=True, check=True, timeout=30)
    nodes = [line for line in done.stdout.splitlines() if line.startswith("node ")]
    least = (
        len(state.graph.nodes)
        if full
        else sum(not state.graph.is_leftover_child(name) for name in state.graph.nodes) - 1
    )
    assert len(nodes) >= least
    assert done.stderr == ""


def test_hostile_names_are_labels_and_nothing_else() -> None:
    text = dot_source(graphs.hostile(), full=True)
    done = subprocess.run(["dot", "-Tsvg"], input=text, capture_output=True, text=True, check=True, timeout=30)
    assert "&lt;b&gt;bold&lt;/b&gt;" in done.stdout
    assert "font-weight" not in done.stdout


def test_letters_are_those_of_qemus_script() -> None:
    assert letters(("consistent-read", "write", "write-unchanged", "resize")) == "wrus"
    assert letters(("consistent-read",)) == "_r__"
    assert letters(()) == "____"


def test_equal_shapes_are_asked_for_once() -> None:
    shapes = [Shape(((9, 9), (9, 9)), ((0, 1),)) for _ in range(5)]
    layouter = Layouter()
    layouter.place_now(shapes)
    assert all(layouter.known(one) is layouter.known(other) for one, other in pairwise(shapes))
