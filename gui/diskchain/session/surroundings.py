"""Gathers what operations need to know beyond the state: folders, free space, readers elsewhere. Runs off the loop's thread."""

from __future__ import annotations

import os
import posixpath
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from diskchain.images.headers import identity
from diskchain.images.held import not_held
from diskchain.images.locks import holders, unready
from diskchain.images.looking import down
from diskchain.images.sidecars import earlier
from diskchain.model.backup import Earlier, Since, Wanted
from diskchain.model.bus import Bus
from diskchain.model.node import Kind
from diskchain.model.paths import absolute
from diskchain.model.state import State
from diskchain.operations.cutoff import CutOff
from diskchain.operations.operation import Concerns
from diskchain.operations.surroundings import Folder, Surroundings
from diskchain.session.readers import Readers
from diskchain.session.sockets import private_folder

_ENDS = "QEMU was started so that it ends where its guest is reset (-no-reboot, or -action reboot=shutdown)."


@dataclass(frozen=True)
class Around:
    """What a session knows by itself for the surroundings.

    :ivar here: whether QEMU has the mounts we have. `pid`: its process, None = not known. `cwd`: its working folder.
    :ivar read_only: why nothing may be changed.
    :ivar others: name -> state of the other machines that are open. `spoilt`: from the ledger. `own_jobs`: from the journal.
    :ivar invalid, token, buses, threaded, server, qemu, since: as in `Surroundings`.
    :ivar kept: image of a branch that is kept -> what it is backed by. `ends`: QEMU was told to end where its guest is reset.
    :ivar cut_off: as in `Surroundings`.
    :ivar dead: images that are invalid for good, so that nothing is lost where what they are backed by changes.
    """

    here: bool | None = None
    pid: int | None = None
    cwd: str = ""
    read_only: str = ""
    others: Mapping[str, State] = field(default_factory=dict)
    spoilt: Mapping[str, str] = field(default_factory=dict)
    own_jobs: frozenset[str] = frozenset()
    token: str = ""
    dead: frozenset[str] = frozenset()
    invalid: frozenset[str] = frozenset()
    kept: Mapping[str, str] = field(default_factory=dict)
    ends: bool = False
    cut_off: tuple[CutOff, ...] = ()
    buses: tuple[Bus, ...] = ()
    threaded: frozenset[str] = frozenset()
    server: str = ""
    qemu: tuple[int, int] | None = None
    since: Mapping[tuple[str, str], Since] = field(default_factory=dict)


def gather(concerns: Concerns, state: State, around: Around, stamp: str, serial: int) -> Surroundings:
    """Look around. Blocks for as long as the file system takes (the search itself is bounded to 3 s): call it in a thread."""
    images = tuple(absolute(path, around.cwd) for path in concerns.images)
    folders = tuple(dict.fromkeys(absolute(path, around.cwd) for path in concerns.folders))
    sockets = private_folder(around.pid) if concerns.sockets and around.here and around.pid is not None else ""
    folders = (*folders, sockets) if sockets else folders
    here = _sees_the_same(around, (*folders, *(posixpath.dirname(path) for path in images)))
    seen = {folder: found for folder in folders if here and (found := _folder(folder)) is not None}
    same = _Same(images, here is True)
    headers = {path: tuple(down(path)) for path in concerns.headers} if here else {}
    readers = Readers(images, here is True, around.others, around.kept)
    needing = readers.found((absolute(path, around.cwd) for path in (*concerns.images, *concerns.held)), around.dead)
    unsearched = list(readers.unsearched)
    wrong = (*_replaced(around.pid, concerns.held, unsearched), *_not_writable(around, concerns.written))
    return replace(
        _known(around, stamp, serial),
        here=here,
        owner=_owner(around.pid) if here else None,
        folders=seen,
        readers=needing,
        alike=_alike(same, state, around.cwd),
        unsearched=tuple(unsearched),
        replaced=tuple(dict.fromkeys(wrong)),  # a file that is held and written has the same said twice
        real=_real((*images, *concerns.held), folders, around.cwd) if here else {},
        sockets=sockets,
        headers=headers,
        holders={image.path: holders(image.path, around.pid or 0) for chain in headers.values() for image in chain},
        earlier={each.disk: _earlier(each, around) for each in concerns.earlier} if here else {},
    )


