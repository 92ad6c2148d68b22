"""Backup: copy disks as they are at one moment while their guests go on (`blockdev-backup` in qapi/block-core.json).

A backup holds the state at its start: what the guest overwrites meanwhile is copied before it is overwritten. With a bitmap the
next one can be incremental: it holds what was written since, and has the earlier backup as its backing file.
"""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

from diskchain.model import words
from diskchain.model.backup import Wanted
from diskchain.model.state import State
from diskchain.operations.chains import listed
from diskchain.operations.keys import Keys, UsageError, without_defaults
from diskchain.operations.operation import Concerns, Objection, Offer
from diskchain.operations.part import CONTINUES, Part
from diskchain.operations.preview import Draft
from diskchain.operations.source import Source
from diskchain.operations.surroundings import Surroundings
from diskchain.operations.target import FORMATS
from diskchain.operations.together import Together

SYNCS = ("full", "top", "none", "incremental", "bitmap")
_COUNTED = ("full", *CONTINUES)
"""Kinds of backup that a bitmap may go with."""
_SEES = "Only what Disk Chain did itself is known of the bitmap: if another program cleared it since, the backup has a hole."


@dataclass(frozen=True)
class TakeBackup:
    """Copy one disk, or several at one moment.

    :ivar disk: one disk, `disks`: several; one of both is said. `target`: for one disk the absolute path of a new file, or an NBD
        URI, for several a folder; empty: beside the active images.
    :ivar sync: what is copied, see `part.HOLDS`. `bitmap`: with `full` it counts anew from this backup on; with `incremental` it
        says what is copied and then counts anew; with `bitmap` it says what is copied and goes on counting.
    :ivar parent: absolute path of the backup that is continued; empty: the newest in the target's folder.
    :ivar format, compress: of the new files. `speed`: limit of each job in bytes per second; 0 = none.
    """

    disk: str = ""
    disks: tuple[str, ...] = ()
    target: str = ""
    sync: str = "full"
    bitmap: str = ""
    parent: str = ""
    format: str = "qcow2"
    compress: bool = False
    speed: int = 0

    name: ClassVar[str] = "backup"
    known: ClassVar[tuple[str, ...]] = (
        *("disk", "disks", "target", "sync", "bitmap", "parent", "format", "compress", "speed"),
    )

    @classmethod
    def read(cls, keys: Keys) -> TakeBackup:
        """From the words of the command line. :raises UsageError: one is missing, or is not understood."""
        if bool(keys.word("disk")) == bool(keys.word("disks")):
            raise UsageError("Say either disk= or disks=.")
        if not keys.word("target"):
            raise UsageError("target= is missing: say the path of a new file, or with disks= a folder.")
        sync = keys.one_of("sync", *SYNCS)
        if sync in CONTINUES and not keys.word("bitmap"):
            raise UsageError(f"bitmap= is missing: sync={sync} copies what a bitmap marks.")
        if keys.word("parent") and sync not in CONTINUES:
            raise UsageError("parent= belongs to sync=incremental and sync=bitmap only.")
        return cls(
            keys.word("disk"),
            keys.list_of("disks"),
            keys.place("target"),
            sync,
            keys.word("bitmap"),
            keys.path("parent"),
            keys.one_of("format", *FORMATS),
            keys.yes("compress"),
            keys.size("speed"),
        )

    def keys(self) -> Mapping[str, str]:
        """The keys as the command line writes them."""
        told = {"disk": self.disk, "disks": ",".join(self.disks), "target": self.target, "sync": self.sync}
        told |= {"bitmap": self.bitmap, "parent": self.parent, "format": self.format, "speed": str(self.speed)}
        told |= {"compress": "yes" if self.compress else ""}
        return without_defaults(told, sync="full", format="qcow2", speed="0")

    @property
    def title(self) -> str:
        """What is done, in a few words."""
        what = (
            "what changed on " if self.sync in CONTINUES else "what is overwritten on " if self.sync == "none" else ""
        )
        return f"Back up {what}{listed(self.disks or (self.disk,))}"

    def offer(self, state: State) -> Offer:
        """This backup as an offer, with its reason against it where there is one."""
        first = next(_Plan(self, state, Surroundings()).objections(), None)
        title = f"{self.title} since {self.bitmap} was last used" if self.sync in CONTINUES else self.title
        note = "The backup is the disk as it is when the job begins; what is written later is not in it."
        return Offer(self, "Copy as of now", title, first.text if first else "", note)

    def concerns(self, state: State) -> Concerns:
        """The folders of new files, the earlier backups, and what a header is to name must be what QEMU has open."""
        parts = [part for part in _Plan(self, state, Surroundings()).parts if part.source.active and part.to.new]
        below = [part.below for part in parts if part.below]
        earlier: list[Wanted] = []
        for part in parts:
            if self.sync in CONTINUES and part.count is not None and part.source.device is not None:
                disk, image = part.source.device.name, part.count.image
                earlier.append(Wanted(disk, self.bitmap, image, part.to.folder, self.parent, part.lower))
        folders = tuple(dict.fromkeys(part.to.folder for part in parts))
        return Concerns(folders=folders, held=state.graph.files(below), earlier=tuple(earlier))

    def draft(self, state: State, surroundings: Surroundings) -> Draft:
        """Judge, plan and predict."""
        plan, names = _Plan(self, state, surroundings), self.disks or (self.disk,)
        verb = f"Back up {names[0] if len(names) == 1 else f'{len(names)} disks'}"
        if objections := tuple(plan.objections()):
            return Draft(self.title, verb, objections=objections)
        endless = self.sync == "none"
        return Draft(
            title=f"{self.title} to {'new files' if self.disks else plan.parts[0].to.titled}",
            verb=verb,
            warnings=tuple(plan.warnings()),
            steps=tuple(plan.together.steps()),
            moves=plan.moves,
            created=tuple(path for part in plan.parts for path in part.created),
            stop="nothing is lost: stopping it is how it ends; the target holds what was overwritten until then"
            if endless
            else f"the disk and its bitmaps stay as they are; {plan.parts[0].to.unfinished}",
            guest="keeps running; the backup is its state at the start, and it was not asked to flush (crash-consistent)",
            target=plan.parts[0].to.folder,
            confirm=tuple(plan.confirm()),
            copies=tuple(copy for part in plan.parts for copy in part.to.drawn(part.moves)),
            facts=tuple(fact for part in plan.parts for fact in part.facts(len(plan.parts) > 1)),
            marks=tuple(part.count.mark(part.record) for part in plan.parts if part.count and part.begins),
            after=plan.predict(),
        )


