"""How the window's own widgets look: one style sheet, written from the palette of the scheme in use.

Widgets say what they are by properties (`kind`, `tone`, `level`), never by colours. Sizes follow the system's font.
"""

from __future__ import annotations

from dataclasses import asdict
from string import Template

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QFont, QFontDatabase, QFontMetrics, QKeyEvent
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from diskchain.picture.palette import Palette
from diskchain.resources import resource

_SIZES = {"heading": 1.5, "title": 1.33, "section": 1.08, "caption": 0.86, "badge": 0.8, "choice": 0.94, "icon": 1.44}
"""Sizes of text, as multiples of the system's font."""

_TURNING = {"tab": 14, "switch": 30, "choice": 16}
"""Kinds of buttons whose letters turn bold -> pixels around these letters."""

_ENTER = frozenset({Qt.Key.Key_Return, Qt.Key.Key_Enter})
"""The keys that act on what has the focus."""

_SHEET = Template("""QMainWindow, QWidget#root, QWidget#topBar, QWidget#machinesPanel, QWidget#leftColumn,
QWidget#rightColumn, QWidget#lowerPanel,
QScrollArea[kind="plain"], QScrollArea[kind="plain"] > QWidget > QWidget { background: $window; }
QWidget { color: $text; }
QDialog { background: $window; border: 1px solid $line; }
QLabel[kind="note"] { background: $raised; color: $amber; padding: 7px 18px; border-bottom: 1px solid $line; }
QToolTip { color: $text; background: $raised; border: 1px solid $line; padding: 4px 6px; }
QWidget#topBar { border-bottom: 1px solid $line; }
QSplitter::handle { background: $line; }
QSplitter#jobsAndPlot::handle { background: transparent; }
QSplitter::handle:hover { background: $blue; }
QLabel { background: transparent; }
QLabel[kind="found"] { background: $raised; border: 1px solid $line; border-radius: 6px; padding: 5px 9px; }
QLabel[tone="quiet"] { color: $quiet; }
QLabel[tone="green"] { color: $green; }
QLabel[tone="amber"] { color: $amber; }
QLabel[tone="red"] { color: $red; }
QLabel[tone="blue"] { color: $blue; }
QLabel[kind="heading"] { font-weight: 600; font-size: ${heading}pt; }
QLabel[kind="title"] { font-weight: 600; font-size: ${title}pt; }
QLabel[kind="section"] { font-weight: 600; font-size: ${section}pt; }
QLabel[kind="caption"] { color: $quiet; font-weight: 600; font-size: ${caption}pt; }
QLabel[kind="strong"] { font-weight: 600; }
QLabel[kind="badge"] {
    color: $on; background: $grey; border-radius: 8px; padding: 2px 7px; font-weight: 600; font-size: ${badge}pt;
}
QLabel[kind="badge"][fill="teal"] { background: $teal; }
QLabel[kind="badge"][fill="raw"] { background: $raw; }
QLabel[kind="badge"][fill="nbd"] { background: $nbd; }
QLabel[kind="badge"][fill="other"] { background: $other; }
QLabel[kind="badge"][fill="blue"] { background: $blue; }
QLabel[kind="badge"][fill="green"] { background: $green; }
QLabel[kind="badge"][fill="amber"] { background: $amber; }
QLabel[kind="badge"][fill="red"] { background: $red; }
QFrame[kind="rule"] { background: $line; border: none; max-height: 1px; min-height: 1px; }
QPushButton { background: $raised; border: 1px solid $line; border-radius: 6px; padding: 5px 12px; }
QPushButton:hover, QPushButton:focus { border-color: $blue; }
QPushButton:pressed { background: $line; }
QPushButton:disabled { color: $quiet; border-style: dashed; }
QPushButton::menu-indicator { image: none; width: 0; }
QPushButton[kind="primary"] {
    background: $blue; color: $on; border: 1px solid $blue; font-weight: 600; padding: 8px 14px;
}
QPushButton[kind="primary"]:focus { border: 2px solid $text; padding: 7px 13px; }
QPushButton[kind="primary"]:disabled { background: $raised; color: $quiet; border: 1px dashed $line; }
QPushButton[kind="large"] { padding: 8px 14px; font-weight: 600; }
QPushButton[kind="link"], QPushButton[kind="danger"], QPushButton[kind="fold"] {
    background: transparent; border: 1px solid transparent; padding: 2px 4px; color: $blue; font-weight: 600;
    text-align: left;
}
QPushButton[kind="danger"] { color: $red; }
QPushButton[kind="fold"] { color: $text; padding-left: 0; }
QPushButton[kind="link"]:focus, QPushButton[kind="danger"]:focus, QPushButton[kind="fold"]:focus {
    border: 1px dashed $blue; border-radius: 4px;
}
QPushButton[kind="link"]:hover, QPushButton[kind="danger"]:hover { text-decoration: underline; }
QPushButton[kind="link"]:disabled, QPushButton[kind="danger"]:disabled { color: $quiet; }
QPushButton[kind="choice"] { padding: 3px 6px; font-weight: 600; font-size: ${choice}pt; }
QPushButton[kind="choice"]:checked, QPushButton[kind="switch"]:checked {
    background: $blue; color: $on; border-color: $blue; font-weight: 600;
}
QPushButton[kind="choice"]:checked:focus, QPushButton[kind="switch"]:checked:focus { border-color: $text; }
QPushButton[kind="tab"] {
    background: transparent; border: none; border-bottom: 2px solid transparent; border-radius: 0; padding: 6px 4px;
    color: $quiet;
}
QPushButton[kind="tab"]:checked { color: $text; font-weight: 600; border-bottom: 2px solid $blue; }
QPushButton[kind="tab"]:focus, QPushButton[kind="tab"]:hover { color: $text; border-bottom: 2px solid $quiet; }
QPushButton[kind="tab"]:checked:focus { border-bottom: 2px dashed $blue; }
QPushButton[kind="icon"] {
    background: transparent; border: 1px solid transparent; padding: 0 4px; font-weight: 700; font-size: ${icon}pt;
    color: $blue;
}
QPushButton[kind="icon"]:focus { border: 1px dashed $blue; border-radius: 4px; }
QPushButton[kind="quiet"] { background: transparent; border: 1px solid transparent; padding: 0 3px; color: $quiet; }
QPushButton[kind="quiet"]:hover, QPushButton[kind="quiet"]:focus { color: $text; border-color: $line; border-radius: 4px; }
QCheckBox { spacing: 8px; background: transparent; }
QCheckBox::indicator { width: 14px; height: 14px; border: 1px solid $quiet; border-radius: 3px; background: $field; }
QCheckBox::indicator:checked { background: $blue; border-color: $blue; image: url("$tick"); }
QCheckBox:focus { color: $blue; }
QMenu { background: $raised; border: 1px solid $line; padding: 4px; }
QMenu::item { padding: 5px 22px 5px 12px; border-radius: 4px; background: transparent; }
QMenu::item:selected { background: $blue; color: $on; }
QMenu::item:disabled { color: $quiet; background: transparent; }
QMenu::separator { height: 1px; background: $line; margin: 4px 8px; }
QLineEdit, QPlainTextEdit, QTextEdit, QComboBox {
    background: $field; border: 1px solid $line; border-radius: 6px; padding: 4px 8px;
    selection-background-color: $blue; selection-color: $on;
}
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QComboBox:focus { border-color: $blue; }
QPlainTextEdit[kind="paths"] { background: transparent; border: none; padding: 0; }
QLineEdit:disabled, QComboBox:disabled { color: $quiet; }
QComboBox::drop-down { border: none; width: 20px; }
QComboBox::down-arrow { image: url("$down"); width: 12px; height: 12px; }
QComboBox QAbstractItemView {
    background: $raised; border: 1px solid $line; selection-background-color: $blue; selection-color: $on;
}
QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle { background: $track; border-radius: 4px; margin: 1px; min-height: 24px; min-width: 24px; }
QScrollBar::handle:hover { background: $quiet; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QFrame[kind="message"] {
    background: $raised; border: 1px solid $line; border-left: 4px solid $blue; border-radius: 6px;
}
QFrame[kind="message"][level="warning"] { border-left-color: $amber; }
QFrame[kind="message"][level="error"] { border-left-color: $red; }
QFrame[kind="message"][level="done"], QFrame[kind="message"][level="ready"] { border-left-color: $green; }
QFrame[kind="message"] QLabel[kind="word"] { color: $blue; font-weight: 600; }
QFrame[kind="message"][level="warning"] QLabel[kind="word"] { color: $amber; }
QFrame[kind="message"][level="error"] QLabel[kind="word"] { color: $red; }
QFrame[kind="message"][level="done"] QLabel[kind="word"],
QFrame[kind="message"][level="ready"] QLabel[kind="word"] { color: $green; }
QFrame[kind="card"] { background: $raised; border: 1px solid $line; border-radius: 8px; }
QTreeView, QListView { background: $window; border: none; outline: none; }
QTreeView::item, QListView::item { padding: 3px 2px; }
QTreeView::item:selected, QListView::item:selected { background: $raised; color: $text; }
QTreeView::item:selected:active, QListView#chooserList::item:selected { background: $blue; color: $on; }
QTreeView:focus { border: 1px solid $blue; }
QHeaderView::section {
    background: $window; color: $quiet; border: none; border-bottom: 1px solid $line; padding: 4px 6px;
}
QFrame[kind="row"] { background: transparent; border: 1px solid transparent; border-radius: 6px; }
QFrame[kind="row"]:hover { background: $raised; }
QFrame[kind="row"][chosen="true"] { background: $raised; }
QFrame[kind="row"]:focus { border: 1px solid $blue; }
""")