def _known(around: Around, stamp: str, serial: int) -> Surroundings:
    """What the session knew before anything was looked at."""
    return Surroundings(
        stamp=stamp,
        serial=serial,
        token=around.token,
        read_only=around.read_only,
        spoilt=around.spoilt,
        invalid=around.invalid,
        own_jobs=around.own_jobs,
        cwd=around.cwd,
        ends=_ENDS if around.ends else "",
        cut_off=around.cut_off,
        buses=around.buses,
        threaded=around.threaded,
        server=around.server,
        qemu=around.qemu,
        since=around.since,
    )


def _earlier(wanted: Wanted, around: Around) -> Earlier:
    since = around.since.get((wanted.image, wanted.bitmap), Since())
    return earlier(wanted, since.id, around.qemu)


def _replaced(pid: int | None, held: tuple[str, ...], unsearched: list[str]) -> tuple[str, ...]:
    """Sentences on names that lead to other files than QEMU has open; where it cannot be seen, that is said instead."""
    if held and pid is not None:
        try:
            return tuple(not_held(pid, held))
        except OSError:
            pid = None
    if held and pid is None:
        unsearched.append("It cannot be seen from here whether the names still lead to the files that QEMU has open.")
    return ()


def _not_writable(around: Around, paths: tuple[str, ...]) -> tuple[str, ...]:
    """Sentences on images that QEMU could not open for writing now, which it must when a job ends."""
    if around.pid is None:
        return ()
    try:
        text = unready(around.pid, [absolute(path, around.cwd) for path in paths])
    except OSError:
        return ()
    return (text,) if text else ()


def _real(paths: tuple[str, ...], folders: tuple[str, ...], cwd: str) -> dict[str, str]:
    """Folder -> where it truly lies, for the folders of these files and these folders; those that are not there are left out."""
    named = dict.fromkeys((*(posixpath.dirname(absolute(path, cwd)) for path in paths), *folders))
    return {folder: os.path.realpath(folder) for folder in named if posixpath.isabs(folder) and Path(folder).is_dir()}


def _sees_the_same(around: Around, folders: tuple[str, ...]) -> bool | None:
    """Whether these folders are the same ones for QEMU: it has our mounts, or they are the very same through its own root."""
    if around.here or around.pid is None:
        return around.here
    root = f"/proc/{around.pid}/root"
    try:
        there = [path for path in folders if os.path.lexists(path) or os.path.lexists(root + path)]
        return bool(there) and all(Path(path).samefile(root + path) for path in there)
    except OSError:
        return around.here


def _owner(pid: int | None) -> tuple[int, int] | None:
    """The user and group to whom a file that we make for QEMU must belong; None where we cannot make such a file."""
    if pid is None:
        return None
    try:
        told = Path(f"/proc/{pid}").stat()
    except OSError:
        return None
    return (told.st_uid, told.st_gid) if os.geteuid() in (0, told.st_uid) else None


def _folder(path: str) -> Folder | None:
    try:
        entries = frozenset(entry.name for entry in Path(path).iterdir())
        free = os.statvfs(path)
    except (OSError, ValueError):
        return None
    return Folder(entries, free.f_bavail * free.f_frsize)


class _Same:
    """Tells which of some images a name leads to: by the file itself where it is seen from here, else by the name."""

    def __init__(self, images: Iterable[str], here: bool) -> None:
        self._names = {image: image for image in images}
        self._files = {found: image for image in images if here and (found := identity(image)) is not None}

    def image(self, path: str | None) -> str | None:
        """The image, by its name among the wanted ones; None: it is none of them."""
        if not path:
            return None
        return self._names.get(path) or (self._files.get(identity(path) or (0, 0)) if self._files else None)


def _alike(same: _Same, state: State, cwd: str) -> dict[str, tuple[str, ...]]:
    """Image -> the protocol nodes of this machine that have it open."""
    found: dict[str, tuple[str, ...]] = {}
    for node in state.graph.nodes.values():
        if node.kind is Kind.PROTOCOL and (image := same.image(absolute(node.file or "", cwd))) is not None:
            found[image] = (*found.get(image, ()), node.name)
    return found


def time_stamp() -> str:
    """The present moment for names: `20261123-193000`, local time."""
    return time.strftime("%Y%m%d-%H%M%S")
