"""The sandbox's private folder: where it is made, its marker, and what of it may be removed.

    diskchain-sandbox-XXXXXXXX/     0700, locked (flock) as long as its application lives
        diskchain-sandbox.json      the marker: owner, QEMU, manifest of files
        monitor.sock  spare.sock  guest.sock  qemu.log
        images/                     the disks, and what snapshots add

The rule of removal: only regular files and sockets that belong to us, that nobody holds a lock on, reached through the
descriptors of folders of our own, so that no link is ever followed. Everything else stays, and is named.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import stat
import struct
import tempfile
from pathlib import Path

from diskchain.sandbox.process import Process

PREFIX = "diskchain-sandbox-"
MARKER = "diskchain-sandbox.json"
IMAGES = "images"
SOCKET_PATH_LIMIT = 107  # bytes of a Unix socket's path, unix(7)
LONGEST_SOCKET = "monitor.sock"
PLENTY = 512 << 20  # bytes free, where there is a choice
LEAST = 192 << 20  # bytes that the disks can come to before any snapshot
_DRAFT = "diskchain-sandbox.new"
_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


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
        descriptor = os.open(path, _FOLDER_FLAGS)
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
            if _known_shape(name):
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
            names = _listing(descriptor)
            names += [f"{IMAGES}/{name}" for name in _listing_of_images(descriptor)]
            self.kept = clear(self.path, descriptor, names)
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
        draft = os.open(_DRAFT, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600, dir_fd=self._descriptor)
        with os.fdopen(draft, "w", encoding="utf-8") as file:
            json.dump(marker, file, indent=1)
        os.replace(_DRAFT, MARKER, src_dir_fd=self._descriptor, dst_dir_fd=self._descriptor)


def clear(path: Path, descriptor: int, names: list[str]) -> list[Path]:
    """Remove `names` from the folder open as `descriptor`, then the folder, if nothing else is in it.

    The marker goes last, and only with the folder: what stays is still known as ours at the next start.

    :param path: the folder's name.
    :param names: relative names; the marker and its draft are always meant.
    :returns: what is still there.
    """
    images = _open_images(descriptor)
    try:
        for name in names:
            parts = name.split("/")
            if _known_shape(name) and name not in {MARKER, _DRAFT}:
                _remove_file(parts[-1], descriptor if len(parts) == 1 else images)
    finally:
        if images >= 0:
            os.close(images)
    with contextlib.suppress(OSError):  # not empty, or no folder: seen below
        os.rmdir(IMAGES, dir_fd=descriptor)
    left = [name for name in _listing(descriptor) if name not in {MARKER, _DRAFT}]
    if left:
        inner = [path / IMAGES / name for name in _listing_of_images(descriptor)]
        return inner + [path / name for name in left if name != IMAGES or not inner]
    for name in (_DRAFT, MARKER):
        _remove_file(name, descriptor)
    with contextlib.suppress(OSError):
        path.rmdir()
    return [path] if path.exists() else []


def open_folder(path: Path) -> int:
    """A descriptor of a folder, not through a link.

    :raises OSError: it is none, or gone.
    """
    return os.open(path, _FOLDER_FLAGS)


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


def _known_shape(name: str) -> bool:
    """Whether a relative name is a file of the folder itself or of its images."""
    parts = name.split("/")
    plain = all(part not in {"", ".", ".."} and "\0" not in part for part in parts)
    return plain and (len(parts) == 1 or (len(parts) == 2 and parts[0] == IMAGES))


def _listing(descriptor: int) -> list[str]:
    return sorted(os.listdir(descriptor))


def _open_images(descriptor: int) -> int:
    try:
        return os.open(IMAGES, _FOLDER_FLAGS, dir_fd=descriptor)
    except OSError:  # there is none, or it is something else
        return -1


def _listing_of_images(descriptor: int) -> list[str]:
    images = _open_images(descriptor)
    if images < 0:
        return []
    try:
        return _listing(images)
    finally:
        os.close(images)


def _remove_file(name: str, folder: int) -> None:
    """Remove one file by the rule of removal; what may not go is left without a word (the caller looks what stayed)."""
    if folder < 0:
        return
    with contextlib.suppress(OSError):
        facts = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if facts.st_uid != os.geteuid():
            return
        if stat.S_ISSOCK(facts.st_mode) or (stat.S_ISREG(facts.st_mode) and not _is_locked(name, folder)):
            os.unlink(name, dir_fd=folder)


def _is_locked(name: str, folder: int) -> bool:
    """Whether another process holds a lock on a file, as QEMU does on each image it has open (fcntl(2), F_OFD_GETLK)."""
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    try:
        asked = struct.pack("@hhqqi0q", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        answer = fcntl.fcntl(descriptor, fcntl.F_OFD_GETLK, asked)
        return int(struct.unpack_from("@h", answer)[0]) != fcntl.F_UNLCK
    finally:
        os.close(descriptor)
