"""The colours of both schemes, in one place. A test measures that every text in use has contrast >= 4.5 : 1."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours as `#rrggbb`, taken from the design's pictures.

    Surfaces: `window` (panels), `ground` (the canvas), `card`, `raised` (rows, buttons, bubbles), `field` (code and input),
    `line` (outlines and rules), `track` (the empty part of a bar), `dot` (the grid of the ground).
    Text: `text`, `quiet` (second rank), `on` (text on a coloured badge).
    Tones, each with a word or shape beside it wherever used: `teal` qcow2, `raw`, `nbd`, `other` formats, `blue` active and
    chosen, `green` jobs, `amber` filters and changes, `red` invalid and failed, `grey` read-only.
    """

    dark: bool
    window: str
    ground: str
    card: str
    raised: str
    field: str
    line: str
    track: str
    dot: str
    text: str
    quiet: str
    on: str
    teal: str
    raw: str
    nbd: str
    other: str
    blue: str
    green: str
    amber: str
    red: str
    grey: str

    def tone(self, name: str) -> str:
        """The colour of a tone by its name; unknown names are `other`."""
        return {
            "teal": self.teal,
            "raw": self.raw,
            "nbd": self.nbd,
            "blue": self.blue,
            "green": self.green,
            "amber": self.amber,
            "red": self.red,
            "grey": self.grey,
            "text": self.text,
            "quiet": self.quiet,
        }.get(name, self.other)


TONES = ("teal", "raw", "nbd", "other", "blue", "green", "amber", "red", "grey")
"""Tones that badges are filled with (text in `on`) and that words on cards and ground are written in."""

DARK = Palette(
    dark=True,
    window="#171c25",
    ground="#11151c",
    card="#1b222d",
    raised="#1d2430",
    field="#11151c",
    line="#2a3342",
    track="#2a3342",
    dot="#242c39",
    text="#e6ebf2",
    quiet="#9aa7ba",
    on="#0b0f14",
    teal="#2dd4bf",
    raw="#94a3b8",
    nbd="#c084fc",
    other="#f0a6ca",
    blue="#4da3ff",
    green="#3ecf8e",
    amber="#f5b942",
    red="#ff6b6b",
    grey="#9aa7ba",
)

LIGHT = Palette(
    dark=False,
    window="#ffffff",
    ground="#f4f6f9",
    card="#ffffff",
    raised="#eef1f6",
    field="#f4f6f9",
    line="#d5dbe5",
    track="#d5dbe5",
    dot="#d5dbe5",
    text="#1a2230",
    quiet="#475569",
    on="#ffffff",
    teal="#0b756b",
    raw="#526173",
    nbd="#7a37c4",
    other="#a3326f",
    blue="#1a5fbf",
    green="#0f7048",
    amber="#92600f",
    red="#b42323",
    grey="#475569",
)

DRIVER_TONES = {"qcow2": "teal", "qed": "teal", "raw": "raw", "nbd": "nbd", "luks": "other", "quorum": "other"}


def driver_tone(driver: str) -> str:
    """The tone of a node's driver: a format, a way to the data, or something we do not know (`other`)."""
    if driver in DRIVER_TONES:
        return DRIVER_TONES[driver]
    if driver in ("file", "host_device", "host_cdrom", "null-co", "null-aio"):
        return "raw"
    if driver in ("http", "https", "ftp", "ftps", "iscsi", "rbd", "ssh", "nfs", "gluster"):
        return "nbd"
    return "other"


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21 (WCAG 2, relative luminance)."""
    bright, dim = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
