"""The inspector: every fact of what is selected, what can be done with it, and what QEMU said of it word for word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from diskchain.signal import Signal
from diskchain.widgets.dialogs.choosing import OfferChooser
from diskchain.widgets.grouping import Many, grouped
from diskchain.widgets.panels.elsewhere import Elsewhere
from diskchain.widgets.panels.facts import Facts
from diskchain.widgets.panels.lines import Code, CopyButton, Elided, FactLines, Fold, Link, Rule, empty
from diskchain.widgets.style import button, label

if TYPE_CHECKING:
    from diskchain.operations.asking import Asked
    from diskchain.operations.operation import Offer


class Inspector(QScrollArea):
    """Shows one `Facts`.

    :ivar chosen: emits the offer whose button was pressed. `dismissed`: emits the path of the image to be forgotten.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("inspector")
        self.setAccessibleName("Inspector")
        self.setProperty("kind", "plain")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.chosen: Signal[Offer] = Signal()
        self.dismissed: Signal[str] = Signal()
        self._facts: Facts | None = None
        self._offers: tuple[Offer, ...] | None = None
        self._build()
        self.show_facts(None)

    def _build(self) -> None:
        self._title = Elided()
        self._title.setProperty("kind", "heading")
        self._title.setObjectName("inspectorTitle")
        self._badges = QHBoxLayout()
        self._badges.setSpacing(6)
        self._lines = FactLines()
        self._note = label("", tone="quiet")
        self._note.setWordWrap(True)
        self._acts = QVBoxLayout()
        self._acts.setSpacing(4)
        self._acts_head = label("What can be done", "section")
        self._forget = ""
        self._dismiss = button("Forget this image", "inspectorDismiss", "link", "Forget this image; its file stays")
        self._dismiss.clicked.connect(lambda: self.dismissed.emit(self._forget))
        self._raw = Code("inspectorRaw", "Raw JSON of the selection", 14)
        raw = QWidget()
        inner = QVBoxLayout(raw)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.addWidget(self._raw)
        take = CopyButton("Copy JSON", "inspectorCopy", "Copy the raw JSON", self._raw.toPlainText)
        inner.addWidget(take, 0, Qt.AlignmentFlag.AlignLeft)
        self._fold = Fold("Raw JSON", "inspectorRawFold", raw)
        self._elsewhere = Elsewhere()
        self._arrange()

    def _arrange(self) -> None:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(18, 16, 18, 16)
        column.setSpacing(12)
        column.addWidget(self._title)
        column.addLayout(self._badges)
        self._badges.addStretch(1)
        column.addWidget(self._note)
        column.addWidget(self._lines)
        self._first, self._second = Rule(), Rule()
        column.addWidget(self._first)
        column.addWidget(self._acts_head)
        column.addLayout(self._acts)
        column.addWidget(self._dismiss, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self._second)
        column.addWidget(self._elsewhere)
        column.addWidget(self._fold)
        column.addStretch(1)
        self.setWidget(inside)

    def show_facts(
        self,
        facts: Facts | None,
        offers: Sequence[Offer] = (),
        note: str = "",
        forget: str = "",
        asked: Sequence[Asked] = (),
    ) -> None:
        """Show what is selected.

        :param facts: None: nothing is. :param offers: what can be done with it, those with a reason against them too.
        :param note: a sentence above the facts. :param forget: path of a remembered image that may be forgotten.
        :param asked: how other tools ask about it.
        """
        self._forget = forget
        self._dismiss.setVisible(bool(forget))
        self._note.setText(note or ("" if facts else "Select a node, disk or job to see everything about it."))
        self._note.setVisible(bool(self._note.text()))
        self._title.setText(facts.title if facts else "Nothing selected")
        if facts is None or self._facts is None or facts.badges != self._facts.badges:
            self._show_badges(facts)
        self._lines.show_facts(facts.facts if facts else ())
        if tuple(offers) != self._offers:
            self._show_offers(tuple(offers))
        raw = facts.raw_text if facts else ""
        self._raw.show_text(raw)
        self._fold.setVisible(bool(raw))
        self._elsewhere.show_asked(asked)
        self._second.setVisible(bool(raw or asked))
        self._facts = facts

    def _show_badges(self, facts: Facts | None) -> None:
        empty(self._badges, keep=1)
        for number, badge in enumerate(facts.badges if facts else ()):
            made = label(badge.word, "badge")
            made.setProperty("fill", badge.tone)
            self._badges.insertWidget(number, made)

    def _show_offers(self, offers: tuple[Offer, ...]) -> None:
        self._offers = offers
        empty(self._acts)
        for number, offer in enumerate(grouped(offers)):
            self._acts.addWidget(self._act(offer, f"inspectorOffer{number + 1}"))
        for widget in (self._first, self._acts_head):
            widget.setVisible(bool(offers))

    def _act(self, offer: Offer | Many, name: str) -> Link:
        if isinstance(offer, Many):
            made = Link(f"{offer.title} ({len(offer.offers)})…", name)
            made.clicked.connect(lambda _=False: OfferChooser(self.window(), offer, self.chosen.emit).show())
            return made
        made = Link(f"{offer.title}…", name)
        made.setEnabled(not offer.reason)
        made.setToolTip(offer.reason or offer.title)
        made.clicked.connect(lambda _=False: self.chosen.emit(offer))
        return made
