"""Still pictures: whole, in every format, and never markup from names."""

from __future__ import annotations

import re

import pytest
from PySide6.QtCore import QRectF, Qt, QXmlStreamReader
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication

from diskchain.cli.former import is_former
from diskchain.model.paths import base_name
from diskchain.model.signature import SIGNATURE
from diskchain.model.state import State
from diskchain.picture import text
from diskchain.picture.card import fitting, paint_card
from diskchain.picture.ink import badge_width
from diskchain.picture.look import Badge, CardLook
from diskchain.picture.paint import render
from diskchain.picture.palette import LIGHT
from diskchain.picture.row import CARD_H, CARD_W
from diskchain.picture.words import one_line
from tests.support import graphs

STATES = (
    graphs.talk,
    graphs.mirroring,
    graphs.committing,
    graphs.shared,
    graphs.hostile,
    graphs.crowd,
    graphs.long_chain,
)


TAGS = frozenset("svg title desc defs g rect path polygon polyline text circle ellipse line".split())


def parsed(svg: bytes) -> tuple[set[str], set[str]]:
    """Names of all elements, and all texts."""
    reader = QXmlStreamReader(svg.decode())
    tags, texts = set(), set()
    while not reader.atEnd():
        kind = reader.readNext()
        if kind == QXmlStreamReader.TokenType.StartElement:
            tags.add(reader.name())
        elif kind == QXmlStreamReader.TokenType.Characters:
            texts.add(reader.text())
    assert not reader.hasError(), reader.errorString()
    return tags, texts


@pytest.mark.parametrize("full", [False, True], ids=["chain", "full"])
@pytest.mark.parametrize("make", STATES, ids=lambda make: make.__name__)
def test_svg_names_every_node_as_text_and_nothing_as_markup(qapp: QApplication, make: object, full: bool) -> None:
    assert callable(make)
    state: State = make()
    tags, texts = parsed(render(state, "svg", full))
    assert tags <= TAGS
    for name in state.graph.nodes:
        if len(name) < 12 and (full or not state.graph.is_leftover_child(name)):
            assert one_line(name) in texts or not name.isascii()
    assert qapp is not None


def test_png_and_pdf(qapp: QApplication) -> None:
    png = render(graphs.talk(), "png", False, True)
    assert QImage.fromData(png).width() > 1000
    pdf = render(graphs.talk(), "pdf", False)
    assert pdf.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
    assert qapp is not None


@pytest.mark.parametrize("form", ["svg", "png", "pdf"])
def test_each_picture_tells_who_made_it(qapp: QApplication, form: str) -> None:
    for make in (graphs.talk, State):
        picture = render(make(), form, False)
        assert is_former(picture)
        assert not is_former(picture.replace(SIGNATURE.encode(), b"x").replace(SIGNATURE.encode("utf-16-be"), b"x"))
    assert qapp is not None


def test_an_empty_machine_can_be_painted(qapp: QApplication) -> None:
    assert render(State(), "svg", True).startswith(b"<?xml")
    assert qapp is not None


def test_foreign_text_is_one_plain_line() -> None:
    assert one_line("a\nb\x00c\u202ed") == "a↵b·c·d"
    assert one_line("ünïcödé-名前 <b>") == "ünïcödé-名前 <b>"
    assert len(one_line("x" * 5000)) == 401


def test_base_names() -> None:
    assert base_name("/a/b.qcow2") == "b.qcow2"
    assert base_name("nbd://host/export") == "nbd://host/export"
    assert base_name("/dev/vg/") == "vg"
    assert base_name(None) == ""


MARK, ACTIVE, SHARED = Badge("WILL BE INVALID", "red"), Badge("ACTIVE", "blue"), Badge("SHARED", "amber")


@pytest.mark.parametrize("room", [10.0, 60.0, 110.0, 125.0, 150.0, 400.0])
def test_a_mark_is_shown_however_little_room_there_is(qapp: QApplication, room: float) -> None:
    shown = fitting((MARK, ACTIVE, SHARED), room, text.BADGE)
    assert shown[0] == MARK
    width = sum(badge_width(badge, text.BADGE) + 4 for badge in shown) - 4
    assert width <= room or shown == (MARK,), "only the mark itself may be cut short"


def test_active_stays_beside_a_mark_and_others_are_counted(qapp: QApplication) -> None:
    room = sum(badge_width(badge, text.BADGE) + 4 for badge in (MARK, ACTIVE, Badge("+1", "grey")))
    assert fitting((MARK, ACTIVE, SHARED), room, text.BADGE) == (MARK, ACTIVE, Badge("+1", "grey"))


def test_of_two_marks_the_second_is_counted_rather_than_cut_to_a_sliver(qapp: QApplication) -> None:
    changed = Badge("CHANGED", "amber")
    room = badge_width(MARK, text.BADGE) + badge_width(changed, text.BADGE)
    assert fitting((MARK, changed), room, text.BADGE) == (MARK, Badge("+1", "grey"))


@pytest.mark.parametrize("scale", [1.0, 0.6, 0.5, 0.3, 0.1])
def test_a_mark_is_painted_at_every_zoom(qapp: QApplication, scale: float) -> None:
    badge = Badge("WILL BE INVALID", "red")
    look = CardLook("a", "a.qcow2", "qcow2", "teal", None, "1 GiB", (badge, ACTIVE), active=True, marks=1)
    image = QImage(200, 110, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.black)
    painter = QPainter(image)
    paint_card(painter, QRectF(0, 0, CARD_W, CARD_H), look, LIGHT, scale)
    painter.end()
    reds = [at for at in range(image.width() * image.height()) if _red(image, at)]
    assert len(reds) > 100


def _red(image: QImage, at: int) -> bool:
    return image.pixelColor(at % image.width(), at // image.width()).name() == LIGHT.red
