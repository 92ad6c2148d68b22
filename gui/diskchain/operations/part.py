"""One disk of a backup: what is copied to where, what it continues, and what is written down of it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Set
from dataclasses import dataclass
from functools import cached_property

from diskchain.model.backup import SIDECAR, Backup, Earlier
from diskchain.model.node import Node
from diskchain.operations.bitmaps import with_new
from diskchain.operations.chains import path_of
from diskchain.operations.counting import Count
from diskchain.operations.operation import Objection
from diskchain.operations.source import Source
from diskchain.operations.spoiling import invalid_in
from diskchain.operations.surroundings import Surroundings
from diskchain.operations.target import Target

CONTINUES = ("incremental", "bitmap")
"""Kinds of backup that have an earlier one as their backing file."""

HOLDS = {
    "full": "all data of the disk, as it is when the job starts",
    "top": "what {active} holds when the job starts; the rest stays in {below}",
    "none": "what the guest overwrites from then on, as it was: by itself it is no backup of the disk",
    "incremental": "what was written since {parent}, as it is when the job starts; {bitmap} then counts from here",
    "bitmap": "what was written since {parent}, as it is when the job starts; {bitmap} goes on counting from {parent}",
}


@dataclass(frozen=True)
class Part:
    """One disk.

    :ivar number: among the disks of the backup. `taken`: names that other parts have. `told`, `dir`, `format`: see `Target`.
    :ivar sync, bitmap: as the operation's.
    """

    source: Source
    surroundings: Surroundings
    number: int
    taken: Set[str]
    sync: str
    bitmap: str
    told: str = ""
    dir: str = ""
    format: str = "qcow2"

    @cached_property
    def count(self) -> Count | None:
        """The bitmap that goes with it; None: none does."""
        return Count(self.source, self.bitmap, self.surroundings) if self.bitmap and self.source.active else None

    @property
    def anew(self) -> bool:
        """Whether the bitmap is made to count anew by the same transaction; an incremental job does that by itself."""
        return self.count is not None and self.sync == "full"

    @property
    def begins(self) -> bool:
        """Whether the bitmap counts from this backup on."""
        return self.count is not None and self.sync in ("full", "incremental")

    @cached_property
    def below(self) -> str | None:
        """The node that the backup of the top is backed by."""
        return self.source.state.graph.backing(self.source.active) if self.sync == "top" else None

    @property
    def earlier(self) -> Earlier:
        """The backup that it continues."""
        device = self.source.device
        found = self.surroundings.earlier.get(device.name) if device is not None and self.sync in CONTINUES else None
        return found or Earlier()

    @cached_property
    def to(self) -> Target:
        """Where it goes."""
        made = self.earlier.made
        parent = (made.backup.path, made.backup.format) if made is not None else ("", "")
        return Target(
            self.source, self.surroundings, "backup", self.told, format=self.format, below=self.below, parent=parent,
            dir=self.dir, taken=self.taken, number=self.number,
        )  # fmt: skip

    @property
    def leaving(self) -> tuple[str, ...]:
        """The images whose data are copied."""
        return self.source.chain[:1] if self.below else self.source.chain

    @property
    def moves(self) -> int | None:
        """Bytes, an estimate; None: not known."""
        if self.sync == "none":
            return 0
        if self.sync in CONTINUES:
            found = self.count.found if self.count is not None else None
            return found.count if found is not None else None
        return self.source.allocated(self.leaving)

    @property
    def lower(self) -> tuple[str, ...]:
        """The files of the images below the one that the guest writes to."""
        nodes, cwd = self.source.state.graph.nodes, self.surroundings.cwd
        return tuple(path for name in self.source.chain[1:] if (path := path_of(nodes[name], cwd)))

    @property
    def recorded(self) -> bool:
        """Whether it is written down beside the file what it is."""
        return self.to.new and self.sync != "none" and self.surroundings.owner is not None

    @property
    def created(self) -> tuple[str, ...]:
        """The files that are made."""
        return (*self.to.created, f"{self.to.path}{SIDECAR}") if self.recorded else self.to.created

    @cached_property
    def record(self) -> Backup:
        """What is written down."""
        told, source, made = self.surroundings, self.source, self.earlier.made
        return Backup(
            id="-".join((told.stamp, told.token, str(told.serial), str(self.number))),
            path=self.to.path,
            machine=source.state.machine.name,
            disk=source.device.name if source.device is not None else "",
            size=source.size or 0,
            format=self.format,
            sync=self.sync,
            bitmap=self.bitmap,
            node=source.active,
            image=self.count.image if self.count is not None else "",
            qemu=told.qemu,
            parent=made.backup.path if made is not None else "",
            parent_id=made.backup.id if made is not None else "",
            parent_sha256=made.sha256 if made is not None else "",
            below=self.lower,
        )

    def wrong(self) -> Iterator[Objection]:
        """Everything that speaks against it."""
        yield from self.source.wrong()
        if not self.source.active:
            return
        yield from self.to.wrong()
        if self.recorded and self.surroundings.stamp:
            folder, name = posixpath.split(f"{self.to.path}{SIDECAR}")
            seen = self.surroundings.folders.get(folder)
            if seen is not None and name in seen.entries:
                yield Objection(
                    f"{folder}/{name} exists already: it is the record of another backup. Say another target=."
                )
        if self.count is None:
            return
        if not self.to.new:
            yield Objection("A backup over NBD cannot be proved from here: no bitmap goes with it.")
        yield from self.count.wrong()
        if self.sync in CONTINUES:
            yield from self.count.unproved(self.earlier, self.to.folder)

    def warnings(self) -> Iterator[str]:
        """What a user should know beforehand."""
        yield from invalid_in(self.source.state, self.source.chain, self.surroundings)
        if self.below is not None and self.to.new:
            yield f"The backup is backed by {self.below}: it needs that image, as it is now, from then on."
        if self.to.new and not self.recorded and self.sync != "none":
            yield "The files of this machine are not seen from here: no record is written beside the backup."
        if self.anew and self.count is not None:
            found, since = self.count.found, self.count.since
            if found is None:
                yield f"The bitmap {self.bitmap} is added, not persistent: once QEMU has ended, the next backup must be full."
            elif since is not None and since.path:
                yield f"{self.bitmap} counts from {since.path} so far: no incremental backup continues that one any more."

    def facts(self, several: bool) -> Iterator[tuple[str, str]]:
        """The lines of the sheet."""
        made, of = self.earlier.made, f" of {self.source.name}"
        parent = posixpath.basename(made.backup.path) if made is not None else ""
        kind = "full" if self.sync == "top" and self.below is None else self.sync
        holds = HOLDS[kind].format(active=self.source.active, below=self.below, parent=parent, bitmap=self.bitmap)
        yield f"The backup{of if several else ''} holds", holds
        if self.to.new:
            yield f"Backup{of}", self.to.path
        if made is not None:
            yield f"Continues{of if several else ''}", made.backup.path
        if self.anew:
            yield "Bitmap", f"{self.bitmap} counts anew from this backup on"

    def with_bitmap(self) -> Node | None:
        """The active image with a bitmap that is added; None: none is."""
        if self.count is None or not self.anew or self.count.found is not None:
            return None
        return with_new(self.source.state.graph.nodes[self.source.active], self.bitmap)
