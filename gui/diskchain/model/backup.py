"""Backups: what one is, what is known of one that was made, and which of them a bitmap counts from."""

from __future__ import annotations

from dataclasses import dataclass

SIDECAR = ".diskchain.json"
"""What is added to a backup's path for the file that says what the backup is."""


@dataclass(frozen=True, slots=True)
class Backup:
    """One backup as it was planned.

    :ivar id: of this backup alone. `path`: absolute, of its file. `format`: QEMU's name of it. `sync`: QEMU's, what was copied.
    :ivar machine, disk: whose it is. `size`: bytes of the disk.
    :ivar bitmap: the bitmap that counts what is written from its moment on, empty: none; `node`, `image`: where that one is.
    :ivar qemu: process and start time of the QEMU, which name it for good; None: not known.
    :ivar parent: path of the backup that this one continues, empty: it stands alone; `parent_id`, `parent_sha256`: that one's.
    :ivar below: absolute paths of the images below the one that the guest wrote to.
    """

    id: str
    path: str
    machine: str
    disk: str
    size: int
    format: str = "qcow2"
    sync: str = "full"
    bitmap: str = ""
    node: str = ""
    image: str = ""
    qemu: tuple[int, int] | None = None
    parent: str = ""
    parent_id: str = ""
    parent_sha256: str = ""
    below: tuple[str, ...] = ()

    @property
    def sidecar(self) -> str:
        """The path of the file that says what it is."""
        return f"{self.path}{SIDECAR}"


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was made, with what its file was then.

    :ivar at: Unix seconds of its start, which is the moment whose data it holds.
    :ivar bytes: length of the file. `file`: device and inode. `written`: nanoseconds of the last write. `sha256`: of all of it.
    :ivar below: each image below the disk then, and when it had last been written, in nanoseconds.
    """

    backup: Backup
    at: float
    bytes: int
    file: tuple[int, int]
    written: int
    sha256: str
    below: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Since:
    """What a bitmap counts from, as far as our own acts tell.

    :ivar id: of the backup at whose start it began to count; empty: an act that was no backup. `path`: of that backup.
    :ivar open: a backup or another act began and its end is not known.
    """

    id: str = ""
    path: str = ""
    open: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """What an operation does to what a bitmap counts from.

    :ivar image: absolute path of the image that the bitmap is on. `was`: before, and after a failure that changed nothing.
    """

    image: str
    bitmap: str
    was: Since
    becomes: Since


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which earlier backup is looked for.

    :ivar folder: where the new one goes. `parent`: absolute path of the one that is to be continued; empty: the newest there.
    :ivar image: the image that the bitmap is on. `below`: absolute paths of the images below it now.
    """

    disk: str
    bitmap: str
    image: str
    folder: str
    parent: str = ""
    below: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Earlier:
    """What was found.

    :ivar made: the backup; None: none was found. `wrong`: why it cannot be built upon as it lies there, in one sentence.
    :ivar later: paths of the incremental backups in the folder that continue it already.
    """

    made: Made | None = None
    wrong: str = ""
    later: tuple[str, ...] = ()
