"""The sandbox's private folder: where it is made, and its marker.

    diskchain-sandbox-XXXXXXXX/     0700, locked (flock) as long as its application lives
        diskchain-sandbox.json      the marker: owner, QEMU, manifest of files
        monitor.sock  spare.sock  guest.sock  qemu.log
        images/                     the disks, and what snapshots add

`removal` has the rule of what of it may go.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import stat
import tempfile
from pathlib import Path

from diskchain.sandbox.process import Process
from diskchain.sandbox.removal import DRAFT, IMAGES, MARKER, clear, everything, is_file_name, open_folder

PREFIX = "diskchain-sandbox-"
SOCKET_PATH_LIMIT = 107  # bytes of a Unix socket's path, unix(7)
LONGEST_SOCKET = "monitor.sock"
PLENTY = 512 << 20  # bytes free, where there is a choice
LEAST = 192 << 20  # bytes that the disks can come to before any snapshot


def places(runtime: Path | None = None) -> list[Path]:
    """The folders where a sandbox may live, best first: `runtime`, or XDG_RUNTIME_DIR and the system's temporary folders.

    XDG_RUNTIME_DIR counts only where it is a folder of our own that nobody else may enter (XDG Base Directory Specification).
    """
    if runtime is not None:
        return [runtime]
    found: list[Path] = []
    own = os.environ.get("XDG_RUNTIME_DIR")
    if own and Path(own).is_absolute() and _is_private(Path(own)):
        found.append(Path(own))
    # The second is the last resort, where TMPDIR is too long for sockets.
    for place in (Path(tempfile.gettempdir()).absolute(), Path(os.sep, "tmp")):
        if place not in found and place.is_dir():
            found.append(place)
    return found


class Folder:
    """A private folder that this process made and owns.

    :ivar path: the folder.
    :ivar kept: after `remove`, what could not go, with full paths.
    """

    def __init__(self, path: Path, descriptor: int, files: list[str]) -> None:
        self.path = path
        self.kept: list[Path] = []
        self._descriptor = descriptor
        self._files = files
        self._qemu: Process | None = None

    @classmethod
    def make(cls, files: list[str]) -> Folder:
        """Make one, with its marker.

        :param files: what will be put into it, relative to it.
        :raises OSError: no place is suitable; its text says why.
        """
        path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=_choose()))
        descriptor = open_folder(path)
        with contextlib.suppress(OSError):  # a file system without flock: the process' number must do
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        folder = cls(path, descriptor, files)
        try:
            folder._write_marker()
            folder.images.mkdir(mode=0o700)
        except BaseException:
            folder.remove()
            raise
        return folder

    @property
    def images(self) -> Path:
        """Where the disks are."""
        return self.path / IMAGES

    def set_qemu(self, process: Process) -> None:
        """Put QEMU's process into the marker."""
        self._qemu = process
        self._write_marker()

    def note(self, path: Path) -> bool:
        """Put a file of ours, there already or about to be made, into the manifest.

        :returns: whether it is in this folder; a path elsewhere is left alone.
        """
        with contextlib.suppress(ValueError):
            name = path.relative_to(self.path).as_posix()
            if is_file_name(name):
                if name not in self._files:
                    self._files.append(name)
                    self._write_marker()
                return True
        return False

    def remove(self) -> None:
        """Remove all that the rule of removal allows, and the folder; what stays is in `kept`. Can be called again."""
        if self._descriptor < 0:
            return
        descriptor, self._descriptor = self._descriptor, -1
        try:
            self.kept = clear(self.path, descriptor, everything(descriptor))
        finally:
            os.close(descriptor)

    def _write_marker(self) -> None:
        marker = {
            "application": "diskchain",
            "version": 1,
            "owner": Process.own().as_json(),
            "qemu": self._qemu.as_json() if self._qemu else None,
            "files": self._files,
        }
        draft = os.open(DRAFT, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600, dir_fd=self._descriptor)
        with os.fdopen(draft, "w", encoding="utf-8") as file:
            json.dump(marker, file, indent=1)
        os.replace(DRAFT, MARKER, src_dir_fd=self._descriptor, dst_dir_fd=self._descriptor)


def _choose() -> Path:
    """The best place with room enough, and a path short enough for sockets."""
    roomy: list[Path] = []
    for place in places():
        socket = place / f"{PREFIX}12345678" / LONGEST_SOCKET
        try:
            short = len(str(socket).encode()) <= SOCKET_PATH_LIMIT
        except UnicodeEncodeError:  # QEMU is told its paths in JSON, which holds no such bytes
            continue
        if short and os.access(place, os.W_OK | os.X_OK) and shutil.disk_usage(place).free >= LEAST:
            roomy.append(place)
    if not roomy:
        named = ", ".join(str(place) for place in places())
        raise OSError(f"no folder is writable, short enough for a socket and has {LEAST >> 20} MiB free; tried {named}")
    return next((place for place in roomy if shutil.disk_usage(place).free >= PLENTY), roomy[0])


def _is_private(path: Path) -> bool:
    try:
        facts = path.stat()
    except OSError:
        return False
    return stat.S_ISDIR(facts.st_mode) and facts.st_uid == os.geteuid() and not facts.st_mode & 0o077
