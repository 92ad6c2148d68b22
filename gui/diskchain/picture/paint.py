"""A whole machine as SVG, PNG or PDF, for `diskchain graph`. Needs a QGuiApplication (offscreen will do)."""

from __future__ import annotations

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QRectF, QSizeF
from PySide6.QtGui import QImage, QImageWriter, QPageSize, QPainter, QPdfWriter
from PySide6.QtSvg import QSvgGenerator

from diskchain.layout import Layouter
from diskchain.model.signature import SIGNATURE
from diskchain.model.state import State
from diskchain.picture.brush import box_of, paint_look
from diskchain.picture.edge import paint_link, route
from diskchain.picture.full import components, full_plan
from diskchain.picture.ink import colour
from diskchain.picture.label import label_of, paint_label
from diskchain.picture.palette import DARK, LIGHT, Palette
from diskchain.picture.plan import Plan
from diskchain.picture.rows import Wish, place
from diskchain.picture.telling import Telling

MARGIN = 20.0
PNG_SCALE = 2
"""A PNG has this many pixels for each scene unit, so that it is sharp on any screen."""

_LONGEST_SIDE = 16000


def render(state: State, form: str, full: bool, dark: bool = False) -> bytes:
    """Paint a state; `full`: as Full graph. `form`: `svg`, `png` or `pdf`; a KeyError for others."""
    plan = whole_graph(state) if full else place(Telling(state), Wish(whole=True))
    return paint_plan(plan, form, DARK if dark else LIGHT)


def whole_graph(state: State) -> Plan:
    """Full graph, placed at once."""
    telling = Telling(state)
    parts = components(telling)
    layouter = Layouter()
    shapes = [part.shape for part in parts]
    layouter.place_now(shapes)
    placed = [place for shape in shapes if (place := layouter.known(shape)) is not None]
    return full_plan(telling, parts, placed)


def paint_plan(plan: Plan, form: str, palette: Palette) -> bytes:
    """Paint a placed picture into a file's bytes."""
    width, height = plan.size
    area = QRectF(0, 0, max(width + MARGIN, 200), max(height + MARGIN, 80))
    sink = QBuffer()
    sink.open(QIODevice.OpenModeFlag.WriteOnly)
    {"svg": _svg, "png": _png, "pdf": _pdf}[form](plan, area, palette, sink)
    return bytes(sink.data().data())


def paint(painter: QPainter, plan: Plan, palette: Palette, scale: float = 1.0) -> None:
    """Paint a plan at (0, 0): lines first, then what stands on them."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for link in plan.links.values():
        start, end = plan.spots.get(link.start), plan.spots.get(link.end)
        if start is not None and end is not None:
            via = plan.spots.get(link.via)
            way = route(link, box_of(start), box_of(end), box_of(via) if via is not None else None)
            paint_link(painter, link, way, palette)
            if (label := label_of(link, way, scale)) is not None:
                paint_label(painter, label.box(way), label, palette)
    for spot in plan.spots.values():
        paint_look(painter, box_of(spot), spot.look, palette, scale)


def _svg(plan: Plan, area: QRectF, palette: Palette, sink: QBuffer) -> None:
    made = QSvgGenerator()
    made.setOutputDevice(sink)
    made.setSize(area.size().toSize())
    made.setViewBox(area)
    made.setResolution(96)
    made.setTitle("Disk Chain")
    made.setDescription(SIGNATURE)
    painter = QPainter(made)
    painter.fillRect(area, colour(palette.ground))
    paint(painter, plan, palette)
    painter.end()


def _png(plan: Plan, area: QRectF, palette: Palette, sink: QBuffer) -> None:
    scale = min(float(PNG_SCALE), _LONGEST_SIDE / max(area.width(), area.height()))
    image = QImage((area.size() * scale).toSize(), QImage.Format.Format_RGB32)
    image.setText("Software", SIGNATURE)
    image.fill(colour(palette.ground))
    painter = QPainter(image)
    painter.scale(scale, scale)
    paint(painter, plan, palette)
    painter.end()
    QImageWriter(sink, QByteArray(b"png")).write(image)


def _pdf(plan: Plan, area: QRectF, palette: Palette, sink: QBuffer) -> None:
    writer = QPdfWriter(sink)
    writer.setTitle("Disk Chain")
    writer.setCreator(SIGNATURE)
    writer.setResolution(96)
    points = QSizeF(area.width() * 72 / 96, area.height() * 72 / 96)
    writer.setPageSize(QPageSize(points, QPageSize.Unit.Point))
    writer.setPageMargins(QMarginsF(0, 0, 0, 0))
    painter = QPainter(writer)
    painter.fillRect(area, colour(palette.ground))
    paint(painter, plan, palette)
    painter.end()
