"""Images elsewhere that need what an operation changes, and what becomes of each, in a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from diskchain.model.state import State
from diskchain.operations.chains import path_of
from diskchain.operations.operation import Objection
from diskchain.operations.surroundings import Surroundings


def needing(readers: Mapping[str, tuple[str, ...]], images: Iterable[str], own: frozenset[str]) -> dict[str, str]:
    """Each image elsewhere that needs one of these, directly or through others, and how it does: `backed by /a/base.qcow2`.

    :param readers: as `Surroundings.readers`. `own`: images that are no strangers.
    """
    found: dict[str, str] = {}
    for image in images:
        waiting = [image]
        while waiting:
            lower = waiting.pop(0)
            for reader in readers.get(lower, ()):
                if reader not in found and reader not in own:
                    found[reader] = f"backed by {image}" + (f" through {lower}" if lower != image else "")
                    waiting.append(reader)
    return found


def invalid_in(state: State, names: Iterable[str], surroundings: Surroundings) -> Iterator[str]:
    """A sentence on each image of a chain whose base was changed by a commit of ours: the disk does not hold what it held."""
    for name in names:
        path = path_of(state.graph.nodes[name], surroundings.cwd) or ""
        if path in surroundings.invalid:
            yield f"{name} no longer holds what it held: {surroundings.spoilt.get(path) or 'its base was changed.'}"


def unagreed(fates: Mapping[str, str], agreed: Iterable[str]) -> Iterator[Objection]:
    """An objection for each image to whose fate nobody agreed. `fates`: path -> a sentence."""
    agreed = frozenset(agreed)
    for path, fate in fates.items():
        if path not in agreed:
            yield Objection(fate, f"spoils={path}")
