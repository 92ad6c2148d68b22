"""The hand-written list of operations: which a gesture, a node or a job offers, and how the command line names them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from diskchain.model.ledger import KEPT, LedgerEntry
from diskchain.model.node import Kind
from diskchain.model.state import State
from diskchain.operations.attach import Attach
from diskchain.operations.backup import TakeBackup, offers_for_all, offers_for_disk
from diskchain.operations.bitmap import ChangeBitmap, offers_for_image
from diskchain.operations.commit import Commit
from diskchain.operations.create import Create
from diskchain.operations.detach import Detach
from diskchain.operations.examine import Examine
from diskchain.operations.export import Export
from diskchain.operations.job import VERBS, SteerJob
from diskchain.operations.keys import Keys, UsageError, check
from diskchain.operations.mirror import Mirror
from diskchain.operations.operation import Drag, Offer, Operation
from diskchain.operations.resize import Resize
from diskchain.operations.revert import Revert
from diskchain.operations.saying import said_offer
from diskchain.operations.snapshot import Snapshot
from diskchain.operations.stream import Stream
from diskchain.operations.undo import Undo
from diskchain.operations.unexport import Unexport

OPERATIONS: Mapping[str, type[Operation]] = {
    kind.name: kind
    for kind in (
        Snapshot,
        Commit,
        Stream,
        Mirror,
        TakeBackup,
        ChangeBitmap,
        Revert,
        Examine,
        Export,
        Unexport,
        Create,
        Attach,
        Detach,
        Resize,
        SteerJob,
        Undo,
    )
}
"""Name on the command line -> what it is."""


def offers_for_drag(state: State, drag: Drag) -> tuple[Offer, ...]:
    """What a drop would do, the likelier first; an offer with a reason cannot be had."""
    commit = Commit.offered(state, drag)
    return _said(state, (*((commit,) if commit else ()), *Stream.offered(state, drag)))


def offers_for_copy(state: State, name: str) -> tuple[Offer, ...]:
    """What dragging an image beside its chain would do: copy the disk that writes to it, and follow it or as it is now."""
    disks = [device.name for device in state.devices_on(name)[:1] if device.name]
    found = (offer for disk in disks for offer in (Mirror(disk).offer(state), TakeBackup(disk).offer(state)))
    return _said(state, found)


def offers_for_node(state: State, name: str) -> tuple[Offer, ...]:
    """What can be done with a node: snapshot or copy its disk, commit it down, pull images below into it, change its bitmaps."""
    graph = state.graph
    if name not in graph.nodes or graph.nodes[name].kind is Kind.FILTER or graph.is_leftover_child(name):
        return ()
    disks = [device.name for device in state.devices_on(name)[:1] if device.name]
    found = [offer for disk in disks for offer in (Snapshot(disks=(disk,)).offer(state), Mirror(disk).offer(state))]
    found += [offer for disk in disks for offer in offers_for_disk(state, disk)]
    below = graph.chain(name)[1:]
    for base in below:
        offer = Commit.offered(state, Drag(name, base))
        if offer is not None:
            found.append(offer)
    if below:
        found.append(Stream(name).offer(state))
        found += [Stream(name, base).offer(state) for base in below[1:]]
    found += Revert.offered(state, name)
    found += [Examine(disk).offer(state) for disk in disks]
    found.append(Export(name).offer(state))
    found.append(Resize(name, graph.nodes[name].virtual_size or 0).offer(state))
    found += [Unexport(export.id).offer(state) for export in state.exports_on({name})]
    found += [Detach(disk=disk).offer(state) for disk in disks] or [Detach(node=name).offer(state)]
    return _said(state, (*found, *offers_for_image(state, name)))


def offers_for_kept(state: State, entry: LedgerEntry) -> tuple[Offer, ...]:
    """What can be done with an image of a kept branch that is closed: open it; as an open node it is offered to go back to."""
    if entry.word != KEPT or entry.path in {node.file for node in state.graph.nodes.values()}:
        return ()
    return (replace(Attach(entry.path, read_only=True).offer(state), title="Open it again"),)


def offers_for_machine(state: State) -> Iterator[Offer]:
    """What can be done with the machine as a whole: a snapshot or backup of all its disks, going back on all, an image more.

    One by one: with very many disks each takes a while.
    """
    say = state.naming.said
    yield said_offer(Snapshot().offer(state), say)
    for offers in (offers_for_all, Revert.offered_for_all):
        yield from _said(state, offers(state))
    yield from _said(state, (Attach().offer(state), Create().offer(state)))


def offers_for_job(state: State, job: str) -> tuple[Offer, ...]:
    """What can be done with a job now; only what its status allows."""
    found = state.job(job)
    if found is None:
        return ()
    offers = (
        SteerJob(verb, job, speed=found.speed if verb == "speed" else None).offer(state)
        for verb in VERBS
        if found.allows(verb)
    )
    return _said(state, offers)


def _said(state: State, offers: Iterable[Offer]) -> tuple[Offer, ...]:
    """The offers in the words of people: a node that nobody named is called by its file."""
    return tuple(said_offer(offer, state.naming.said) for offer in offers)


def parse(name: str, keys: Mapping[str, str], cwd: str) -> Operation:
    """An operation from the words of the command line.

    :param cwd: the user's working folder, which relative paths are relative to.
    :raises UsageError: an unknown operation, key or value.
    """
    if name not in OPERATIONS:
        raise UsageError(f"There is no operation {name}: say one of {', '.join(OPERATIONS)}.")
    kind = OPERATIONS[name]
    check(name, kind.known, keys)
    return kind.read(Keys(keys, cwd))
