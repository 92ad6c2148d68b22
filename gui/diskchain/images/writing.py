"""Writing a sidecar: what a finished backup is, and the sum of its file."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from diskchain.images.sidecars import VERSION, NotSidecar, digest, read_sidecar, written
from diskchain.model.backup import Backup


@dataclass(frozen=True)
class WriteSidecar:
    """The act of writing down what a finished backup is: a new, private file beside it."""

    backup: Backup

    def __str__(self) -> str:
        return f"write {self.backup.sidecar}: what the backup is, and its SHA-256"

    def act(self, began: float) -> None:
        """Read the whole backup and write its sidecar.

        :param began: Unix seconds at which the plan began.
        :raises OSError: the backup cannot be read or is still being written, or the sidecar cannot be made; then there is none.
        """
        path = self.backup.path
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
            before = os.fstat(descriptor)
            sha256 = digest(path)
            after = os.fstat(descriptor)
        finally:
            os.close(descriptor)
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            raise OSError(f"{path} is still being written.")
        told = {
            "diskchain-backup": VERSION,
            "backup": asdict(self.backup),
            "at": began,
            "time": time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(began)),
            "bytes": after.st_size,
            "file": [after.st_dev, after.st_ino],
            "written": after.st_mtime_ns,
            "sha256": sha256,
            "below": dict(written(self.backup.below)),
        }
        _write(self.backup.sidecar, told)

    def undo(self) -> str:
        """Take the sidecar away again; returns an empty string, or why it stays."""
        try:
            if read_sidecar(self.backup.path).backup.id == self.backup.id:
                Path(self.backup.sidecar).unlink()
        except FileNotFoundError:
            return ""
        except (OSError, NotSidecar) as error:
            return f"{self.backup.sidecar} stays: {error}"
        return ""


def _write(path: str, told: Mapping[str, object]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(told, file, indent=1)
            file.write("\n")
            file.flush()
            os.fsync(descriptor)
    except BaseException:
        Path(path).unlink(missing_ok=True)
        raise