def sheet(colours: Palette, points: float) -> str:
    """The style sheet of the whole application; set once for each scheme. `points`: size of the system's font."""
    sizes = {name: f"{points * factor:.1f}" for name, factor in _SIZES.items()}
    word = "dark" if colours.dark else "light"
    signs = {name: resource("icons", f"{name}-{word}.svg").as_posix() for name in ("tick", "down")}
    return _SHEET.substitute(asdict(colours), **sizes, **signs)


def monospace(points: float = 8.5) -> QFont:
    """The system's font of fixed width, for file names, commands and JSON."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    font.setPointSizeF(points)
    return font


def label(text: str, kind: str = "", tone: str = "", parent: QWidget | None = None) -> QLabel:
    """A label of plain text (never markup: names come from others) in one of the sheet's kinds and tones."""
    made = QLabel(text, parent)
    made.setTextFormat(Qt.TextFormat.PlainText)
    if kind:
        made.setProperty("kind", kind)
    if tone:
        made.setProperty("tone", tone)
    return made


class Button(QPushButton):
    """A button on which Return and Enter act as Space does: once for each press.

    Qt itself would press it again and again while the key is held, and so run what the first press only previewed.
    """

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return and Enter click."""
        if event.key() not in _ENTER:
            super().keyPressEvent(event)
        elif not event.isAutoRepeat():
            self.click()


def button(text: str, name: str, kind: str = "", about: str = "") -> QPushButton:
    """A button with its object name, its kind in the sheet, and what a screen reader says (`about`, else its text)."""
    made = Button(text)
    made.setObjectName(name)
    made.setAccessibleName(about or text)
    if kind:
        made.setProperty("kind", kind)
    reserve(made)
    return made


def reserve(made: QPushButton) -> None:
    """Keep room for bold letters in a button that gets them when it is checked."""
    if made.property("kind") in _TURNING:
        font = made.font()
        font.setWeight(QFont.Weight.DemiBold)
        made.setMinimumWidth(QFontMetrics(font).horizontalAdvance(made.text()) + _TURNING[made.property("kind")])


def takes_escape(event: QEvent) -> bool:
    """Claim Esc for a part that has the keys, before the window's shortcut gets it; whether this event was that."""
    if event.type() != QEvent.Type.ShortcutOverride or not isinstance(event, QKeyEvent):
        return False
    mine = event.key() == Qt.Key.Key_Escape
    if mine:
        event.accept()
    return mine


def restyle(widget: QWidget, **properties: object) -> None:
    """Change properties that the sheet looks at, and have it look again."""
    for name, value in properties.items():
        widget.setProperty(name, value)
    style = widget.style()
    style.unpolish(widget)
    style.polish(widget)
