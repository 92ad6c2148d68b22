"""The reverse of an operation that was done, where there is one: what takes it back, as things are now."""

from __future__ import annotations

from collections.abc import Iterator

from diskchain.model.state import State
from diskchain.operations.attach import Attach
from diskchain.operations.bitmap import ChangeBitmap
from diskchain.operations.commit import Commit
from diskchain.operations.detach import Detach
from diskchain.operations.export import Export
from diskchain.operations.operation import Drag, Offer, Operation
from diskchain.operations.revert import Revert
from diskchain.operations.saying import said_offer
from diskchain.operations.snapshot import Snapshot
from diskchain.operations.unexport import Unexport

_TURNED = {"enable": "disable", "disable": "enable", "add": "remove"}


def reverse(operation: Operation, before: State, now: State) -> tuple[Offer, ...]:
    """What takes an operation back, one act for each disk; only what can be had now.

    What cannot come back has none: the data of an image that was committed into, or overlays that a stream has emptied.
    :param before: the state right before it. :param now: the state after it.
    """
    offers = (offer for offer in _reverse(operation, before, now) if offer is not None and not offer.reason)
    return tuple(said_offer(offer, now.naming.said) for offer in offers)


def _reverse(operation: Operation, before: State, now: State) -> Iterator[Offer | None]:
    match operation:
        case Snapshot():
            for name, below in _new_tops(before, now):
                yield Commit.offered(now, Drag(name, below))
        case Export():
            new = {export.id for export in now.exports} - {export.id for export in before.exports}
            yield from (Unexport(name).offer(now) for name in sorted(new))
        case Attach():
            disks = {device.name for device in now.devices} - {device.name for device in before.devices}
            yield from (Detach(disk=disk).offer(now) for disk in sorted(disks))
            tops = [] if disks else _new_nodes(before, now)
            yield from (Detach(node=name).offer(now) for name in tops if len(tops) == 1)
        case ChangeBitmap() if operation.do in _TURNED:
            yield ChangeBitmap(_TURNED[operation.do], operation.node, operation.bitmap).offer(now)
        case Revert() if operation.keep:
            left = tuple(sorted(top for top in before.active - now.active if top in now.graph.nodes))
            yield Revert(left, restart=operation.restart).offer(now) if left else None
        case _:
            return


def _new_nodes(before: State, now: State) -> list[str]:
    """The images that are open now and were not before, and that nothing uses."""
    new = now.graph.nodes.keys() - before.graph.nodes.keys()
    return [name for name in new if not now.graph.parents(name) and not now.graph.is_leftover_child(name)]


def _new_tops(before: State, now: State) -> Iterator[tuple[str, str]]:
    """(new active image, the image that was active and is below it now), for each disk."""
    for device in now.devices:
        old, active = before.device(device.name), now.active_of(device)
        was = before.active_of(old) if old is not None else None
        if active is not None and was is not None and active != was and now.graph.backing(active) == was:
            yield active, was
