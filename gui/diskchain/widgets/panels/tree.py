"""The graph once more, as a tree: for screen readers, for the keyboard, and for who reads rather than looks."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtGui import QShowEvent, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeView

from diskchain.model.graph import BlockGraph
from diskchain.model.ledger import Ledger
from diskchain.model.state import State
from diskchain.model.words import used_of
from diskchain.picture.words import one_line
from diskchain.signal import Signal

_KEY = Qt.ItemDataRole.UserRole
_COLUMNS = ("Disk, node or job", "Role", "Driver", "Used", "What it is now")
_USED = _COLUMNS.index("Used")
_WIDTHS = (300, 96, 96, 150)
"""First widths of all columns but the last, in pixels: "49.3 of 128 MiB" is read whole."""


class TreePanel(QTreeView):
    """Devices with their chains, nodes by node, then jobs, exports and remembered images. Every node and edge is a row.

    :ivar chosen: emits the key (node-name, device, job id...) of the row that was chosen.
    :ivar menu_wanted: emits a key and where on the screen its menu is to open.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("graphTree")
        self.setAccessibleName("Block graph as a tree")
        self.chosen: Signal[str] = Signal()
        self.menu_wanted: Signal[str, QPoint] = Signal()
        self._model = QStandardItemModel(0, len(_COLUMNS))
        self._model.setHorizontalHeaderLabels(list(_COLUMNS))
        self.setModel(self._model)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setUniformRowHeights(True)
        self.setAlternatingRowColors(False)
        self.header().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        for column, width in enumerate(_WIDTHS):
            self.header().resizeSection(column, width)
        self.header().setStretchLastSection(True)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._menu)
        self.selectionModel().currentChanged.connect(self._choose)
        self._told: tuple[object, ...] = ()
        self._quiet = False
        self._waiting: tuple[State | None, Ledger | None] | None = None
        self._wanted = ""
        self._rows: dict[str, list[QStandardItem]] = {}

    def show_details(self, state: State, ledger: Ledger | None) -> None:
        """Tell each node as it is now, where it stands; for what changes no row."""
        if not self.isVisible():
            self._waiting = (state, ledger)
            return
        for name, items in self._rows.items():
            if (node := state.graph.nodes.get(name)) is not None:
                used = used_of(node.allocated, node.virtual_size)
                for item in items:
                    cell = self._model.itemFromIndex(item.index().siblingAtColumn(_USED))
                    if cell is not None and cell.text() != used:
                        cell.setText(used)

    def show_state(self, state: State | None, ledger: Ledger | None) -> None:
        """Build the tree anew where anything in it changed; the chosen row stays chosen. While hidden, it is built when shown."""
        self._waiting = (state, ledger)
        if self.isVisible():
            self._renew()

    def showEvent(self, event: QShowEvent) -> None:
        """Build what was told meanwhile: a thousand rows take most of 100 ms, which nobody shall wait for unseen."""
        self._renew()
        super().showEvent(event)

    def _renew(self) -> None:
        if self._waiting is None:
            return
        (state, ledger), self._waiting = self._waiting, None
        told = (state, ledger.entries if ledger else ()) if state else ()
        if told == self._told:
            return
        self._told = told
        key = self._wanted or self._key(self.currentIndex())
        self._quiet = True
        self._model.removeRows(0, self._model.rowCount())
        self._rows = {}
        if state is not None:
            _Builder(state, self._model.invisibleRootItem(), self._rows).build(ledger)
        self.expandAll()
        self.select(key)
        self._quiet = False

    def select(self, key: str) -> None:
        """Mark the first row with this key, without telling it as the user's choice."""
        before, self._quiet = self._quiet, True
        self._wanted = key
        found = (
            self._model.match(self._model.index(0, 0), _KEY, key, 1, _MATCH) if key and self._model.rowCount() else []
        )
        if found:
            self.setCurrentIndex(found[0])
        self._quiet = before

    def _key(self, index: QModelIndex) -> str:
        return str(index.siblingAtColumn(0).data(_KEY) or "")

    def _choose(self, current: QModelIndex, _: QModelIndex) -> None:
        if not self._quiet and (key := self._key(current)):
            self._wanted = key
            self.chosen.emit(key)

    def _menu(self, where: QPoint) -> None:
        if key := self._key(self.indexAt(where)):
            self.menu_wanted.emit(key, self.viewport().mapToGlobal(where))


_MATCH = Qt.MatchFlag.MatchExactly | Qt.MatchFlag.MatchRecursive


class _Builder:
    """Fills the tree from one state. `rows`: gets the rows of each node."""

    def __init__(self, state: State, root: QStandardItem, rows: dict[str, list[QStandardItem]]) -> None:
        self._state, self._root, self._rows = state, root, rows
        self._seen: set[str] = set()

    def build(self, ledger: Ledger | None) -> None:
        """Devices first, then nodes that none of them reaches, then the rest."""
        state = self._state
        for device in state.devices:
            name = device.name or device.qdev
            row = _row(self._root, name, name, "guest disk", device.model, "", "no medium" if not device.root else "")
            if device.root:
                self._add_node(row, device.root, "root", set())
        for name in state.graph.nodes:
            if name not in self._seen and not state.graph.parents(name):
                self._add_node(self._root, name, "no parent", set())
        for name in state.graph.nodes:
            if name not in self._seen:
                self._add_node(self._root, name, "in a loop", set())
        for job in state.jobs:
            words = f"{job.status}, works on {', '.join(map(state.naming.of, job.node_names))}"
            _row(self._root, job.id, job.id, "job", job.type, "", words)
        for export in state.exports:
            _row(self._root, export.id, export.id, "export", export.type, "", f"of {state.naming.of(export.node)}")
        for entry in ledger.entries if ledger else ():
            _row(
                self._root,
                entry.path,
                entry.node or entry.path,
                "remembered image",
                "",
                "",
                f"{entry.word}: {entry.why}",
            )

    def _add_node(self, parent: QStandardItem, name: str, role: str, above: set[str]) -> None:
        graph = self._state.graph
        if name not in graph.nodes:
            return
        self._seen.add(name)
        node = graph.nodes[name]
        words = "closes a loop" if name in above else _now(self._state, name)
        row = _row(parent, name, name, role, node.driver, used_of(node.allocated, node.virtual_size), words)
        self._rows.setdefault(name, []).append(row)
        if name in above:
            return
        for edge in _ordered(graph, name):
            self._add_node(row, edge[0], edge[1], above | {name})


def _ordered(graph: BlockGraph, name: str) -> list[tuple[str, str]]:
    """Children with their roles: what holds the node's own data first, what is below it last."""
    edges = [(edge.child, edge.role) for edge in graph.children(name)]
    return sorted(edges, key=lambda edge: (edge[1] == "backing", edge[1]))


def _now(state: State, name: str) -> str:
    node = state.graph.nodes[name]
    words = ["active"] if name in state.active else []
    words += ["read-only"] if node.read_only else []
    words += [f"bitmap {bitmap.name}" for bitmap in node.named_bitmaps]
    words += [f"exported as {export.id}" for export in state.exports_on({name})]
    words += [f"{job.type} {job.status}" for job in state.jobs_on({name})]
    return ", ".join(words)


def _row(parent: QStandardItem, key: str, *texts: str) -> QStandardItem:
    items = [QStandardItem(one_line(text)) for text in texts]
    items[0].setData(key, _KEY)
    items[0].setData(", ".join(text for text in map(one_line, texts) if text), Qt.ItemDataRole.AccessibleTextRole)
    parent.appendRow(items)
    return items[0]
