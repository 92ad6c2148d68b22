"""What must outlive the application, or be known to all its instances: our jobs, exports and plans, and spoilt images.

One file of JSON lines in the user's state folder (XDG), private, only ever appended to, so that several instances may write.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

import platformdirs

from diskchain.model.backup import Since
from diskchain.model.ledger import LedgerEntry
from diskchain.model.root import Export
from diskchain.operations.cutoff import CutOff
from diskchain.session.journal_lines import cut_off_of, entry_of, export_of, identity, line_of, lives, ourselves

_MOST = 8 << 20
"""Bytes read of a journal at most; what is older no longer matters to a running machine."""


def default_journal() -> Journal:
    """The journal of this user."""
    return Journal(platformdirs.user_state_path("diskchain") / "journal.jsonl")


class Journal:
    """Reads and appends; every call opens the file anew, since other instances write to it too.

    A file that cannot be written costs memory over a crash, not safety now: `trouble` then says why.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.trouble = ""

    def started(self, qemu: tuple[int, int], job: str, operation: str, keys: Mapping[str, str]) -> None:
        """Note a job of ours before it is sent. `qemu`: process id and start time, which name a QEMU for good."""
        self._append({"job": job, "qemu": list(qemu), "operation": operation, "keys": dict(keys), "at": time.time()})

    def jobs_of(self, qemu: tuple[int, int]) -> frozenset[str]:
        """Ids of the jobs that we started on this very QEMU."""
        return frozenset(str(line["job"]) for line in self._lines() if "job" in line and line.get("qemu") == list(qemu))

    def works(self, work: str, qemu: tuple[int, int], names: Iterable[str]) -> None:
        """Note what an operation will change on a QEMU, before it sends anything.

        :param work: what it is called here, and no other. `names`: of nodes and devices.
        """
        self._append({"work": work, "qemu": list(qemu), "names": sorted(names), "by": ourselves(), "at": time.time()})

    def rests(self, work: str) -> None:
        """Note that an operation is over."""
        self._append({"rests": work, "at": time.time()})

    def touched(self, qemu: tuple[int, int], since: float) -> set[str]:
        """What operations of all instances changed on this very QEMU that went on at this moment (`time.time`) or later.

        One that was never told to be over went on for as long as its process did: until now, or else it does not count.
        """
        works: dict[str, dict[str, object]] = {}
        for line in self._lines():
            if isinstance(line.get("names"), list) and line.get("qemu") == list(qemu):
                works[str(line.get("work"))] = line
            elif (work := works.get(str(line.get("rests")))) is not None:
                work["over"] = line.get("at")
        found: set[str] = set()
        for work in works.values():
            over, names = work.get("over"), work["names"]
            if isinstance(names, list) and (over >= since if isinstance(over, int | float) else lives(work.get("by"))):
                found.update(str(name) for name in names)
        return found

    def owes(self, qemu: tuple[int, int], plan: CutOff) -> None:
        """Note how a plan of ours that is under way can be taken back, before its next step is sent.

        A command that tells a secret is left out.
        """
        self._append(line_of(plan, qemu))

    def cut(self, plan: str) -> None:
        """Note that we no longer work at a plan, although it is neither finished nor taken back."""
        self._append({"cut": plan})

    def settle(self, plan: str) -> None:
        """Note that a plan needs nothing more."""
        self._append({"settled": plan})

    def cut_off(self, qemu: tuple[int, int]) -> tuple[CutOff, ...]:
        """The plans on this very QEMU at which nobody works any more and that still need something, oldest first."""
        found: dict[str, dict[str, object]] = {}
        cut = set[object]()
        for line in self._lines():
            if isinstance(line.get("plan"), str) and line.get("qemu") == list(qemu):
                found[str(line["plan"])] = line
            cut.add(line.get("cut"))
            found.pop(str(line.get("settled")), None)
        return tuple(cut_off_of(line) for plan, line in found.items() if plan in cut or not lives(line.get("by")))

    def exported(self, qemu: tuple[int, int], export: Export) -> None:
        """Note an export of ours before it is sent. `qemu`: as in `started`."""
        self._append({"export": asdict(export), "qemu": list(qemu)})

    def unexported(self, qemu: tuple[int, int], name: str) -> None:
        """Note that an export of ours is gone."""
        self._append({"unexported": name, "qemu": list(qemu)})

    def unserved(self, qemu: tuple[int, int]) -> None:
        """Note that the NBD server that we started has stopped."""
        self._append({"unserved": True, "qemu": list(qemu)})

    def server_of(self, qemu: tuple[int, int]) -> str:
        """Where the NBD server listens that we started on this very QEMU; empty: we stopped it again, or started none."""
        found = ""
        for line in self._lines():
            told = line.get("export")
            if line.get("qemu") == list(qemu):
                found = export_of(told).listen if isinstance(told, dict) else "" if "unserved" in line else found
        return found

    def exports_of(self, qemu: tuple[int, int]) -> dict[str, Export]:
        """The exports that we made on this very QEMU, by id, but those that are gone."""
        found: dict[str, Export] = {}
        for line in self._lines():
            told = line.get("export")
            if line.get("qemu") != list(qemu):
                continue
            if isinstance(told, dict):
                export = export_of(told)
                found[export.id] = export
            elif "unexported" in line:
                found.pop(str(line["unexported"]), None)
        return found

    def written(self) -> tuple[int, int, int] | None:
        """What is another each time that something was written; None: there is no journal."""
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns

    def note(self, entry: LedgerEntry) -> None:
        """Remember an image that became invalid or was changed, with its identity as a file where we see it."""
        file, written = identity(entry.path)
        self._append({"image": asdict(entry), "file": file, "written": written})

    def dismiss(self, path: str) -> None:
        """Forget an image."""
        self._append({"dismissed": path})

    def images(self) -> tuple[LedgerEntry, ...]:
        """The images that are remembered and whose file is still the same one (same inode), oldest first."""
        return tuple(entry for entry, _ in self.marks())

    def marks(self) -> tuple[tuple[LedgerEntry, bool], ...]:
        """As `images`, each with whether nobody has written to its file since.

        A file system gives the inode of a removed file to the next one: only what was not written since is surely the same.
        """
        found: dict[str, tuple[LedgerEntry, object, object]] = {}
        for line in self._lines():
            told = line.get("image")
            if isinstance(told, dict):
                entry = entry_of(told)
                found.pop(entry.path, None)
                found[entry.path] = (entry, line.get("file"), line.get("written"))
            elif isinstance(line.get("dismissed"), str):
                found.pop(str(line["dismissed"]), None)
        kept = []
        for entry, file, written in found.values():
            now, last = identity(entry.path)
            if file is None or file == now:
                kept.append((entry, last is not None and last == written))
        return tuple(kept)

    def counts(self, image: str, bitmap: str, since: Since) -> bool:
        """Note what a bitmap counts from; whether it could be written."""
        file, _ = identity(image)
        self._append({"bitmap": bitmap, "on": image, "file": file, "since": asdict(since), "at": time.time()})
        return not self.trouble

    def bitmaps(self) -> dict[tuple[str, str], Since]:
        """What each bitmap counts from, by image path and name, where the image is still the same file."""
        found: dict[tuple[str, str], tuple[Since, object]] = {}
        for line in self._lines():
            told, image, bitmap = line.get("since"), line.get("on"), line.get("bitmap")
            if isinstance(told, dict) and isinstance(image, str) and isinstance(bitmap, str):
                since = Since(str(told.get("id", "")), str(told.get("path", "")), told.get("open") is not False)
                found[image, bitmap] = since, line.get("file")
        return {key: since for key, (since, file) in found.items() if file is not None and file == identity(key[0])[0]}

    def _lines(self) -> Iterator[dict[str, object]]:
        try:
            with self._path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - _MOST))
                text = file.read()
        except OSError:
            return
        for raw in text.splitlines():
            try:
                line = json.loads(raw)
            except (ValueError, RecursionError):
                continue
            if isinstance(line, dict):
                yield line

    def _append(self, line: Mapping[str, object]) -> None:
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            try:
                size = os.fstat(descriptor).st_size
                # A crash or a full disk may have cut the last line.
                torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
                os.write(descriptor, b"\n" * torn + json.dumps(line).encode() + b"\n")
            finally:
                os.close(descriptor)
            self.trouble = ""
        except OSError as error:
            self.trouble = f"The journal {self._path} could not be written: {error.strerror}."
