"""A real QEMU with as many block nodes as a bench wants."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from tests.support.qmp import Qmp
from tests.support.tools import MIB, QEMU, fill, make_image

LEVELS = 5
"""Images of each chain; with its file each image is two nodes, so that ten nodes make a disk."""
_PIECE = 256 * MIB
CD = "cd0"
"""An empty drive; moving its tray sends an event after which everything is looked at."""


class Crowd:
    """A machine of chains of five qcow2 images, stopped before its first instruction, so that it costs nothing.

    :ivar target: socket for what is measured. `qmp`: a line of our own. `pid`: of QEMU.
    :ivar disks: names of the disks; disk `d7` has the images `d7-0` (base) to `d7-4` (active).
    """

    def __init__(self, nodes: int, full: int = 0, loaded: int = 8) -> None:
        """:param full: so many bytes are allocated in the active images of the first `loaded` disks, which lie in memory then."""
        self.folder = Path(tempfile.mkdtemp(prefix="diskchain-bench-", dir="/dev/shm" if full else None))
        self.target, eyes = self.folder / "app.qmp", self.folder / "eyes.qmp"
        self.disks = tuple(f"d{number}" for number in range(nodes // (2 * LEVELS)))
        try:
            template = self.folder / "template"
            make_image(template, "qcow2", max(full, 64 * MIB))
            words = self._words([self.target, eyes], template)
            for disk in self.disks[:loaded] if full else ():
                for begin in range(0, full, _PIECE):
                    top = self.folder / f"{disk}-{LEVELS - 1}.qcow2"
                    fill(top, "qcow2", 7, begin, min(_PIECE, full - begin))
            self.process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *words], stdout=subprocess.DEVNULL)
            self.qmp = _line(eyes, self.process)
        except BaseException:
            self.close()
            raise

    @property
    def pid(self) -> int:
        """The process's number."""
        return self.process.pid

    def _words(self, monitors: Sequence[Path], template: Path) -> list[str]:
        words = [QEMU, "-nodefaults", "-display", "none", "-machine", "q35,accel=tcg", "-m", "32", "-S"]
        words += ["-name", "crowd"]
        for path in monitors:
            words += ["-qmp", f"unix:{path},server=on,wait=off"]
        words += ["-device", "virtio-scsi-pci,id=bus", "-device", f"scsi-cd,bus=bus.0,id={CD},scsi-id=200"]
        for number, disk in enumerate(self.disks):
            for level in range(LEVELS):
                name, active = f"{disk}-{level}", level == LEVELS - 1
                path = self.folder / f"{name}.qcow2"
                shutil.copy(template, path)
                told = {
                    "driver": "qcow2",
                    "node-name": name,
                    "read-only": not active,
                    "file": {"driver": "file", "filename": str(path), "node-name": f"{name}-file"},
                    "backing": f"{disk}-{level - 1}" if level else None,
                }
                words += ["-blockdev", json.dumps(told)]
            place = f"bus=bus.0,id={disk},drive={disk}-{LEVELS - 1},scsi-id={number}"
            words += ["-device", f"scsi-hd,{place}"]
        return words

    def close(self) -> None:
        """End QEMU and remove its files."""
        if hasattr(self, "qmp"):
            self.qmp.close()
        if hasattr(self, "process"):
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Crowd:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _line(path: Path, process: subprocess.Popen[bytes]) -> Qmp:
    """A line to the machine as soon as it is there."""
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(FileNotFoundError, ConnectionError):
            return Qmp(path, limit=60)
        time.sleep(0.05)
    raise AssertionError("QEMU did not start")
