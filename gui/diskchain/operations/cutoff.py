"""A plan of ours that was cut off half way: the application ended, or the line broke."""

from __future__ import annotations

from dataclasses import dataclass

from diskchain.qapi.command import Command


@dataclass(frozen=True, slots=True)
class CutOff:
    """What the journal knows of it.

    :ivar plan: its key. `title`: what it was to do. `back`: the commands that take it back, or, where it had gone too far for
        that, those that were still to be sent; in the order of sending. `made`: files that it made by itself.
    :ivar scratch: those of them that are of no use once it is taken back, so that they go too: path, device, inode.
    :ivar forward: whether it had gone too far to be taken back, so that `back` brings it to its end.
    """

    plan: str
    title: str
    back: tuple[Command, ...]
    made: tuple[str, ...] = ()
    scratch: tuple[tuple[str, int, int], ...] = ()
    forward: bool = False
