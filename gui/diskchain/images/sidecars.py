"""Sidecars: beside each backup lies a small file that says what the backup is and proves that it is still as it was made.

An incremental backup on a wrong predecessor has a hole that nobody sees until it is restored. So nothing is believed of a
backup but what its sidecar says, and that only while its file is the very one that was made.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from diskchain.model.backup import SIDECAR, Backup, Earlier, Made, Wanted

VERSION = 1
_LONGEST = 64 << 10
"""Bytes of a sidecar at most; ours take about one KiB."""
_MOST = 10_000
"""Sidecars that are read in one folder at most, the newest first."""
_DEEPEST = 1_000
"""Backups in one chain at most."""
_BLOCK = 1 << 20
_COUNTING = ("full", "incremental")
"""Kinds of backup from whose start a bitmap counts anew."""


class NotSidecar(ValueError):
    """A file is no sidecar of ours, or of a later version."""


def read_sidecar(path: str) -> Made:
    """What the sidecar of a backup says. `path`: of the backup.

    :raises OSError: it cannot be read. :raises NotSidecar: it is none.
    """
    descriptor = os.open(f"{path}{SIDECAR}", os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise NotSidecar(f"{path}{SIDECAR} is no regular file.")
        text = file.read(_LONGEST + 1)
    if len(text) > _LONGEST:
        raise NotSidecar(f"{path}{SIDECAR} is too long.")
    try:
        return _understood(path, json.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise NotSidecar(f"{path}{SIDECAR} cannot be understood.") from error


def _understood(path: str, told: Any) -> Made:
    """:raises ValueError, KeyError, TypeError, AttributeError: it is not as we write it."""
    plan = {key: value for key, value in told["backup"].items() if key in Backup.__dataclass_fields__}
    qemu, version = plan.get("qemu"), told["diskchain-backup"]
    if version != VERSION:
        raise NotSidecar(f"version {version}")
    words = {key: str(value) for key, value in plan.items() if key not in ("qemu", "size", "path", "below")}
    below = tuple((str(lower), int(when)) for lower, when in told.get("below", {}).items())
    process = (int(qemu[0]), int(qemu[1])) if qemu else None
    device, inode = told["file"]
    return Made(
        Backup(path=path, size=int(plan["size"]), qemu=process, below=tuple(lower for lower, _ in below), **words),
        at=float(told["at"]),
        bytes=int(told["bytes"]),
        file=(int(device), int(inode)),
        written=int(told["written"]),
        sha256=str(told["sha256"]),
        below=below,
    )


def sidecars(folder: str) -> list[Made]:
    """What the sidecars in a folder say, the newest backup first; what is none is passed over."""
    try:
        names = [entry.name.removesuffix(SIDECAR) for entry in os.scandir(folder) if entry.name.endswith(SIDECAR)]
    except OSError:
        return []
    found: list[Made] = []
    for name in names[:_MOST]:
        try:
            found.append(read_sidecar(str(Path(folder, name))))
        except (OSError, NotSidecar):
            continue
    return sorted(found, key=lambda made: made.at, reverse=True)


def changed(made: Made) -> str:
    """Why a backup is no longer the file that was made, in one sentence; empty: it is.

    A file that is the very same one and was not written to since is not read; any other is, all of it.
    """
    path = made.backup.path
    try:
        found = Path(path).stat()
        if not stat.S_ISREG(found.st_mode) or found.st_size != made.bytes:
            return f"{path} is not the file that was made: it has another length."
        if ((found.st_dev, found.st_ino), found.st_mtime_ns) == (made.file, made.written):
            return ""
        if _sum(path, found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns) != made.sha256:
            return f"{path} has other contents than when it was made."
    except OSError as error:
        return f"{path} cannot be read ({error.strerror})."
    return ""


def broken(made: Made) -> str:
    """Why a backup cannot be restored with what it continues, all the way down, in one sentence; empty: it can."""
    for _ in range(_DEEPEST):
        if reason := changed(made):
            return reason
        below = made.backup.parent
        if not below:
            return ""
        if not os.path.lexists(below):  # the whole folder may have been moved
            below = str(Path(made.backup.path).with_name(Path(below).name))
        try:
            lower = read_sidecar(below)
        except OSError as error:
            return (
                f"What {made.backup.path} continues is not proved: {below}{SIDECAR} cannot be read ({error.strerror})."
            )
        except NotSidecar as error:
            return f"What {made.backup.path} continues is not proved: {error}"
        if (lower.backup.id, lower.sha256) != (made.backup.parent_id, made.backup.parent_sha256):
            return f"{below} is another backup than the one that {made.backup.path} continues."
        made = lower
    return f"The chain of {made.backup.path} does not end."


def earlier(wanted: Wanted, counted: str, qemu: tuple[int, int] | None) -> Earlier:
    """The backup that a new one would continue, and whether it can be.

    :param counted: id of the backup that the bitmap counts from, as our own acts tell; it is preferred where it lies there.
    :param qemu: the process and its start time, as in `Backup`.
    """
    there = sidecars(wanted.folder)
    if wanted.parent:
        try:
            made: Made | None = read_sidecar(wanted.parent)
        except (OSError, NotSidecar) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no sidecar"
            return Earlier(None, f"{wanted.parent} is not proved: {wanted.parent}{SIDECAR} cannot be read ({why}).")
    else:
        made = _newest(there, wanted, counted)
    if made is None:
        return Earlier()
    later = (m for m in there if m.backup.parent_id == made.backup.id and m.backup.sync == "incremental")
    wrong = broken(made) or ("" if qemu and qemu == made.backup.qemu else _written_below(made, wanted.below))
    return Earlier(made, wrong, tuple(m.backup.path for m in later))


def _written_below(made: Made, now: Sequence[str]) -> str:
    """Why the images below the disk are not what they were: while no QEMU ran that we saw, anybody may have written to them."""
    then = dict(made.below)
    for path, when in written([path for path in now if path in then]):
        if when != then[path]:
            return (
                f"{path}, which the disk stands on, was written since {made.backup.path} was made, and QEMU was started anew in"
                " between: no bitmap tells what that changed."
            )
    return ""


def written(paths: Iterable[str]) -> Iterator[tuple[str, int]]:
    """When each was last written, in nanoseconds; what cannot be seen is left out."""
    for path in paths:
        with contextlib.suppress(OSError):
            yield path, Path(path).stat().st_mtime_ns


def _newest(there: Sequence[Made], wanted: Wanted, counted: str) -> Made | None:
    fit = [
        m
        for m in there
        if (m.backup.disk, m.backup.bitmap) == (wanted.disk, wanted.bitmap) and m.backup.sync in _COUNTING
    ]
    return next((m for m in fit if counted and m.backup.id == counted), fit[0] if fit else None)


@functools.lru_cache(maxsize=64)
def _sum(path: str, device: int, inode: int, size: int, written: int) -> str:
    """The SHA-256 of a file; the same file that was not written to since is not read twice."""
    return digest(path)


def digest(path: str) -> str:
    """The SHA-256 of a file. :raises OSError: it cannot be read."""
    total = hashlib.sha256()
    with Path(path).open("rb") as file:
        while block := file.read(_BLOCK):
            total.update(block)
    return total.hexdigest()
