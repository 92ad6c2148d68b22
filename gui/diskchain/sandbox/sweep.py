"""Removes what a killed run of the application left behind.

Swept are only folders with our name, our marker, our owner and mode 0700, whose application and QEMU are gone; of such a
folder only the files of its manifest. Everything else is kept and named.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import stat
from pathlib import Path
from typing import NamedTuple

from diskchain.sandbox.folder import PREFIX, places
from diskchain.sandbox.process import Process
from diskchain.sandbox.removal import MARKER, clear, open_folder

_LARGEST_MARKER = 1 << 20  # bytes


class Kept(NamedTuple):
    """A leftover that stays.

    :ivar folder: the sandbox folder.
    :ivar reason: one plain sentence, with the full paths of what is in it where that is the reason.
    """

    folder: Path
    reason: str


def sweep(runtime: Path | None = None) -> list[Path]:
    """Remove the folders of killed runs.

    :param runtime: where to look; without it, everywhere that a sandbox may have been made.
    :returns: the folders of dead runs that were kept. `leftovers` tells why as well.
    """
    return [kept.folder for kept in leftovers(runtime)]


def leftovers(runtime: Path | None = None) -> list[Kept]:
    """As `sweep`, with the reasons. Folders whose application lives are passed over."""
    kept: list[Kept] = []
    for place in places(runtime):
        with contextlib.suppress(OSError):  # a place that cannot be listed holds nothing that we could remove
            for path in sorted(place.iterdir()):
                if path.name.startswith(PREFIX):
                    reason = _sweep_one(path)
                    if reason:
                        kept.append(Kept(path, reason))
    return kept


def _sweep_one(path: Path) -> str:
    """Sweep one folder; why it is kept, or nothing."""
    try:
        descriptor = open_folder(path)
    except OSError:  # a link, a file, another user's, or gone meanwhile: not a folder of ours
        return ""
    try:
        facts = os.fstat(descriptor)
        if facts.st_uid != os.geteuid():
            return ""
        if _is_in_use(descriptor):
            return ""
        if stat.S_IMODE(facts.st_mode) & 0o077:
            return f"{path} was left by an earlier run and is kept, because others may have put files into it."
        marker = _read_marker(descriptor)
        if marker is None:
            return f"{path} is kept, because it holds no marker of this application."
        owner, qemu, files = marker
        if owner.lives():
            return ""
        if qemu and qemu.lives():
            return f"{path} is kept, because its QEMU, process {qemu.pid}, still runs though its application has ended."
        left = clear(path, descriptor, files)
    finally:
        os.close(descriptor)
    if left:
        names = ", ".join(str(name) for name in left)
        return f"{path} was left by an earlier run and is kept: it holds files that we did not make or that are in use: {names}."
    return ""


def _is_in_use(descriptor: int) -> bool:
    """Whether the application that made the folder still holds its lock; true even where its process is not ours to see."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # a file system without flock
        return False
    return False


def _read_marker(descriptor: int) -> tuple[Process, Process | None, list[str]] | None:
    """Owner, QEMU and manifest; None where the marker is missing or not ours."""
    try:
        marker = os.open(MARKER, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=descriptor)
        with os.fdopen(marker, "rb") as file:
            facts = os.fstat(file.fileno())
            if not stat.S_ISREG(facts.st_mode) or facts.st_uid != os.geteuid():
                return None
            value: object = json.loads(file.read(_LARGEST_MARKER))
    except (OSError, ValueError):
        return None
    match value:
        case {"application": "diskchain", "version": 1, "owner": owner, "qemu": qemu, "files": [*files]}:
            process = Process.from_json(owner)
            names = [name for name in files if isinstance(name, str)]
            return (process, Process.from_json(qemu), names) if process else None
        case _:
            return None
