"""Foreign text made fit for a picture: one plain line that can neither break nor forge it."""

from __future__ import annotations

import unicodedata

from diskchain.model.node import Node
from diskchain.model.paths import base_name


def called(node: Node) -> str:
    """What a node is called in the picture: its file's name where nobody named it, for QEMU's own name tells nothing."""
    return one_line((base_name(node.file) if node.nameless else "") or node.name)


def one_line(text: str, limit: int = 400) -> str:
    """Foreign text as one plain line: a line break as its arrow, other control characters and direction marks as dots.

    Node and file names may hold line breaks and marks that reorder what follows.
    """
    if text.isascii() and text.isprintable() and len(text) <= limit:
        return text
    return "".join(_visible(letter) for letter in text[:limit]) + ("…" if len(text) > limit else "")


def _visible(letter: str) -> str:
    if letter == "\n":
        return "↵"
    return "·" if unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") else letter
