"""The private folder in which QEMU makes sockets for us: nobody else of this computer gets at them."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path


def private_folder(pid: int) -> str:
    """A folder of the user's that nobody else may enter, made where it is not there yet; empty: QEMU could not enter it either.

    It lies in XDG_RUNTIME_DIR (XDG Base Directory Specification), else in the system's folder for temporary files.

    :param pid: the QEMU process.
    """
    user = os.geteuid()
    own = os.environ.get("XDG_RUNTIME_DIR", "")
    place = Path(own, "diskchain") if Path(own).is_absolute() else Path(tempfile.gettempdir(), f"diskchain-{user}")
    try:
        if Path(f"/proc/{pid}").stat().st_uid != user:
            return ""
        place.mkdir(mode=0o700, exist_ok=True)
        told = place.lstat()
    except OSError:
        return ""
    private = stat.S_ISDIR(told.st_mode) and told.st_uid == user and not told.st_mode & 0o077
    return str(place.absolute()) if private else ""
