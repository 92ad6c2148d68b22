"""Pictures in text, progress, changes, previews: what is printed."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from diskchain.cli import console
from diskchain.cli.changes import json_lines, text_lines
from diskchain.cli.describe import chains, described
from diskchain.cli.mermaid import mermaid, quoted
from diskchain.cli.progress import Progress, bar, line
from diskchain.model.diff import diff
from diskchain.model.job import Job
from diskchain.model.root import Device
from diskchain.model.state import State
from diskchain.operations.commit import Commit
from diskchain.operations.preview import prepare
from diskchain.operations.surroundings import Surroundings
from tests.support.graphs import chain, image, state

VDA = Device("vda", "/machine/peripheral/vda/virtio-backend", "virtio-blk", "top")


def small() -> State:
    return state([chain([("base", 1), ("mid", 0.5), ("top", 0.25)])], [VDA])


def test_mermaid_names_everything() -> None:
    drawn = mermaid(small(), full=False)
    assert drawn.startswith("flowchart RL\n")
    for name in ("base", "mid", "top", "vda", "backing"):
        assert name in drawn
    assert "base-file" not in drawn
    assert "base-file" in mermaid(small(), full=True)


@given(some.text())
def test_no_name_is_markup(name: str) -> None:
    label = quoted(name)
    assert not set(label) & set("\"<>`[]{}|()\n\\'&")
    plain = re.sub(r"#(\d+);", lambda code: chr(int(code[1])), label)
    assert plain == name
    assert f'["{label}' in mermaid(state([image(name or "x", 1)]), full=True) or not name


def test_progress_in_words() -> None:
    assert line("Commit", 5 << 20, 8 << 20, 2 << 20, (10.0, 20.0)) == "Commit, 62 % of 8 MiB, 2 MiB/s, 10–20 s left"
    assert line("Commit", 0, 0, None, None) == "Commit"
    assert bar(1, 2) == "[############............]"
    assert bar(9, 2).count("#") == 24


def test_progress_without_a_terminal_is_sparse(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress(console.tell, terminal=False)
    for done in range(1001):
        progress.show("Commit", done, 1000)
    progress.show("Commit")
    told = capsys.readouterr().err
    assert len(told.splitlines()) == 5
    assert "\r" not in told


def test_progress_on_a_terminal_stays_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress(console.tell, terminal=True)
    progress.show("Commit", 1, 1000, None, (100.0, 200.0))
    progress.show("Commit", 2, 1000)
    progress.clear()
    told = capsys.readouterr().err
    assert "\n" not in told
    assert told.endswith("\r")


@pytest.mark.parametrize("terminal", [False, True])
def test_no_foreign_name_steers_the_terminal(terminal: bool, capsys: pytest.CaptureFixture[str]) -> None:
    odd = "a\x1b[31m\nb\r\x9bc\u202e"
    progress = Progress(console.tell, terminal)
    progress.show(odd, 1, 1000)
    progress.clear()
    console.say(f"There is no node {odd} here.")
    console.tell(f"{odd}?", end="")
    told = capsys.readouterr().err
    assert set(told) - set("\r\n") == set(filter(str.isprintable, told))
    assert told.count("\n") == (1 if terminal else 2)
    assert told.endswith("a·[31m·b··c·?")


def test_the_preview_says_what_it_would_do() -> None:
    before = small()
    told = described(prepare(Commit("top", "base", "pivot"), before, Surroundings(stamp="1", serial=7)))
    assert "now       base <- mid <- top   (vda)" in told
    assert "after     base   (vda)" in told
    assert "changes   /images/base.qcow2" in told
    assert re.search(r"invalid +/images/top.qcow2\n +/images/mid.qcow2", told)
    assert "block-commit job-id=diskchain-7 device=top" in told


def test_hostile_names_do_not_reach_the_terminal() -> None:
    odd = state([image("a\x1b[2J\nb", 1, ro=False)])
    assert chains(odd) == ["a·[2J·b"]
    assert all(sign.isprintable() for sign in "".join(text_lines(State(), odd, diff(State(), odd), {})))


def test_changes_as_json() -> None:
    old, new = State(), small()
    (told,) = [part["graph"] for part in json_lines(old, new, diff(old, new)) if "graph" in part]
    assert isinstance(told, dict)
    assert set(told["added"]) == set(new.graph.nodes)
    job = Job("j", "commit", "running", 1, 8, nodes=(("main node", "top"),))
    working = replace(new, jobs=(job,))
    assert list(json_lines(new, working, diff(new, working))) == [
        {"job": {"id": "j", "type": "commit", "status": "running", "offset": 1, "len": 8, "speed": 0, "nodes": ["top"]}}
    ]
    (gone,) = json_lines(working, new, diff(working, new))
    assert gone == {"job": {"id": "j", "type": "commit", "status": "null"}}
    json.dumps(list(json_lines(old, working, diff(old, working))))


def test_changes_for_people() -> None:
    old, told = small(), dict[str, float]()
    assert list(text_lines(State(), old, diff(State(), old), told)) == [
        "chain base <- mid <- top   (vda)",
        "the machine is running",
    ]
    new = state([chain([("base", 1), ("top", 0.25)])], [VDA])
    lines = list(text_lines(old, new, diff(old, new), told))
    assert "- mid (qcow2, /images/mid.qcow2)" in lines
    assert "chain base <- top   (vda)" in lines


def test_job_progress_is_told_once_a_second_to_people() -> None:
    old, told = small(), dict[str, float]()
    lines: list[str] = []
    for offset in range(0, 100, 10):
        new = replace(old, jobs=(Job("j", "commit", "running", offset, 100),))
        lines += text_lines(old, new, diff(old, new), told)
        old = new
    paused = replace(old, jobs=(Job("j", "commit", "running", 90, 100, paused=True),))
    lines += text_lines(old, paused, diff(old, paused), told)
    assert lines == ["job j: commit running, 0 % of 100 B", "job j: commit paused, 90 % of 100 B"]
