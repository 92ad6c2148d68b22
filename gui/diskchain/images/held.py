"""Whether a name still leads to the very file that a running QEMU has open.

QEMU opens an image anew by its name when a job needs it writable. If another file has taken that name since, QEMU writes into
that one: the disk is wrong and the other file is spoilt, and nothing of it is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

_SET = "/dev/fdset/"
"""Names of files that were handed to QEMU already open (`add-fd`): they are in no folder."""


def not_held(pid: int, paths: Sequence[str]) -> Iterator[str]:
    """One sentence for each of these paths that leads, as the process sees it, to no file that it has open.

    :param pid: the QEMU process. What is no absolute path (a URI) is passed over.
    :raises OSError: it may not be seen what the process has open.
    """
    wanted = [path for path in paths if path.startswith("/") and not path.startswith(_SET)]
    if not wanted:
        return
    opened = set(_open_files(Path(f"/proc/{pid}/fd")))
    for path in dict.fromkeys(wanted):
        if "\ufffd" in path:  # how QEMU tells bytes that are no UTF-8
            yield f"{path} is not told with its real name: it cannot be seen whether QEMU still has that file open."
            continue
        try:
            told = Path(f"/proc/{pid}/root{path}").stat()
        except OSError as error:
            yield f"{path} is not to be found ({error.strerror}): it was moved or removed while QEMU has it open."
            continue
        if (told.st_dev, told.st_ino) not in opened:
            yield f"{path} is not the file that QEMU has open: another one took its name. Put the right file back first."


def _open_files(folder: Path) -> Iterator[tuple[int, int]]:
    for entry in folder.iterdir():
        try:
            told = entry.stat()
        except OSError:  # closed meanwhile
            continue
        yield told.st_dev, told.st_ino
