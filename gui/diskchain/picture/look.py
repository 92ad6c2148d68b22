"""What each thing on a picture shows, as plain values: two equal looks are the same pixels."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Badge:
    """A word on a coloured ground. `tone`: a name of `Palette.tone`. `short`: what is written where the word has no room."""

    text: str
    tone: str
    short: str = ""

    def times(self, count: int) -> Badge:
        """The badge of so many things: `2 INVALID`."""
        return Badge(f"{count} {self.text}", self.tone, self.short and f"{count} {self.short}")


@dataclass(frozen=True, slots=True)
class CardLook:
    """A node as a card.

    :ivar used: the share of the virtual size that is allocated, 0 to 1; None: not known, no bar.
    :ivar marks: how many of the badges, from the first on, say that its contents change or are invalid: they never give way.
    :ivar ghost: drawn as something that would be (dashed outline). `hatched`: its contents must not be used.
    :ivar low: a card of two lines: its name with its first badge, its file.
    :ivar nameless: nobody named the node: its file's name stands for it, QEMU's own below.
    """

    name: str
    file: str
    driver: str
    tone: str
    used: float | None
    size: str
    badges: tuple[Badge, ...] = ()
    rate: str = ""
    active: bool = False
    ghost: bool = False
    hatched: bool = False
    marks: int = 0
    nameless: bool = False
    low: bool = False


@dataclass(frozen=True, slots=True)
class SlimLook:
    """A filter node on the edge that it filters. `word`: the driver, or the job that put it in. `named`: the name is written."""

    word: str
    name: str
    ghost: bool = False
    named: bool = True


@dataclass(frozen=True, slots=True)
class PillLook:
    """A rounded pill: a guest device, a job, an export. `shape`: `device`, `job` or `export`. `short`: what tells most."""

    title: str
    note: str
    tone: str
    shape: str = "device"
    ghost: bool = False
    short: str = ""


@dataclass(frozen=True, slots=True)
class FoldLook:
    """The folded middle of a chain: `24 overlays`, `3.1 GiB`.

    :ivar marks: how many of the images in it are invalid, changed, or will be: `2 INVALID`; the gravest first.
    :ivar hatched: some of their contents must not be used.
    """

    text: str
    note: str
    marks: tuple[Badge, ...] = ()
    hatched: bool = False


@dataclass(frozen=True, slots=True)
class LineLook:
    """A whole disk in one line: its device, its chain, a badge, at the right what goes on. `marks`, `hatched`: as of a fold."""

    title: str
    chain: str
    badge: Badge | None
    note: str
    tone: str
    marks: tuple[Badge, ...] = ()
    hatched: bool = False


@dataclass(frozen=True, slots=True)
class TitleLook:
    """The words above a row. `strong`: the last part of it (now, after). `action`: words that a click acts on."""

    text: str
    strong: str = ""
    action: str = ""


Look = CardLook | SlimLook | PillLook | FoldLook | LineLook | TitleLook
