"""After an operation: what is taken back, and what must be remembered."""

from __future__ import annotations

import asyncio
from collections.abc import Container, Sequence

from diskchain.model.ledger import LedgerEntry
from diskchain.model.state import State
from diskchain.monitors.monitor import Refused
from diskchain.operations.operation import Send
from diskchain.operations.preview import Preview
from diskchain.session.files import remove_made
from diskchain.session.worked import Worked


async def undo(
    session: Worked, done: Sequence[Send], made: Sequence[str], absent: Container[str], notes: list[str]
) -> list[str]:
    """Take back what was sent, last first; returns sentences on what is left behind."""
    left: list[str] = []
    for step in reversed(done):
        for command in step.undo:
            try:
                await session.execute(command)
            except Refused as error:
                notes.append(f"{command.name}: {error.text}.")
        for path in step.makes:
            if path in absent:
                left.append(await asyncio.to_thread(remove_made, path))
            else:
                left.append(f"{path} may have been made; it could not be looked at from here.")
    left += [await asyncio.to_thread(remove_made, path) for path in made]
    return [sentence for sentence in left if sentence]


def entries(preview: Preview, word: str) -> list[LedgerEntry]:
    """What the ledger must hold after a commit that is done (`invalid`) or was not finished (`changed`)."""
    draft, graph = preview.draft, preview.before.graph
    paths = draft.invalid if word == "invalid" else draft.unfinished
    nodes = {node.file: name for name, node in graph.nodes.items() if not graph.is_leftover_child(name)}
    why = {
        "invalid": f"Its base was changed by: {draft.title}. It must not be used again.",
        "changed": f"It was changed by a commit that was not finished: {draft.title}.",
    }[word]
    found = []
    for path in paths:
        name = nodes.get(path, "")
        below = graph.backing(name) if name else None
        disks = [device.name for device in preview.before.devices if name in graph.chain(device.root or "")]
        backing = graph.nodes[below].file if below else None
        disk = disks[0] if disks else ""
        found.append(LedgerEntry(path, name, word, why, backing, disk, preview.before.machine.target))
    return found


def shape(state: State) -> tuple[object, ...]:
    """What a failed act must have left as it was: edges, names, roots."""
    edges = frozenset((edge.parent, edge.child, edge.role) for edge in state.graph.edges)
    return edges, frozenset(state.graph.nodes), frozenset((device.name, device.root) for device in state.devices)
