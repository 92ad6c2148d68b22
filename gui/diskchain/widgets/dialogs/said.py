"""A preview in words: its lines of label and value, its headline of what changes. No Qt."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence

from diskchain.model.paths import base_name
from diskchain.model.words import size, span
from diskchain.operations.preview import Preview
from diskchain.picture.words import one_line
from diskchain.widgets.panels.facts import Fact

_SPREAD = (0.7, 1.4)
"""How far a rate from an earlier job may be off, either way; the range that is told is widened by it."""


_TYPED = re.compile(r"\s*[;:,](?: to [^;:,]*,)? say \S+=\S*\.$")
"""`; to cancel it anyway, say foreign=yes.`, `: say file.vda=PATH.`"""

_LONGEST_HEAD = 28
"""Letters of a line's label, so that its value keeps room."""

_ESTIMATE = (
    "An estimate: what the images take on disk now. The job itself counts what it goes through: without what formats add, but"
    " with holes where it goes through the whole disk, and with what the guest writes meanwhile."
)


def facts_of(preview: Preview, speed: float | None) -> tuple[list[Fact], dict[str, str]]:
    """The lines, and the tone of some of their values.

    :param speed: bytes per second of earlier jobs here; None: not known, and then no time is told.
    """
    draft = preview.draft
    tones: dict[str, str] = {}
    facts = [Fact("Moves", _moves(preview, speed), _ESTIMATE if draft.moves else ""), Fact("Guest", draft.guest)]
    if draft.target:
        facts.append(_space(preview, tones))
    if draft.stop:
        facts.append(Fact("If stopped half way", draft.stop, draft.stop))
        tones["If stopped half way"] = "" if draft.stop.startswith("nothing") else "amber"
    # Files that are made stand below with the others, in full.
    facts += [_told(name, value) for name, value in draft.facts if value not in draft.created]
    return facts, tones


def _told(name: str, value: str) -> Fact:
    """A line of the operation's own. Where its label is too long, the whole of it stands before the value in the tool tip."""
    head = shortened(one_line(name), _LONGEST_HEAD)
    return Fact(head, one_line(value), value if head == one_line(name) else f"{name}: {value}")


def shortened(words: str, most: int) -> str:
    """The words of a label or a button, which cannot wrap: those of more than `most` letters lose their middle."""
    half = most // 2
    return words if len(words) <= most else f"{words[:half]}…{words[-half:]}"


def _moves(preview: Preview, speed: float | None) -> str:
    moves = preview.draft.moves
    if moves is None:
        return "not known how much"
    if not moves:
        return "nothing"
    limit = getattr(preview.operation, "speed", 0) or 0
    rate = min(speed, limit) if speed and limit else speed or limit
    if not rate:
        return f"about {size(moves)}"
    return f"about {size(moves)}, {span(moves / rate * _SPREAD[0], moves / rate * _SPREAD[1])}"


def _space(preview: Preview, tones: dict[str, str]) -> Fact:
    draft, free = preview.draft, preview.free
    name, whole = "Free space", draft.target
    if free is None:
        return Fact(name, "not known from here", whole)
    enough = draft.moves is None or draft.moves <= free
    tones[name] = "green" if enough else "amber"
    return Fact(name, f"{size(free)} · {'enough' if enough else 'may not be enough'}", whole)


def headline(preview: Preview) -> str:
    """What happens to files, in one sentence; empty where no file changes and none becomes invalid."""
    changed, invalid = preview.draft.changed, preview.draft.invalid
    parts = []
    if changed:
        parts.append(
            f"{base_name(changed[0])} changes" if len(changed) == 1 else f"{_number(len(changed))} files change"
        )
    if invalid:
        one = len(invalid) == 1
        parts.append(f"{_number(len(invalid))} {'file becomes' if one else 'files become'} invalid")
    return one_line(", ".join(parts))


def in_window(sentence: str) -> str:
    """An objection without its last clause where that says what to type on the command line: here it is a tick or a field."""
    return _TYPED.sub(".", sentence)


def shared_folder(paths: Sequence[str]) -> str:
    """The folder that all of several files are in, with its slash; empty where they are in more than one."""
    folders = {posixpath.dirname(path) for path in paths}
    return f"{folders.pop()}/" if len(folders) == 1 and len(paths) > 1 and paths[0].startswith("/") else ""


def _number(count: int) -> str:
    words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    return words[count] if count < len(words) else str(count)
