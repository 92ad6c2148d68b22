"""What the window remembers."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSize
from pytestqt.qtbot import QtBot

from diskchain.widgets.settings import HEIGHT, WIDTH, Settings
from diskchain.widgets.window import Window


def window(qtbot: QtBot) -> Window:
    made = Window()
    made.let_go()
    qtbot.addWidget(made)
    return made


def test_sizes_come_back(qtbot: QtBot, tmp_path: Path) -> None:
    first, second = window(qtbot), window(qtbot)
    settings = Settings(tmp_path / "window.ini")
    settings.restore(first)
    assert first.size() == QSize(WIDTH, HEIGHT)
    first.resize(1000, 700)
    settings.keep(first)
    Settings(tmp_path / "window.ini").restore(second)
    assert second.size() == QSize(1000, 700)


def test_a_broken_file_counts_as_empty(qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "window.ini").write_bytes(b"\x00[General\nsize=@Size(\nscheme=purple\n")
    made = window(qtbot)
    settings = Settings(tmp_path / "window.ini")
    settings.restore(made)
    assert made.size() == QSize(WIDTH, HEIGHT)
    assert not settings.scheme


def test_the_scheme_is_remembered(tmp_path: Path) -> None:
    Settings(tmp_path / "window.ini").scheme = "dark"
    assert Settings(tmp_path / "window.ini").scheme == "dark"
