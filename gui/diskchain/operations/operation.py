"""What an operation is: a plain value that can object, plan and predict without sending anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

if TYPE_CHECKING:
    from diskchain.model.backup import Wanted
    from diskchain.model.state import State
    from diskchain.operations.keys import Keys
    from diskchain.operations.preview import Draft
    from diskchain.operations.surroundings import Surroundings


@dataclass(frozen=True, slots=True)
class Objection:
    """A reason why an operation must not run.

    :ivar text: one plain sentence. `lifts`: the key that overrides it (`spoils=/a/b.qcow2`, `foreign=yes`); empty: nothing does.
    :ivar asks: the field that is still empty and has to be filled in: then nothing is wrong yet; empty: something is.
    """

    text: str
    lifts: str = ""
    asks: str = ""


@dataclass(frozen=True, slots=True)
class Drag:
    """The gesture: a node dropped on another one of the same machine. What is dragged is what leaves."""

    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Offer:
    """What a drag or a menu could do: an operation with the words for it.

    :ivar verb: the word beside a target while dragging ("Commit here"). `title`: the whole sentence, for the hint and the button.
    :ivar reason: why it is not to be had; empty: it is. `note`: what it means, in a sentence for the hint; may be empty.
    """

    operation: Operation
    verb: str
    title: str
    reason: str = ""
    note: str = ""


class Operation(Protocol):
    """Something a user can do to a machine: a frozen dataclass whose fields are its keys.

    `name` is the word of the command line, `known` the keys that it takes there.
    """

    name: ClassVar[str]
    known: ClassVar[tuple[str, ...]]

    @classmethod
    def read(cls, keys: Keys) -> Operation:
        """The operation from the words of the command line. :raises UsageError: one is missing, or is not understood."""

    def keys(self) -> Mapping[str, str]:
        """The keys and values as the command line writes them, defaults left out."""

    def concerns(self, state: State) -> Concerns:
        """What must be looked up outside QEMU before this can be judged."""

    def draft(self, state: State, surroundings: Surroundings) -> Draft:
        """Judge, plan and predict, all at once and without sending anything."""


@dataclass(frozen=True, slots=True)
class Concerns:
    """What `Surroundings` must tell for an operation.

    :ivar images: files whose readers elsewhere must be looked for. `folders`: folders where a file would be made, or space taken.
    :ivar held: files that must be the very ones that QEMU has open: it opens them anew by their names, or writes those down.
    :ivar written: files that QEMU opens anew for writing when a job ends; where it then cannot, it dies.
    :ivar headers: image files whose headers, and those of what they are backed by, are to be read.
    :ivar buses: whether it must be known where the guest has room for a disk.
    :ivar threads: whether it must be known which disks QEMU handles in a thread of their own.
    :ivar sockets: whether a private folder for a socket of QEMU is wanted.
    :ivar earlier: backups that new ones would continue.
    """

    images: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    written: tuple[str, ...] = ()
    sockets: bool = False
    headers: tuple[str, ...] = ()
    buses: bool = False
    threads: bool = False
    earlier: tuple[Wanted, ...] = ()
