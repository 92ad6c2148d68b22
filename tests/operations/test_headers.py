"""What goes into the header of an overlay: a name that leads to the right file for whoever opens it later, or nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from diskchain.model.paths import absolute
from diskchain.operations.chains import header_name
from diskchain.operations.commit import Commit
from diskchain.operations.operation import Operation
from diskchain.operations.preview import prepare
from diskchain.operations.snapshot import Snapshot
from diskchain.operations.steps import Free, Send
from diskchain.operations.stream import Stream
from diskchain.operations.surroundings import Surroundings
from tests.operations.table import FOUR
from tests.support.states import NOTHING_ELSE, machine


@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        ("/a/../b", "/a/../b"),
        ("b.img", "/w/x/b.img"),
        ("./b.img", "/w/x/b.img"),
        ("../b.img", "/w/b.img"),
        ("../../../b.img", "/b.img"),
        ("link/../b.img", "/w/x/link/../b.img"),
        ("nbd://host/x", "nbd://host/x"),
        ("", "/w/x"),
    ],
)
def test_names_are_made_absolute_as_the_kernel_would(told: str, wanted: str) -> None:
    assert absolute(told, "/w/x") == wanted


@pytest.mark.parametrize(
    ("overlay", "below", "real", "wanted"),
    [
        ("/a/o", "/a/b", {}, "b"),
        ("/a/o", "/a/sub/b", {}, "sub/b"),
        ("/a/o", "/b/b", {}, "/b/b"),
        ("/a/o", "/a/link/../b", {}, "/a/link/../b"),
        ("/a/o", "/b/b", {"/a": "/a", "/b": "/b"}, "../b/b"),
        ("/a/o", "/b/b", {"/a": "/deep/er/a", "/b": "/b"}, "../../../b/b"),
        ("/a/o", "/a/sub/b", {"/a": "/a", "/a/sub": "/far"}, "../far/b"),
        ("/a/o", "/link/b", {"/a": "/a", "/link": "/a"}, "b"),
        ("/a/o", "nbd://host/x", {}, "nbd://host/x"),
        ("/a/o", "/a/we:ird", {}, "./we:ird"),
    ],
)
def test_a_relative_name_is_right_also_behind_links(
    overlay: str, below: str, real: dict[str, str], wanted: str
) -> None:
    assert header_name(overlay, below, True, real) == wanted
    assert header_name(overlay, below, False, real) == below


@pytest.mark.parametrize("told", ["/dev/fdset/2", "/dev/fd/7", "/proc/self/fd/7", "/proc/12/fd/3", "//dev/stdin"])
def test_an_open_file_that_qemu_was_given_has_no_name_for_a_header(told: str) -> None:
    before = machine(FOUR)
    given = [replace(before.graph.nodes[name], file=told) for name in ("one", "three")]
    before = replace(before, graph=before.graph.with_nodes(given))
    for operation in (Snapshot(files={"vda": "/i/new.qcow2"}), Commit("two", "one"), Stream("three", "one")):
        texts = " ".join(objection.text for objection in prepare(operation, before, Surroundings()).objections)
        assert f"was handed to QEMU as an open file ({told}): no header can name it." in texts
    assert prepare(Commit("three", "one"), before, NOTHING_ELSE).allowed, "no header is written"


@pytest.mark.parametrize("operation", [Commit("one", "base"), Stream("two", "base")])
@pytest.mark.parametrize(("cluster", "fits"), [(512, False), (1024, False), (65536, True), (None, True)])
def test_a_header_has_room_for_the_name(operation: Operation, cluster: int | None, fits: bool) -> None:
    before = machine(FOUR)
    graph = before.graph
    far = replace(graph.nodes["base"], file=f"/{'far/' * 125}base.qcow2")
    small = replace(graph.nodes["two"], cluster_size=cluster)
    before = replace(before, graph=graph.with_nodes([far, small]))
    preview = prepare(operation, before, NOTHING_ELSE)
    assert preview.allowed is fits, preview.objections


def test_a_header_is_tried_out_before_a_commit_below_an_overlay_that_is_only_read() -> None:
    preview = prepare(Commit("one", "base"), machine(FOUR), NOTHING_ELSE)
    names = [step.command.name if isinstance(step, Send) else type(step).__name__ for step in preview.draft.steps]
    assert names[:5] == ["change-backing-file", "block-commit", "Wait", "Free", "job-finalize"]
    arguments = preview.commands[0].arguments
    assert arguments["backing-file"] == preview.before.graph.nodes["two"].header_backing
    assert arguments["image-node-name"] == "two"
    preview = prepare(Commit("two", "one"), machine(FOUR), NOTHING_ELSE)
    assert preview.commands[0].name == "block-commit", "the active image is open for writing"
    assert [step.written for step in preview.draft.steps if isinstance(step, Free)] == [()]


@pytest.mark.parametrize(("said", "kind"), [(None, "qcow2"), ("/i/one.qcow2", "raw")])
def test_what_cannot_be_tried_out_is_not_begun(said: str | None, kind: str) -> None:
    before = machine(FOUR)
    odd = replace(before.graph.nodes["two"], header_backing=said, header_backing_format=kind)
    before = replace(before, graph=before.graph.with_nodes([odd]))
    preview = prepare(Commit("one", "base"), before, NOTHING_ELSE)
    assert any("cannot be tried out" in objection.text for objection in preview.objections)
