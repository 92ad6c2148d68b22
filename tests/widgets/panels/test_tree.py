"""The tree twin of the graph."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QAbstractItemModel, QModelIndex, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from diskchain.model.graph import BlockGraph
from diskchain.model.ledger import Ledger, LedgerEntry
from diskchain.model.node import Edge
from diskchain.widgets.panels.tree import TreePanel
from tests.support.states import machine, with_export, with_filter, with_job

STATE = with_export(
    with_job(with_filter(machine({"vda": "base <- mid <- top", "vdb": "base <- other"}), "top"), "mid"), "top"
)


@pytest.fixture
def tree(qtbot: QtBot) -> TreePanel:
    made = TreePanel()
    qtbot.addWidget(made)
    made.show()
    return made


def rows(model: QAbstractItemModel, parent: QModelIndex | None = None) -> list[str]:
    """What a screen reader says of every row."""
    above = parent or QModelIndex()
    found = []
    for number in range(model.rowCount(above)):
        index = model.index(number, 0, above)
        found += [str(index.data(Qt.ItemDataRole.AccessibleTextRole)), *rows(model, index)]
    return found


def test_every_node_edge_job_and_export_is_a_row(tree: TreePanel) -> None:
    ledger = Ledger()
    ledger.note(LedgerEntry("/im/gone.qcow2", "gone", "invalid", "It was committed."))
    tree.show_state(STATE, ledger)
    said = rows(tree.model())
    for name in STATE.graph.nodes:
        assert any(row.startswith(f"{name}, ") for row in said), name
    for edge in STATE.graph.edges:
        assert any(row.startswith(f"{edge.child}, {edge.role}") for row in said), edge
    assert any(row.startswith("theirs, job") for row in said)
    assert any(row.startswith("shown, export") for row in said)
    assert any("gone" in row and "invalid" in row for row in said)


def test_a_loop_ends_where_it_closes(tree: TreePanel) -> None:
    state = machine({"vda": "base <- top"})
    graph = BlockGraph(state.graph.nodes, (*state.graph.edges, Edge("base", "top", "backing")))
    tree.show_state(replace(state, graph=graph), None)
    assert any("closes a loop" in str(row) for row in _cells(tree.model(), QModelIndex()))


def _cells(model: QAbstractItemModel, above: QModelIndex) -> list[str]:
    found = []
    for number in range(model.rowCount(above)):
        found += [str(model.index(number, column, above).data()) for column in range(model.columnCount(above))]
        found += _cells(model, model.index(number, 0, above))
    return found


def test_choosing_by_key_tells_the_key_and_renewing_keeps_it(tree: TreePanel) -> None:
    chosen: list[str] = []
    tree.chosen.connect(chosen.append)
    tree.show_state(STATE, None)
    tree.setCurrentIndex(tree.model().index(0, 0))
    QTest.keyClick(tree, Qt.Key.Key_Down)
    assert chosen == ["vda", "throttle-over-top"]
    tree.show_state(replace(STATE, jobs=()), None)
    assert chosen == ["vda", "throttle-over-top"], "renewing is no choice"
    assert tree.currentIndex().data() == "throttle-over-top"


def test_how_much_is_used_is_read_whole(tree: TreePanel) -> None:
    tree.resize(784, 200)
    assert tree.header().sectionSize(3) > tree.fontMetrics().horizontalAdvance("118.3 of 128.5 MiB") + 12


def test_a_node_that_grows_is_told_in_its_rows(tree: TreePanel) -> None:
    """`base` stands in two chains; the rows stay."""
    tree.show_state(STATE, None)
    before = len(rows(tree.model()))
    nodes = {**STATE.graph.nodes, "base": replace(STATE.graph.nodes["base"], allocated=5 << 20, virtual_size=8 << 20)}
    tree.show_details(replace(STATE, graph=BlockGraph(nodes, STATE.graph.edges)), None)
    cells = [
        text for row in range(tree.model().rowCount()) for text in _cells(tree.model(), tree.model().index(row, 0))
    ]
    assert cells.count("5 of 8 MiB") == 2
    assert len(rows(tree.model())) == before
