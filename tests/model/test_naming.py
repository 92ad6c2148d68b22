"""What nodes are called in sentences where nobody named them."""

from __future__ import annotations

from dataclasses import replace

from diskchain.model.graph import BlockGraph
from diskchain.model.job import Job
from diskchain.model.naming import Naming
from diskchain.model.node import Edge, Node, kind_of
from diskchain.model.state import Machine, State
from diskchain.model.titles import job_title

_FILES = {1: "/i/base.qcow2", 3: "/i/mid.qcow2", 5: "/i/top.qcow2"}


def nameless() -> BlockGraph:
    """Base <- mid <- top as `-drive` gives it: nobody named the images nor their files."""
    nodes = [Node(f"#block{n}", "qcow2", kind_of("qcow2"), file) for n, file in _FILES.items()]
    nodes += [Node(f"#block{n + 1}", "file", kind_of("file"), file) for n, file in _FILES.items()]
    edges = [Edge(f"#block{n}", f"#block{n + 1}", "file") for n in _FILES]
    edges += [Edge("#block5", "#block3", "backing"), Edge("#block3", "#block1", "backing")]
    return BlockGraph().with_nodes(nodes, edges)


def test_an_image_is_called_by_its_file() -> None:
    naming = Naming(nameless())
    said = naming.said("#block3 goes into #block1, #block3: done. #block35 and #block2 are others.")
    assert said == "mid.qcow2 goes into base.qcow2, mid.qcow2: done. #block35 and base.qcow2 (#block2) are others."
    assert naming.said(said) == said
    assert naming.exact("#block3") == "#block3 (mid.qcow2)"
    assert [naming.of(name) for name in ("#block3", "#block35", "named")] == ["mid.qcow2", "#block35", "named"]


def test_paths_stay_as_they_are() -> None:
    text = "/i/#block3 and x#block3 and /i/#block3/y"
    assert Naming(nameless()).said(text) == text


def test_two_images_with_the_same_file_name_are_told_apart() -> None:
    """Whether the other one has a node-name or not, and where that node-name itself is such a word."""
    for other in (
        Node("#block8", "qcow2", kind_of("qcow2"), "/other/mid.qcow2"),
        Node("mid.qcow2", "raw", kind_of("raw"), "/x"),
    ):
        naming = Naming(nameless().with_nodes([other]))
        assert naming.of("#block3") == "mid.qcow2 (#block3)"
        assert naming.of("#block1") == "base.qcow2"


def test_filters_and_nodes_without_a_file_keep_their_names() -> None:
    odd = [
        Node("#block8", "throttle", kind_of("throttle"), "/i/mid.qcow2"),
        Node("#block9", "null-co", kind_of("null-co")),
    ]
    naming = Naming(nameless().with_nodes(odd))
    assert naming.said("#block8 lies above #block3 and #block9.") == "#block8 lies above mid.qcow2 and #block9."


def test_a_file_name_cannot_break_a_line() -> None:
    graph = nameless()
    forged = replace(graph.nodes["#block3"], file="/i/a\nb.qcow2")
    assert Naming(graph.with_nodes([forged])).of("#block3") == "a·b.qcow2"


def test_jobs_are_told_by_files() -> None:
    state = State(Machine(), nameless())
    job = Job(
        "j", "commit", "running", nodes=(("source", "#block5"), ("intermediate node", "#block3"), ("base", "#block1"))
    )
    assert job_title(job, state).long == "commit · top.qcow2 and mid.qcow2 → base.qcow2"
