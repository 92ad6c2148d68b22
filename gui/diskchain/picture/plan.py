"""A placed picture: spots and the links between them, by keys that stay the same while a thing stays the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from diskchain.picture.look import Look

FLOW_ROOM = 34.0
"""Scene units on either side of a flow's pill that its line and its arrow head need; with less the line passes above the pill."""


@dataclass(frozen=True, slots=True)
class Spot:
    """One thing with its place, in scene units (pixels at zoom 1).

    :ivar key: `node:NAME`, `device:NAME`, `job:ID`, `plug:ID`, `fold:...`, `row:...`, `title:...`; `after:` before what would be.
    :ivar node: the node that it stands for, empty for none. `row`: the key of the disk it belongs to.
    :ivar about: for a tool tip and screen readers: plain sentences.
    """

    key: str
    look: Look
    x: float
    y: float
    w: float
    h: float
    row: str
    node: str = ""
    about: str = ""

    @property
    def right(self) -> float:
        """The x of its right side."""
        return self.x + self.w

    @property
    def bottom(self) -> float:
        """The y of its lower side."""
        return self.y + self.h


@dataclass(frozen=True, slots=True)
class Link:
    """A line from one spot to another.

    :ivar kind: `backing` (to the left), `branch` (up to a shared base), `device` (down), `plug` (up), `under` (a flow below the
        cards), `across` (a flow to a target at the right), `role` (Full graph, along `points`).
    :ivar via: key of the spot (a pill) that a flow passes. `label`: words on the line, at `label_at` or at its middle.
    :ivar points: control points of cubic curves, from start to end; empty: the painter finds its way.
    :ivar ghost: dashed, something that would be. `moving`: data moves along it now.
    """

    key: str
    start: str
    end: str
    kind: str
    row: str
    tone: str = "quiet"
    label: str = ""
    ghost: bool = False
    moving: bool = False
    via: str = ""
    points: tuple[tuple[float, float], ...] = ()
    label_at: tuple[float, float] | None = None


@dataclass(frozen=True)
class Plan:
    """Everything that is to be painted.

    :ivar shows: node-name -> key of the spot that shows it: its own, a fold or a line.
    :ivar focus: keys of the spots that matter most; empty: what is selected, or else the first disk's active image.
    :ivar least: width and height that lines take at least, which may bend around the spots.
    """

    spots: Mapping[str, Spot] = field(default_factory=dict)
    links: Mapping[str, Link] = field(default_factory=dict)
    shows: Mapping[str, str] = field(default_factory=dict)
    least: tuple[float, float] = (0.0, 0.0)
    focus: tuple[str, ...] = ()

    @property
    def size(self) -> tuple[float, float]:
        """Width and height that hold everything, from (0, 0)."""
        right = max((spot.right for spot in self.spots.values()), default=0.0)
        bottom = max((spot.bottom for spot in self.spots.values()), default=0.0)
        return max(right, self.least[0]), max(bottom, self.least[1])
