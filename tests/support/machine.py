"""A real QEMU, or a storage daemon, with chains of images and a writer at work: what our live tests drive.

Chains are written in QEMU's arrow notation: `Machine({"vda": "base <- mid <- top", "vdb": "vdb-0:raw <- vdb-1"})`.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from tests.support.chains import Chains, Style
from tests.support.eyes import Eyes
from tests.support.nbd import Nbd
from tests.support.qmp import Qmp, QmpError
from tests.support.tools import MIB, restored, same
from tests.support.writer import Writer

_Found = TypeVar("_Found")
_LOOKS = re.compile(r"query-.*|x-debug-query-.*|qom-(get|list).*|device-list-properties|qmp_capabilities")

SMALL = {"vda": "vda-0 <- vda-1 <- vda-2 <- vda-3", "vdb": "vdb-0:raw <- vdb-1"}
"""The machine most tests want: a chain of four, and a raw base with one overlay."""


class Machine(Eyes):
    """A running machine. Use it with `with`; everything it made is gone afterwards.

    :ivar target: the socket for what is tested. `folder`: where the images are. `log`: QEMU's trace.
    :ivar size: virtual size of each disk in bytes, no multiple of a cluster.
    :param extra: more words for QEMU. `user`: whose process QEMU is, by number; 0: the test's own.
    :param sizes: as for `Chains`, like `apart`.
    """

    def __init__(
        self,
        chains: Mapping[str, str] = SMALL,
        style: Style = Style.BLOCKDEV,
        *,
        size: int = 8 * MIB + 512,
        relative: bool = False,
        extra: tuple[str, ...] = (),
        user: int = 0,
        sizes: Mapping[str, int] | None = None,
        apart: Mapping[str, object] | None = None,
    ) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="diskchain-test-"))
        self.style, self.size = style, size
        self.target, self.log, self._eyes = self.folder / "app.qmp", self.folder / "qemu.log", self.folder / "eyes.qmp"
        self.chains = Chains.read(chains, self.folder, size, relative, sizes or {}, apart)
        self._exports = 0
        monitors = (self.target, self._eyes)
        try:
            self.chains.make()
            daemon = style is Style.DAEMON
            words = self.chains.daemon(monitors, self.log) if daemon else self.chains.qemu(style, monitors, self.log)
            self._start(["setpriv", "--pdeathsig", "KILL", *self._as(user), *words, *extra])
        except BaseException:
            self.close()
            raise

    def _start(self, words: list[str]) -> None:
        self._words = words
        self.process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.qmp = self.until(lambda: Qmp(self._eyes), "QEMU did not start")

    def start_anew(self) -> None:
        """End QEMU in good order and start another one with the same words, on what the first one left."""
        self.quit()
        self.qmp.close()
        if self.process.stderr:
            self.process.stderr.close()
        self._start(self._words)

    def _as(self, user: int) -> list[str]:
        """The words for setpriv that make QEMU another user's process (0: it stays ours); the images become that user's."""
        if not user:
            return []
        for path in (self.folder, *self.folder.iterdir()):
            os.chown(path, user, user)
        return ["--reuid", str(user), "--regid", str(user), "--clear-groups"]

    def files(self) -> set[str]:
        """Names of the files in the machine's folder, sockets and logs left out."""
        return {path.name for path in self.folder.iterdir() if path.suffix not in (".qmp", ".nbd", ".log")}

    def sent(self) -> list[str]:
        """Names of the commands, in order, that came over `target` and do more than look."""
        lines = re.findall(r"handle_qmp_command mon (\S+) req: (\{.*)", self.log.read_text())
        asked = [(mon, json.loads(line)["execute"]) for mon, line in lines]
        return [name for mon, name in asked if mon != asked[0][0] and not _LOOKS.fullmatch(name)]

    @contextlib.contextmanager
    def exported(self, disk: str, writable: bool = False) -> Iterator[Nbd]:
        """The disk, offered over NBD for as long as it is read (or, in a daemon, written)."""
        self._exports += 1
        path, name = self.folder / f"read{self._exports}.nbd", f"test-{self._exports}"
        self.qmp("nbd-server-start", addr={"type": "unix", "data": {"path": str(path)}})
        try:
            self.qmp("block-export-add", type="nbd", id=name, node_name=self.root(disk), name=disk, writable=writable)
            with Nbd(path, disk) as line:
                yield line
        finally:
            self.qmp("nbd-server-stop")
            self.until(lambda: name not in {e["id"] for e in self.qmp("query-block-exports")}, "the export stays")

    def contents(self, disk: str) -> bytes:
        """Every byte of the disk, as the guest sees it."""
        with self.exported(disk) as line:
            return line.read(0, line.size)

    def write(self, disk: str, pattern: int, offset: int, length: int) -> None:
        """Write through the guest's device, as the guest would.

        :raises QmpError: the write failed.
        """
        command = f'qemu-io -d /machine/peripheral/{disk}/virtio-backend "write -q -P {pattern} {offset} {length}"'
        if said := self.qmp("human-monitor-command", command_line=command).strip():
            raise QmpError(said)

    @contextlib.contextmanager
    def writing(self, disk: str) -> Iterator[Writer]:
        """The guest writes all over the disk meanwhile. `.model` holds what it must see; complete on leaving."""
        before = bytearray(self.contents(disk))
        if self.style is Style.DAEMON:
            with self.exported(disk, writable=True) as line, Writer(before, line.write) as writer:
                yield writer
        else:
            with Writer(before, lambda at, data: self.write(disk, data[0], at, len(data))) as writer:
                yield writer

    def settled(self, **wanted: bytes | bytearray) -> None:
        """Check that no job is left, the guest sees these bytes, and that the files alone give them once QEMU has quit."""
        assert not self.qmp("query-jobs"), "a job was left undismissed"
        for disk, content in wanted.items():
            same(self.contents(disk), content, f"{disk} as the guest sees it")
        for disk, found in self.quit(*wanted).items():
            same(found, wanted[disk], f"{disk} read from its files alone")

    def until(self, done: Callable[[], _Found], else_say: str, limit: float = 20) -> _Found:
        """Call `done` until it gives something true, and give that; a QEMU that is not there yet counts as not done.

        :raises AssertionError: not within `limit` seconds, or QEMU ended.
        """
        deadline = time.monotonic() + limit
        while True:
            with contextlib.suppress(FileNotFoundError, ConnectionError):
                if found := done():
                    return found
            if self.process.poll() is not None:
                said = self.process.stderr.read().decode() if self.process.stderr else ""
                raise AssertionError(f"{else_say}; QEMU has ended: {said}")
            assert time.monotonic() < deadline, else_say
            time.sleep(0.02)

    def wait_for_client(self) -> None:
        """Wait until somebody is connected to `target`."""
        self.until(
            lambda: any(
                str(self.target) in c["filename"] and not c["filename"].startswith("disconnected:")
                for c in self.qmp("query-chardev")
            ),
            "nobody connected",
        )

    def quit(self, *disks: str) -> dict[str, bytes]:
        """End QEMU in good order, then read disks from their files alone."""
        tops = {disk: self.file(self.root(disk)) for disk in disks}
        with contextlib.suppress(QmpError):
            self.qmp("quit")
        self.process.wait(20)
        return {disk: restored(top) for disk, top in tops.items()}

    def kill(self) -> None:
        """End QEMU as a crash does."""
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        """End QEMU, whatever it does, and remove the folder."""
        if hasattr(self, "qmp"):
            self.qmp.close()
        if hasattr(self, "process"):
            self.kill()
            if self.process.stderr:
                self.process.stderr.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Machine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
