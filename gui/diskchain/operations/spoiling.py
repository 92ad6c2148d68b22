"""Images elsewhere that need what an operation changes, and what becomes of each, in a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from diskchain.operations.operation import Objection


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


def unagreed(fates: Mapping[str, str], agreed: Iterable[str]) -> Iterator[Objection]:
    """An objection for each image to whose fate nobody agreed. `fates`: path -> a sentence."""
    agreed = frozenset(agreed)
    for path, fate in fates.items():
        if path not in agreed:
            yield Objection(fate, f"spoils={path}")
