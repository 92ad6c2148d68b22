"""What is drawn of an image that QEMU no longer shows."""

from __future__ import annotations

from diskchain.model.ledger import KEPT, LedgerEntry
from diskchain.model.paths import base_name
from diskchain.picture.kept import KEPT_MARK, driver_of
from diskchain.picture.look import Badge, CardLook
from diskchain.picture.words import one_line


def left_behind(entry: LedgerEntry) -> CardLook:
    """The card of an image that QEMU no longer shows."""
    kept, tone = entry.word == KEPT, "red" if entry.word == "invalid" else "amber"
    return CardLook(
        name=one_line(entry.node or base_name(entry.path)),
        file=one_line(base_name(entry.path)),
        driver=driver_of(entry.path),
        tone="grey",
        used=None,
        size="",
        badges=(KEPT_MARK if kept else Badge(entry.word.upper(), tone),),
        hatched=not kept,
        marks=0 if kept else 1,
        low=True,
    )
