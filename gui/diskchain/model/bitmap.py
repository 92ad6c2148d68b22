"""Dirty bitmaps: which parts of a node were written since some moment."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bitmap:
    """One dirty bitmap on a node (`BlockDirtyInfo` in qapi/block-core.json).

    :ivar name: empty for the internal bitmaps that jobs use.
    :ivar count: dirty bytes, rounded up to the granularity.
    :ivar granularity: bytes that one bit stands for.
    """

    name: str
    count: int
    granularity: int
    recording: bool
    busy: bool
    persistent: bool
    inconsistent: bool
