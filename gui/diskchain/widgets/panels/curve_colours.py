"""Colours of curves: none of them means a state, and none is used for one elsewhere."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Curve:
    """How a curve looks. `dashed` tells apart two of the same colour."""

    colour: str
    dashed: bool = False


_DARK = ("#67e8f9", "#f0a8ff", "#d9c39a", "#aab6ff")
_LIGHT = ("#0b6e83", "#9b1fb0", "#7a5a1e", "#4a4fc4")
_GUEST_DARK, _GUEST_LIGHT = "#c5cedb", "#3d4859"


def job_curve(number: int, dark: bool) -> Curve:
    """The look of the n-th job's curve; after four solid ones come dashed ones."""
    colours = _DARK if dark else _LIGHT
    return Curve(colours[number % len(colours)], number // len(colours) % 2 == 1)


def guest_curve(kind: str, dark: bool) -> Curve:
    """The look of what the guest writes (solid) and reads (dashed)."""
    return Curve(_GUEST_DARK if dark else _GUEST_LIGHT, kind == "read")


def all_colours(dark: bool) -> tuple[str, ...]:
    """Every colour that a curve can have, for measuring contrast."""
    return (*(_DARK if dark else _LIGHT), _GUEST_DARK if dark else _GUEST_LIGHT)
