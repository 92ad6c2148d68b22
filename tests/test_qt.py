"""The release of Qt for Python is one that counts references well."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from PySide6.QtCore import QTimer
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QGraphicsRectItem, QGraphicsScene


def test_no_qt_that_drops_none_on_python_311() -> None:
    """PySide6 6.12.0 drops references to None where None is mortal: it must not be installable there."""
    project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text())
    oldest = {"python_version": "3.11"}
    for requirement in map(Requirement, project["project"]["dependencies"]):
        if requirement.name == "PySide6-Essentials" and requirement.marker and requirement.marker.evaluate(oldest):
            assert not requirement.specifier.contains("6.12.0")
            assert requirement.specifier.contains("6.11.3")
            return
    pytest.fail("no pin of PySide6-Essentials applies to Python 3.11")


def test_qt_keeps_its_references_to_none(qapp: QApplication) -> None:
    """500 moves, timers and paints: the release that must not be used lost one reference or more at each of them."""
    scene = QGraphicsScene()
    card = QGraphicsRectItem(0, 0, 10, 10)
    card.setBrush(QColor("red"))
    scene.addItem(card)
    timer = QTimer()
    before = sys.getrefcount(None)
    for step in range(500):
        card.setPos(step, step)
        timer.start(1000)
        timer.stop()
        qapp.processEvents()
    assert sys.getrefcount(None) > before - 100
