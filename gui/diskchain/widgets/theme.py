"""Light and dark: Fusion with our own palettes, as the desktop says or as the user chose."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from diskchain.picture.palette import DARK, LIGHT, Palette

CHOICES = ("system", "light", "dark")


class Theme(QObject):
    """The application's colours. `changed` tells the palette in use whenever it is another one.

    Qt can switch its own palette only where the desktop has a theme plugin (facts/gui.md, section 8), so we set ours.
    """

    changed = Signal(object)

    def __init__(self, application: QApplication, choice: str = "system") -> None:
        super().__init__(application)
        self._application = application
        self._choice = choice if choice in CHOICES else "system"
        application.setStyle("Fusion")
        self._desktop_dark = desktop_is_dark()
        self.palette = LIGHT
        self._apply()
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._desktop_changed)

    @property
    def choice(self) -> str:
        """`system`, `light` or `dark`."""
        return self._choice

    def choose(self, choice: str) -> None:
        """Take another choice; an unknown one is `system`."""
        self._choice = choice if choice in CHOICES else "system"
        self._apply()

    def _desktop_changed(self, scheme: Qt.ColorScheme) -> None:
        self._desktop_dark = scheme == Qt.ColorScheme.Dark
        self._apply()

    def _apply(self) -> None:
        dark = self._desktop_dark if self._choice == "system" else self._choice == "dark"
        self.palette = DARK if dark else LIGHT
        self._application.setPalette(qt_palette(self.palette))
        self.changed.emit(self.palette)


def desktop_is_dark() -> bool:
    """What the desktop says; light where it says nothing and its own window colour is bright."""
    scheme = QGuiApplication.styleHints().colorScheme()
    if scheme == Qt.ColorScheme.Unknown:
        return QGuiApplication.palette().color(QPalette.ColorRole.Window).lightness() < 128
    return scheme == Qt.ColorScheme.Dark


def palette_of(widget: QWidget) -> Palette:
    """The picture's palette that fits a widget's own colours."""
    return DARK if widget.palette().color(QPalette.ColorRole.Window).lightness() < 128 else LIGHT


def qt_palette(palette: Palette) -> QPalette:
    """Our colours in Qt's roles."""
    made = QPalette()
    role = QPalette.ColorRole
    for where, value in (
        (role.Window, palette.window),
        (role.WindowText, palette.text),
        (role.Base, palette.field),
        (role.AlternateBase, palette.raised),
        (role.Text, palette.text),
        (role.PlaceholderText, palette.quiet),
        (role.Button, palette.raised),
        (role.ButtonText, palette.text),
        (role.BrightText, palette.red),
        (role.ToolTipBase, palette.raised),
        (role.ToolTipText, palette.text),
        (role.Highlight, palette.blue),
        (role.HighlightedText, palette.on),
        (role.Link, palette.blue),
        (role.LinkVisited, palette.nbd),
        (role.Mid, palette.line),
        (role.Midlight, palette.line),
        (role.Dark, palette.line),
        (role.Light, palette.raised),
        (role.Shadow, palette.ground),
        (role.Accent, palette.blue),
    ):
        made.setColor(where, QColor(value))
    for where in (role.WindowText, role.Text, role.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, where, QColor(palette.quiet))
    return made
