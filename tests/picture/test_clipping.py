"""No text of a picture is cut off, none lies over another, whatever the names and the zoom."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations

import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication

from diskchain.picture import text
from diskchain.picture.brush import paint_look
from diskchain.picture.look import Badge, CardLook, FoldLook, LineLook, Look, PillLook, SlimLook
from diskchain.picture.palette import LIGHT
from diskchain.picture.row import CARD_H, CARD_W, FOLD_W, JOB_H, JOB_W, LOW_H, PILL_H, PILL_W, PLUG_H, SLIM_H, SLIM_W

NAMES = (
    "base",
    "vda-20261123-193000",
    "31-characters-long-node-name-xx",
    "W" * 31,
    "ÅÄÖ名前-名前-名前-名前-名前-名前",
)
FILES = ("base.qcow2", "データベースの非常に長いファイル名でとても困る画像.qcow2", "Größe" * 30 + ".raw", "")
BADGES = (Badge("WILL BE INVALID", "red"), Badge("CHANGED", "amber"), Badge("ACTIVE", "blue"))
SCALES = (2.0, 1.0, 0.75, 0.67, 0.6, 0.5, 0.45, 0.36)


@dataclass
class Written:
    """What was written where: the ink of each text, in scene units."""

    inks: list[tuple[str, QRectF]]

    def __call__(
        self,
        painter: QPainter,
        box: QRectF,
        words: str,
        colour: QColor,
        size: int,
        bold: bool = False,
        mono: bool = False,
        align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
        middle: bool = False,
    ) -> None:
        """Takes the place of `text.write`."""
        shown, metrics = text.elided(words, box.width(), size, bold, mono, middle), text.metrics(size, bold, mono)
        ink, width = metrics.tightBoundingRect(shown), metrics.horizontalAdvance(shown)
        x = {
            Qt.AlignmentFlag.AlignHCenter: box.center().x() - width / 2,
            Qt.AlignmentFlag.AlignRight: box.right() - width,
        }
        baseline = box.center().y() + (metrics.ascent() - metrics.descent()) / 2
        self.inks.append((shown, ink.translated(x.get(align, box.x()), baseline)))


def inks(look: Look, w: float, h: float, scale: float, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, QRectF]]:
    """Paint a look and give where its texts are."""
    written = Written([])
    image = QImage(int(w), int(h), QImage.Format.Format_RGB32)
    painter = QPainter(image)
    with monkeypatch.context() as patch:
        patch.setattr(text, "write", written)
        paint_look(painter, QRectF(0, 0, w, h), look, LIGHT, scale)
    painter.end()
    return [(words, ink) for words, ink in written.inks if words.strip()]


def check(look: Look, w: float, h: float, scale: float, monkeypatch: pytest.MonkeyPatch, over: float = 0.5) -> None:
    """All texts of a look are within its box and apart from each other."""
    found = inks(look, w, h, scale, monkeypatch)
    box = QRectF(0, 0, w, h).adjusted(-over, -over, over, over)
    for words, ink in found:
        assert box.contains(ink), (scale, words, ink)
    for (one, first), (other, second) in combinations(found, 2):
        assert not first.adjusted(0.3, 0.3, -0.3, -0.3).intersects(second), (scale, one, other, first, second)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("name", NAMES)
def test_cards(qapp: QApplication, name: str, scale: float, monkeypatch: pytest.MonkeyPatch) -> None:
    for file in FILES:
        for driver in ("qcow2", "an-unknown-driver-with-a-long-name"):
            for size, rate in (("1023.9 of 2047.9 GiB", "1018.9 MiB/s w"), ("1 of 2 TiB", "0.3 KiB/s r"), ("", "")):
                look = CardLook(name, file, driver, "teal", 0.5, size, BADGES, rate, marks=2)
                check(look, CARD_W, CARD_H, scale, monkeypatch)
                check(replace(look, badges=(), marks=0, hatched=True), CARD_W, CARD_H, scale, monkeypatch)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("name", NAMES)
def test_what_is_no_card(qapp: QApplication, name: str, scale: float, monkeypatch: pytest.MonkeyPatch) -> None:
    marks = (Badge("24 WILL BE INVALID", "red"), Badge("3 CHANGED", "amber"))
    for look, w, h in (
        (PillLook(name, "virtio-blk-pci-transitional · no medium", "blue"), PILL_W, PILL_H),
        (PillLook(name, "virtio-blk · live", "blue"), PILL_W, PILL_H),
        (PillLook("backup last known 42 %", "212.5 MiB/s", "grey", "job", short="last known 42 %"), JOB_W, JOB_H),
        (PillLook("nbd+unix:///" + name, "vhost-user-blk", "nbd", "export"), CARD_W, PLUG_H),
        (SlimLook("copy-before-write", name), SLIM_W, SLIM_H),
        (FoldLook("124 overlays", "1023.9 GiB", marks), CARD_W, CARD_H - 28),
        (FoldLook("24 overlays", "3.1 GiB"), FOLD_W, CARD_H - 28),
        (
            CardLook(name, FILES[0], "qcow2", "grey", None, "", BADGES[1:2], hatched=True, marks=1, low=True),
            CARD_W,
            LOW_H,
        ),
        (LineLook(name, f"{name} ← {name}", BADGES[2], "commit last known 42 %", "grey", marks), 640, 34),
    ):
        check(look, w, h, scale, monkeypatch, over=1.5)


@pytest.mark.parametrize(
    ("file", "driver", "second"),
    [
        ("vda-20261128-144000-overlay2.qcow2", "qcow2", ""),
        ("a.qcow2", "qcow2", "a.qcow2"),
        ("vda-20261128-144000-overlay2.img", "raw", "raw"),
    ],
)
def test_a_file_is_never_cut_to_make_room_for_the_driver(
    qapp: QApplication, file: str, driver: str, second: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A driver that the file's name tells gives way, else the file's name."""
    look = CardLook("vda-20261128-144000-overlay2", file, driver, "teal", 0.5, "1 of 2 GiB")
    for scale in (1.0, 0.75, 0.62):
        written = [words for words, _ in inks(look, CARD_W, CARD_H, scale, monkeypatch)]
        assert (second in written) if second else (driver not in written), (scale, written)
        cut = [words for words in written if "…" in words and words.endswith((".qcow2", ".img", "ow2", "mg"))]
        assert all(len(words) >= 14 for words in cut), (scale, cut)
