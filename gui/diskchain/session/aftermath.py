"""After an operation: what is taken back, and what must be remembered."""

from __future__ import annotations

import asyncio
from collections.abc import Container, Mapping, Sequence

from diskchain.images.files import Identity, remove_made
from diskchain.model.ledger import KEPT, LedgerEntry
from diskchain.model.state import State
from diskchain.monitors.monitor import Refused
from diskchain.operations.chains import listed
from diskchain.operations.filtering import off_filter
from diskchain.operations.local import Local
from diskchain.operations.preview import Preview
from diskchain.operations.steps import Send
from diskchain.qapi.command import Command
from diskchain.session.worked import Worked

_PASSING = frozenset(
    {"blockdev-backup", "blockdev-create", "blockdev-del", "blockdev-mirror", "change-backing-file", "job-dismiss"}
)
"""Commands of plans that leave nothing behind beyond the files and nodes that the plan made: a mirror changes nothing until it
is completed, nor does a backup until it is finalized; `change-backing-file` is a trial that writes a header as it is, the last
ends a job that has ended."""


def lasts(step: Send) -> bool:
    """Whether what a command did, once QEMU took it, stays done: it neither is undone nor only prepared something."""
    passing = all(part.looks or part.name in _PASSING for part in step.command.parts)
    return bool(step.leaves) or not (step.undo or step.passing or passing)


def remains(done: Sequence[Send], started: Sequence[str], now: State) -> list[str]:
    """Sentences on what a failed plan made in QEMU and what is still there: nodes that it opened, and its jobs."""
    opened = [str(command.arguments.get("node-name")) for step in done for command in step.undo]
    left = [f"The node {name} stays open." for name in opened if name in now.graph.nodes]
    left += [step.leaves for step in done if step.leaves]
    return left + [f"The job {job} is still there." for job in started if now.job(job) is not None]


def unchanged(done: Sequence[Send]) -> str:
    """A sentence that says what a plan which came to nothing has changed: nothing, but that it may have written it anew."""
    anew = [step.rewrites for step in done if step.rewrites]
    if not anew:
        return "Nothing was changed."
    return f"Nothing was changed, but QEMU has written {listed(anew)} anew, which says the same as before."


async def undo(
    session: Worked,
    done: Sequence[Send],
    made: Mapping[str, Identity],
    absent: Mapping[str, Identity | None],
    notes: list[str],
    lasting: bool,
) -> list[str]:
    """Take back what was sent, last first; returns sentences on what is left behind.

    :param made, absent: as in `Making`.
    :param lasting: something was done for good already: the files that were made may hold data that are wanted, and stay.

    A file that QEMU has open now is another client's doing, as our own nodes are closed before: it is neither removed nor ours.
    """
    left: list[str] = []
    paths: list[str] = []
    stuck = False
    for step in reversed(done):
        for command in step.undo:
            if command.name == "cont" and stuck:
                left.append("The guest stays stopped: on disks that were not all put back it would spoil its data.")
                continue
            try:
                await session.execute(await _as_now(session, command))
            except Refused as error:
                stuck = True
                notes.append(f"{command.name}: {error.text}.")
        paths += step.makes
    paths += made
    held = {node.file for node in (await session.refresh()).graph.nodes.values()} if paths else set()
    for path in (path for path in paths if path not in held):
        if lasting:
            left.append(f"{path} was made and stays.")
        elif path in absent or path in made:
            left.append(await asyncio.to_thread(remove_made, path, made.get(path) or absent.get(path)))
        else:
            left.append(f"{path} may have been made; it could not be looked at from here.")
    return [sentence for sentence in left if sentence]


async def _as_now(session: Worked, command: Command) -> Command:
    """A command that takes something back, as things are now."""
    return off_filter(await session.refresh(), command) if command.name == "qom-set" else command


async def taken_back(acts: Sequence[Local]) -> list[str]:
    """Take back what was done on this computer, last first; returns sentences on what is left."""
    left = [await asyncio.to_thread(step.act.undo) for step in reversed(acts)]
    return [sentence for sentence in left if sentence]


def entries(preview: Preview, word: str) -> list[LedgerEntry]:
    """What the ledger must hold: `invalid` after a commit, `changed` by one that was not finished, `kept` by a revert."""
    draft, graph = preview.draft, preview.before.graph
    paths = {"invalid": draft.invalid, "changed": draft.unfinished, KEPT: draft.kept}[word]
    nodes = {node.file: name for name, node in graph.nodes.items() if not graph.is_leftover_child(name)}
    why = {
        "invalid": f"Its base was changed by {preview.before.naming.said(_commit(preview))}. It must not be used again.",
        "changed": f"It was changed by a commit that was not finished: {draft.title}.",
        KEPT: f"It is of the branch that was left: {draft.title}. What it is backed by must not be changed.",
    }[word]
    top = graph.nodes.get(draft.flow[0]) if draft.flow and word == "changed" else None
    sources = (top.file,) if top is not None and top.file else ()
    found = []
    for path in paths:
        name = nodes.get(path, "")
        below = graph.backing(name) if name else None
        disks = [device.name for device in preview.before.devices if name in graph.chain(device.root or "")]
        backing = graph.nodes[below].file if below else None
        disk = disks[0] if disks else ""
        found.append(LedgerEntry(path, name, word, why, backing, disk, preview.before.machine.target, sources))
    return found


def _commit(preview: Preview) -> str:
    """The commit that an operation carried out or ended, in words; a job's name says nothing once it is gone."""
    source, target = preview.draft.flow or ("", "")
    return f"the commit of {source} into {target}" if source and target else f"a commit ({preview.draft.title})"


def healed(preview: Preview, marked: Container[str], moving: Container[str]) -> tuple[str, ...]:
    """Paths whose mark goes once it is done as predicted: files made anew, and the image that the data went into.

    That one keeps its mark while an image above it, that stays, is marked too, or its data have begun to move down (`moving`): a
    commit that was not finished has copied such data into it, so that alone it still does not hold what it held.
    """
    draft, graph = preview.draft, preview.before.graph
    if draft.flow is None:
        return (*draft.created, *draft.rejoined)
    above, waiting = set[str](), [draft.flow[1]]
    while waiting:
        new = [name for name in graph.overlays(waiting.pop()) if name not in above]
        above.update(new)
        waiting += new
    staying = {graph.nodes[name].file for name in above.difference(draft.loose)}
    if any(file in marked or file in moving for file in staying if file):
        return draft.created
    target = graph.nodes[draft.flow[1]].file or ""
    return (*draft.created, *(draft.changed[:1] or ((target,) if target.startswith("/") else ())))


def shape(state: State) -> tuple[object, ...]:
    """What a failed act must have left as it was: edges, names, roots."""
    edges = frozenset((edge.parent, edge.child, edge.role) for edge in state.graph.edges)
    return edges, frozenset(state.graph.nodes), frozenset((device.name, device.root) for device in state.devices)
