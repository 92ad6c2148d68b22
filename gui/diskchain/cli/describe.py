"""A preview, and what came of it, as plain text."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from diskchain.model import words
from diskchain.model.state import State
from diskchain.model.titles import plain
from diskchain.operations.preview import Preview
from diskchain.operations.scripts import script

_WHOLE = sys.maxsize
_LABEL = 10


def shown(text: str) -> str:
    """Foreign text in full, but harmless to a terminal and on one line."""
    return plain(text, _WHOLE)


def chains(state: State) -> list[str]:
    """Every chain in QEMU's notation, base first, with the devices that write to it."""
    found = []
    for top in state.tops():
        devices = ", ".join(shown(device.name) for device in state.devices_on(top))
        line = " <- ".join(shown(state.naming.exact(name)) for name in reversed(state.graph.chain(top)))
        found.append(f"{line}   ({devices})" if devices else line)
    return found


def described(preview: Preview) -> str:
    """What an operation would do: the chains now and after, what moves, the files concerned, and the exact commands."""
    return "\n".join(_lines(preview)) + "\n"


def _lines(preview: Preview) -> Iterator[str]:
    draft = preview.draft
    yield shown(draft.title)
    yield ""
    now, after = chains(preview.before), chains(preview.after)
    if now != after:
        yield from _rows("now", [line for line in now if line not in after])
        # What is refused has no afterwards.
        yield from _rows("after", [line for line in after if line not in now] if preview.allowed else [])
    yield from _rows("moves", [_moves(preview)])
    yield from _rows("guest", [shown(draft.guest)])
    yield from _rows("changes", [shown(path) for path in draft.changed])
    yield from _rows("invalid", [shown(path) for path in draft.invalid])
    yield from _rows("creates", [shown(path) for path in draft.created])
    yield from _rows("closes", [shown(preview.before.naming.exact(name)) for name in draft.closes])
    for label, value in draft.facts:
        yield f"  {shown(label)}: {shown(value)}"
    if draft.stop:
        yield f"  If it is stopped half way: {shown(draft.stop)}"
    for sentence in (*preview.warnings, *draft.confirm):
        yield f"  ! {shown(sentence)}"
    commands = script(preview, "qmp-shell")
    if commands:
        yield ""
        yield "  commands"
        yield from (f"    {shown(line)}" for line in commands.splitlines())


def _rows(label: str, values: list[str]) -> Iterator[str]:
    for number, value in enumerate(values):
        yield f"  {label if number == 0 else '':{_LABEL}}{value}"


def _moves(preview: Preview) -> str:
    if preview.draft.moves is None:
        return "not known how much"
    moved = f"about {words.size(preview.draft.moves)}" if preview.draft.moves else "nothing"
    if not preview.draft.target or not preview.draft.moves:
        return moved
    free = "not known from here" if preview.free is None else words.size(preview.free)
    return f"{moved}; free there: {free}"
