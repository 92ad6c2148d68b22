"""Choosing one of many offers by typing a part of its words."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from diskchain.widgets.style import button, label

if TYPE_CHECKING:
    from diskchain.operations.operation import Offer
    from diskchain.widgets.grouping import Many

_WIDTH, _HEIGHT = 520, 420
"""Its first size in pixels: it fits the smallest window."""

_STEPS = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_PageUp: -10, Qt.Key.Key_PageDown: 10}


class OfferChooser(QDialog):
    """A list of offers that typing makes shorter; Enter takes the one that is lit. Not modal, gone when closed."""

    def __init__(self, parent: QWidget, many: Many, chosen: Callable[[Offer], object]) -> None:
        """`chosen` is called at most once."""
        super().__init__(parent)
        self.setObjectName("offerChooser")
        self.setWindowTitle(many.title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(_WIDTH, _HEIGHT)
        self._offers, self._chosen = many.offers, chosen
        self.field, self.list, self._count = QLineEdit(), QListWidget(), label("", tone="quiet")
        self._go = button("Show preview", "chooserGo", "primary")
        self._build(many.title)
        self._show_all()
        self._narrow("")

    def _build(self, title: str) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(10)
        column.addWidget(label(title, "title"))
        self.field.setObjectName("chooserField")
        self.field.setAccessibleName("Part of an image's name")
        self.field.setPlaceholderText("Type a part of an image's name; arrows and Enter choose")
        self.field.textChanged.connect(self._narrow)
        column.addWidget(self.field)
        self.list.setObjectName("chooserList")
        self.list.setAccessibleName(title)
        self.list.currentItemChanged.connect(lambda *_: self._judge())
        self.list.itemActivated.connect(lambda _: self._take())
        column.addWidget(self.list, 1)
        cancel = button("Cancel", "chooserCancel", "large")
        cancel.setAutoDefault(False)
        cancel.clicked.connect(self.reject)
        self._go.setDefault(True)
        self._go.clicked.connect(self._take)
        row = QHBoxLayout()
        row.addWidget(self._count, 1)
        row.addWidget(cancel)
        row.addWidget(self._go)
        column.addLayout(row)

    def _show_all(self) -> None:
        for offer in self._offers:
            item = QListWidgetItem(offer.title if not offer.reason else f"{offer.title}: {offer.reason}", self.list)
            item.setToolTip(offer.reason or offer.title)
            if offer.reason:
                item.setFlags(Qt.ItemFlag.NoItemFlags)

    def _items(self) -> list[QListWidgetItem]:
        return [self.list.item(row) for row in range(self.list.count())]

    def _possible(self) -> list[QListWidgetItem]:
        """What can be taken now, from above."""
        return [item for item in self._items() if not item.isHidden() and item.flags() & Qt.ItemFlag.ItemIsEnabled]

    def _narrow(self, wanted: str) -> None:
        """Show only what has the typed words in it, and light the first of these."""
        parts = wanted.casefold().split()
        shown = 0
        for item in self._items():
            fits = all(part in item.text().casefold() for part in parts)
            item.setHidden(not fits)
            shown += fits
        possible = self._possible()
        if possible:
            self.list.setCurrentItem(possible[0])
        else:
            self.list.setCurrentRow(-1)
        self._count.setText(f"{shown} of {self.list.count()}" if shown else "None has this in it.")
        self._judge()

    def _judge(self) -> None:
        self._go.setEnabled(self.list.currentItem() in self._possible())

    def _take(self) -> None:
        item = self.list.currentItem()
        if item in self._possible():
            offer = self._offers[self.list.row(item)]
            self.accept()
            self._chosen(offer)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows go through the list while one types."""
        possible, step = self._possible(), _STEPS.get(Qt.Key(event.key()), 0)
        if not step or not possible:
            super().keyPressEvent(event)
            return
        here = self.list.currentItem()
        at = possible.index(here) + step if here in possible else 0
        self.list.setCurrentItem(possible[min(max(at, 0), len(possible) - 1)])
