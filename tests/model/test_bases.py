"""Bases that a header names and that are not open."""

from __future__ import annotations

from dataclasses import replace

import pytest

from diskchain.model.bases import Trouble, base_trouble
from diskchain.model.state import State
from tests.support.states import machine, path


def headed(chain: str, node: str, header: str | None) -> State:
    """A disk on this chain, one image of which has another header."""
    state = machine({"vda": chain})
    changed = replace(state.graph.nodes[node], header_backing=header)
    return replace(state, graph=state.graph.with_nodes([changed]))


@pytest.mark.parametrize(
    ("node", "header", "found"),
    [
        ("base", None, None),
        ("base", "", None),
        ("base", path("older"), Trouble.NOT_OPEN),
        ("base", "older.qcow2", Trouble.NOT_OPEN),
        ("base", path("mid"), Trouble.LOOP),
        ("base", path("top"), Trouble.LOOP),
        ("base", "top.qcow2", Trouble.LOOP),
        ("base", "../images/base.qcow2", Trouble.LOOP),
        ("mid", path("elsewhere"), None),
    ],
)
def test_what_is_wrong_with_a_base(node: str, header: str | None, found: Trouble | None) -> None:
    assert base_trouble(headed("base <- mid <- top", node, header).graph, node) is found


def test_a_chain_as_it_should_be_has_no_trouble() -> None:
    graph = machine({"vda": "base <- mid <- top", "vdb": "base <- other"}).graph
    assert not [name for name in graph.nodes if base_trouble(graph, name)]
