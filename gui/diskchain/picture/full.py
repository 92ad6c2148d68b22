"""Full graph: every node, filter, device, export and job, every edge with its role and permission letters."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from diskchain.layout import Placed, Shape
from diskchain.model.node import Edge, Kind
from diskchain.model.words import letters
from diskchain.picture.look import Look, TitleLook
from diskchain.picture.plan import Link, Plan, Spot
from diskchain.picture.row import CARD_H, CARD_W, JOB_H, LEFT, PILL_H, SLIM_H, SLIM_W, title_width
from diskchain.picture.telling import Telling
from diskchain.picture.words import one_line

_TOP, _BETWEEN = 12.0, 40.0
_ASPECT = 1.6
"""Components stand side by side so that the whole is about this much wider than high."""


@dataclass(frozen=True, slots=True)
class _Box:
    key: str
    look: Look
    w: float
    h: float
    node: str = ""


@dataclass(frozen=True, slots=True)
class _Tie:
    """What holds what, by the keys of boxes. `straight`: it is a part of a chain."""

    key: str
    start: str
    end: str
    label: str
    tone: str
    straight: bool = False


@dataclass(frozen=True, slots=True)
class _Line:
    """The same in a part, by the numbers of its boxes."""

    tie: _Tie
    start: int
    end: int


@dataclass
class Component:
    """A connected part of the graph, before it has a place."""

    boxes: list[_Box] = field(default_factory=list)
    lines: list[_Line] = field(default_factory=list)

    @cached_property
    def shape(self) -> Shape:
        """What of it the layouter needs."""
        return Shape(
            tuple((box.w, box.h) for box in self.boxes),
            tuple((line.start, line.end) for line in self.lines),
            frozenset(number for number, line in enumerate(self.lines) if line.tie.straight),
        )


def components(telling: Telling) -> list[Component]:
    """The whole state in connected parts, in the order of their first boxes."""
    boxes: dict[str, _Box] = {}
    for name, node in telling.state.graph.nodes.items():
        key = f"node:{name}"
        if node.kind is Kind.FILTER:
            boxes[key] = _Box(key, telling.slim(name), SLIM_W, SLIM_H, name)
        else:
            boxes[key] = _Box(key, telling.card(name), CARD_W, CARD_H, name)
    ties = [
        _Tie(
            f"role:{edge.parent}\0{edge.role}\0{edge.child}",
            f"node:{edge.parent}",
            f"node:{edge.child}",
            _words(edge),
            "quiet",
            _in_chain(telling, edge),
        )
        for edge in telling.state.graph.edges
    ]
    _roots(telling, boxes, ties)
    return _parted(boxes, [tie for tie in ties if tie.start in boxes and tie.end in boxes])


def _in_chain(telling: Telling, edge: Edge) -> bool:
    """Whether an edge goes on to the next image below, perhaps by a filter."""
    parent = telling.state.graph.nodes.get(edge.parent)
    return edge.role == "backing" or (edge.role == "file" and parent is not None and parent.kind is Kind.FILTER)


def _words(edge: Edge) -> str:
    return _role_words(edge.role, edge.permissions, edge.shared)


@lru_cache(maxsize=512)
def _role_words(role: str, permissions: tuple[str, ...], shared: tuple[str, ...]) -> str:
    """`backing _r__/wrus`: the role, what is held, what is shared."""
    return f"{one_line(role)} {letters(permissions)}/{letters(shared)}"


def full_plan(telling: Telling, parts: list[Component], placed: list[Placed]) -> Plan:
    """The parts in their places, one beside the other as far as there is width."""
    spots: dict[str, Spot] = {}
    links: dict[str, Link] = {}
    shows: dict[str, str] = {}
    title = TitleLook(f"{one_line(telling.state.machine.name) or 'machine'} / every node", "")
    spots["title:full"] = Spot("title:full", title, LEFT - 8, _TOP, title_width(title.text), 18, "full")
    area = sum((place.width + _BETWEEN) * (place.height + _BETWEEN) for place in placed)
    widest = max([math.sqrt(area * _ASPECT), *(place.width for place in placed)])
    x, y, tall, right = LEFT, _TOP + 34, 0.0, 0.0
    for number, (part, place) in enumerate(zip(parts, placed, strict=True)):
        if x > LEFT and x + place.width > LEFT + widest:
            x, y, tall = LEFT, y + tall + _BETWEEN, 0.0
        row = f"part:{number}"
        for box, (left, top) in zip(part.boxes, place.at, strict=True):
            spots[box.key] = Spot(box.key, box.look, x + left, y + top, box.w, box.h, row, box.node)
            if box.node:
                shows[box.node] = box.key
        for line, curve in zip(part.lines, place.curves, strict=True):
            points = tuple([(x + px, y + py) for px, py in curve])
            tie = line.tie
            links[tie.key] = Link(tie.key, tie.start, tie.end, "role", row, tie.tone, tie.label, points=points)
        x += place.width + _BETWEEN
        tall, right = max(tall, place.height), max(right, x - _BETWEEN)
    return Plan(spots, links, shows, (right, y + tall))


def _roots(telling: Telling, boxes: dict[str, _Box], ties: list[_Tie]) -> None:
    """Devices, exports and jobs, and what each of them holds."""
    for device in telling.state.devices:
        key = f"device:{device.name}"
        boxes[key] = _Box(key, telling.device(device), 150.0, PILL_H)
        ties.append(_Tie(f"root:{device.name}", key, f"node:{device.root}", "root", "blue", straight=True))
    for export in telling.state.exports:
        key = f"plug:{export.id}"
        boxes[key] = _Box(key, telling.export(export), CARD_W, 26.0)
        ties.append(_Tie(f"export:{export.id}", key, f"node:{export.node}", "export", "nbd"))
    for job in telling.state.jobs:
        key = f"job:{job.id}"
        boxes[key] = _Box(key, telling.job(job), 176.0, JOB_H)
        ties += [
            _Tie(f"holds:{job.id}\0{role}\0{name}", key, f"node:{name}", role, "green") for role, name in job.nodes
        ]


def _parted(boxes: dict[str, _Box], ties: list[_Tie]) -> list[Component]:
    """Boxes and ties by connected parts."""
    leader = {key: key for key in boxes}

    def led(key: str) -> str:
        while leader[key] != key:
            leader[key] = key = leader[leader[key]]
        return key

    for tie in ties:
        leader[led(tie.start)] = led(tie.end)
    parts: dict[str, Component] = {}
    number: dict[str, int] = {}
    for key, box in boxes.items():
        part = parts.setdefault(led(key), Component())
        number[key] = len(part.boxes)
        part.boxes.append(box)
    for tie in ties:
        parts[led(tie.start)].lines.append(_Line(tie, number[tie.start], number[tie.end]))
    return list(parts.values())