@dataclass(frozen=True)
class _Plan:
    """A backup on one state, all names fixed."""

    operation: TakeBackup
    state: State
    surroundings: Surroundings

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """One for each disk."""
        told, found, names = self.operation, list[Part](), set[str]()
        target, folder = ("", told.target) if told.disks else (told.target, "")
        for number, name in enumerate(told.disks or (told.disk,)):
            part = Part(
                Source(self.state, name), self.surroundings, number, frozenset(names), told.sync, told.bitmap,
                told=target, dir=folder, format=told.format,
            )  # fmt: skip
            found.append(part)
            if part.source.active:
                names |= {part.to.node, posixpath.splitext(posixpath.basename(part.to.path))[0]}
        return tuple(found)

    @property
    def together(self) -> Together:
        """The jobs of all parts."""
        told = self.operation
        return Together(self.parts, self.surroundings, told.sync, told.bitmap, told.compress, told.speed)

    @property
    def moves(self) -> int | None:
        moved = [part.moves for part in self.parts]
        return None if None in moved else sum(size or 0 for size in moved)

    def objections(self) -> Iterator[Objection]:
        """Everything that speaks against it."""
        told = self.operation
        if told.sync not in SYNCS:
            yield Objection(f"sync={told.sync} is not known: say {', '.join(SYNCS)}.")
        elif told.sync in CONTINUES and not told.bitmap:
            yield Objection(f"Which bitmap? sync={told.sync} copies what a bitmap marks: say bitmap=.", asks="bitmap")
        elif told.bitmap and told.sync not in _COUNTED:
            yield Objection(f"No bitmap goes with sync={told.sync}: say sync={', '.join(_COUNTED)}.")
        if told.parent and len(self.parts) > 1:
            yield Objection("parent= names the backup of one disk: say disk=.")
        for part in self.parts:
            yield from part.wrong()
            if part.source.active and told.compress and (told.format != "qcow2" or not part.to.new):
                yield Objection("Only a new qcow2 file can be compressed: say format=qcow2.")
            if part.source.active and told.disks and not part.to.new:
                yield Objection("Several disks go to a folder: say target=FOLDER.")
        actives = [part.source.active for part in self.parts if part.source.active]
        for active in {active for active in actives if actives.count(active) > 1}:
            yield Objection(f"{active} is named twice.")

    def warnings(self) -> Iterator[str]:
        """What a user should know beforehand."""
        for part in self.parts:
            yield from part.to.warnings()
            yield from part.warnings()
        if self.operation.sync in CONTINUES:
            yield _SEES

    def confirm(self) -> Iterator[str]:
        """What wants one more yes. A write of the guest waits until what it overwrites is copied, and fails where that fails."""
        needs = Counter[str]()
        for part in self.parts:
            yield from part.to.confirm(part.leaving)
            sizes = part.source.size if self.operation.sync == "none" else part.moves
            needs[part.to.folder] += (sizes or 0) if part.to.new else 0
        for folder, needed in needs.items():
            seen = self.surroundings.folders.get(folder)
            if seen is not None and seen.free is not None and seen.free < needed:
                yield (
                    f"Up to {words.size(needed)} go to {folder}, where {words.size(seen.free)} are free: where it runs full,"
                    " the guest's writes to what is not copied yet fail, and QEMU stops the guest if it was told so."
                )

    def predict(self) -> State:
        """The state afterwards: the disks as they are, and the bitmaps that are new."""
        made = [node for part in self.parts if (node := part.with_bitmap()) is not None]
        return replace(self.state, graph=self.state.graph.with_nodes(made)) if made else self.state


def offers_for_disk(state: State, disk: str) -> tuple[Offer, ...]:
    """The backups of a disk: all of it, and what each bitmap marks."""
    source = Source(state, disk)
    bitmaps = state.graph.nodes[source.active].named_bitmaps if source.active else ()
    offers = [TakeBackup(disk).offer(state)]
    offers += [TakeBackup(disk, sync="incremental", bitmap=b.name).offer(state) for b in bitmaps if b.recording]
    return tuple(offers)


def offers_for_all(state: State) -> tuple[Offer, ...]:
    """One backup of all writable disks at one moment, where there are several."""
    graph, names = state.graph, []
    for device in state.devices:
        active = state.active_of(device)
        if device.name and not device.removable and active is not None and not graph.nodes[active].read_only:
            names.append(device.name)
    return (TakeBackup(disks=tuple(names)).offer(state),) if len(names) > 1 else ()
