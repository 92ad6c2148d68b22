"""The canvas as a screen reader is told of it."""

from __future__ import annotations

from PySide6.QtGui import QAccessible
from pytestqt.qtbot import QtBot

from diskchain.model.diff import Diff
from diskchain.model.ledger import Ledger
from diskchain.widgets.canvas.accessible import CanvasInterface
from diskchain.widgets.canvas.view import CanvasView
from tests.support import graphs


def test_every_node_and_edge_is_an_item_with_words(qtbot: QtBot) -> None:
    view = CanvasView()
    qtbot.addWidget(view)
    view.resize(900, 600)
    view.show_state(graphs.talk(), Diff(), Ledger(), None)
    view.select("overlay3")
    told = CanvasInterface(view)
    names = [told.child(at).text(QAccessible.Text.Name) for at in range(told.childCount())]
    assert "overlay3, qcow2 node, active, 0.9 of 8 GiB" in names
    assert "overlay3 is backed by overlay2" in names
    assert "vda, virtio-blk · live is attached to overlay3" in names
    chosen = [at for at in range(told.childCount()) if told.child(at).state().selected]
    assert [names[at] for at in chosen] == ["overlay3, qcow2 node, active, 0.9 of 8 GiB"]
    first = told.child(0)
    assert told.indexOfChild(first) == 0
    assert first.role() == QAccessible.Role.ListItem
    centre = first.rect().center()
    assert told.childAt(centre.x(), centre.y()) is first
    assert first.isValid()
    view.show_state(None, Diff(), None, None)
    assert not first.isValid()
    assert told.childCount() == 0
