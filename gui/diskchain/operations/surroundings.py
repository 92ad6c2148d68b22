"""What an operation needs to know beyond the state: files, folders, other images, and what we have written down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from diskchain.images.locks import Holder
from diskchain.images.looking import Header
from diskchain.model.backup import Earlier, Since
from diskchain.model.bus import Bus
from diskchain.operations.cutoff import CutOff


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder as we see it. `entries`: the names in it. `free`: bytes left for a user; None: not known from here."""

    entries: frozenset[str]
    free: int | None = None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an operation needs to know beyond `State`, gathered off the user interface's thread.

    :ivar here: whether QEMU sees the same files as we do (same mount namespace); None: not known.
    :ivar owner: user and group of QEMU, where we can make files for it by `qemu-img`; None: only QEMU itself can.
    :ivar folders: path -> what is in it, where we can see it. A path that is missing here could not be seen.
    :ivar readers: image path -> images elsewhere (closed, or open in another machine) directly above it; these are keys in their
        turn where there are more above them.
    :ivar alike: image path -> the protocol nodes of this machine that have that very file open, by whatever name.
    :ivar unsearched: sentences on what could not be searched.
    :ivar real: folder -> where it truly lies, links followed; only folders that can be seen from here.
    :ivar replaced: sentences on names behind which there is no longer the file that QEMU has open.
    :ivar stamp: time stamp for names, `20261123-193000`. `serial`: a number for job ids and node-names, unused on this machine.
    :ivar token: six letters and digits that no other client has, for names that must not be anybody else's.
    :ivar read_only: why this machine is only looked at (managed, a recording); empty: it may be changed.
    :ivar spoilt: image path -> why it no longer holds what it held (an unfinished or finished commit), from the ledger.
    :ivar invalid: those of them whose base was changed: what a guest reads through them is not what it was.
    :ivar own_jobs: ids of the jobs that the journal knows as ours for this very QEMU.
    :ivar cwd: QEMU's working folder, which relative file names are relative to; empty: not known.
    :ivar ends: why QEMU would end where its guest is reset, in a sentence; empty: nothing is known against it.
    :ivar cut_off: plans of ours that were cut off on this very QEMU, the newest last.
    :ivar sockets: a private folder of the user's in which QEMU can make sockets; empty: there is none, or none was wanted.
    :ivar holders: image path -> the other programs that hold a lock on it.
    :ivar buses: where the guest has room for a disk, where that was asked.
    :ivar threaded: names of the devices that QEMU handles in a thread of their own, where that was asked.
    :ivar server: where the NBD server that we started listens, as `listen=` says it, also where no export of ours is left on it.
    :ivar headers: image path -> what it says of itself, and then what each image below says; only where they are seen from here.
    :ivar qemu: its process and start time, which name it for good; None: not known.
    :ivar earlier: disk -> the backup that a new one would continue. `since`: (image path, bitmap) -> what that counts from.
    """

    here: bool | None = None
    owner: tuple[int, int] | None = None
    folders: Mapping[str, Folder] = field(default_factory=dict)
    readers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    alike: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unsearched: tuple[str, ...] = ()
    real: Mapping[str, str] = field(default_factory=dict)
    replaced: tuple[str, ...] = ()
    stamp: str = ""
    serial: int = 1
    token: str = ""
    read_only: str = ""
    spoilt: Mapping[str, str] = field(default_factory=dict)
    invalid: frozenset[str] = frozenset()
    own_jobs: frozenset[str] = frozenset()
    cwd: str = ""
    ends: str = ""
    cut_off: tuple[CutOff, ...] = ()
    sockets: str = ""
    headers: Mapping[str, tuple[Header, ...]] = field(default_factory=dict)
    holders: Mapping[str, tuple[Holder, ...]] = field(default_factory=dict)
    buses: tuple[Bus, ...] = ()
    threaded: frozenset[str] = frozenset()
    server: str = ""
    qemu: tuple[int, int] | None = None
    earlier: Mapping[str, Earlier] = field(default_factory=dict)
    since: Mapping[tuple[str, str], Since] = field(default_factory=dict)
