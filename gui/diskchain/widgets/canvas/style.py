"""What all items of one canvas share: the palette, the zoom, and whether things may move."""

from __future__ import annotations

from dataclasses import dataclass, field

from diskchain.picture.palette import LIGHT, Palette
from diskchain.widgets.canvas.engraved import Engraved
from diskchain.widgets.canvas.store import Store


@dataclass(slots=True)
class Style:
    """Changed by the view, read by every item while it paints.

    :ivar scale: device-independent pixels for each scene unit. `phase`: how far the dashes of flows have moved, scene units.
    :ivar ratio: device pixels for each device-independent one. `zooming`: the zoom is changing: old pixels are stretched.
    :ivar deadline: from this moment on (`time.perf_counter`) this frame paints no more cards anew, but stretches their old
        pixels or draws plain boxes; 0: no limit. `blurred`: this frame did so, so another must follow.
    :ivar begun: this frame has painted a card anew: one it may always, so that it comes to an end. `blank`: it drew plain boxes.
    :ivar store: painted cards. `words`: painted labels of edges.
    :ivar still: reduced motion: nothing moves by itself, changes jump.
    """

    palette: Palette = LIGHT
    scale: float = 1.0
    phase: float = 0.0
    still: bool = False
    ratio: float = 1.0
    zooming: bool = False
    deadline: float = 0.0
    blurred: bool = False
    begun: bool = False
    blank: bool = False
    store: Store = field(default_factory=Store)
    words: Engraved = field(default_factory=Engraved)


LARGEST = 1.5
"""How large fitting makes a small picture in a large window."""

BATCH = 0.35
"""Below this zoom nodes are plain boxes, painted a whole disk at a time."""
