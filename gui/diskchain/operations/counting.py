"""A bitmap as what incremental backups count with, and the proof that one may continue an earlier backup.

A hole in an incremental backup is silent: it is seen when it is restored, if then. So where anything is in doubt, it is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from diskchain.model.backup import Backup, Earlier, Mark, Since
from diskchain.model.bitmap import Bitmap
from diskchain.operations.bitmaps import bitmap_of, unusable
from diskchain.operations.chains import path_of
from diskchain.operations.operation import Objection
from diskchain.operations.source import Source
from diskchain.operations.spoiling import invalid_in
from diskchain.operations.surroundings import Surroundings
from diskchain.qapi.command import Command, command

_FULL = "Make a full backup with it first."


@dataclass(frozen=True)
class Count:
    """One bitmap on the active image of a disk."""

    source: Source
    bitmap: str
    surroundings: Surroundings

    @cached_property
    def found(self) -> Bitmap | None:
        """The bitmap as it is now; None: there is none of this name."""
        return bitmap_of(self.source.state.graph.nodes[self.source.active], self.bitmap)

    @property
    def image(self) -> str:
        """The absolute path of the image that it is on; empty: not known."""
        return path_of(self.source.state.graph.nodes[self.source.active], self.surroundings.cwd) or ""

    @property
    def since(self) -> Since | None:
        """What it counts from; None: nothing is known of it here."""
        return self.surroundings.since.get((self.image, self.bitmap))

    def mark(self, backup: Backup) -> Mark:
        """What is noted of it where a backup begins anew to count."""
        return Mark(self.image, self.bitmap, self.since or Since(), Since(backup.id, backup.path))

    def wrong(self) -> Iterator[Objection]:
        """Why no backup can count with it."""
        source, found = self.source, self.found
        if source.root != source.active:
            yield Objection(
                f"The filter {source.root} lies above {source.active}, and QEMU backs up with bitmaps of the topmost node only:"
                " take the filter out first."
            )
        if self.surroundings.stamp and (self.surroundings.owner is None or not self.image):
            yield Objection(
                "The files of this machine are not seen from here: no backup could be proved, so none could continue it."
            )
        if found is None:
            return
        yield from unusable(found)
        if not found.recording:
            yield Objection(f"{self.bitmap} does not record, so it lacks what was written. Enable it. {_FULL}")
        if found.persistent and source.state.graph.nodes[source.active].read_only:
            yield Objection(f"{source.active} is read-only, and {self.bitmap} is kept in it: it cannot begin anew.")

    def unproved(self, earlier: Earlier, folder: str) -> Iterator[Objection]:
        """Why it is not proved that what it marks is all that was written since an earlier backup."""
        source, found = self.source, self.found
        if found is None:
            yield self._missing()
            return
        for changed in invalid_in(source.state, source.chain, self.surroundings):
            yield Objection(f"{changed} No bitmap marks what that changed. {_FULL}")
        if not self.surroundings.stamp:
            return
        if earlier.made is None:
            none = f"In {folder} lies no backup of {source.name} with {self.bitmap}. {_FULL}"
            yield Objection(earlier.wrong or none)
            return
        backup = earlier.made.backup
        if earlier.wrong:
            yield Objection(f"{earlier.wrong} {_FULL}")
        if source.device is not None and backup.disk != source.device.name:
            yield Objection(f"{backup.path} is a backup of {backup.disk}, not of {source.name}.")
        if backup.bitmap != self.bitmap:
            yield Objection(
                f"{self.bitmap} does not count from {backup.path}: that counts with {backup.bitmap or 'none'}."
            )
        if backup.size != source.size:
            yield Objection(
                f"{source.name} has {source.size} bytes now and had {backup.size} in {backup.path}. {_FULL}"
            )
        if earlier.later:
            yield Objection(f"{earlier.later[0]} continues {backup.path} already: continue that one.")
        if not found.persistent and (backup.qemu is None or backup.qemu != self.surroundings.qemu):
            yield Objection(
                f"{self.bitmap} is not kept in the image, and QEMU was started anew since {backup.path}: it is another bitmap"
                f" now. {_FULL}"
            )
        yield from self._otherwise(backup)

    def _otherwise(self, backup: Backup) -> Iterator[Objection]:
        """An objection where our own acts tell that it does not count from this backup, or do not tell."""
        since = self.since
        if since is None:
            yield Objection(
                f"It is not known here what {self.bitmap} counts from: your journal tells nothing of it. {_FULL}"
            )
        elif since.open:
            yield Objection(f"What was begun with {self.bitmap} last was not seen to its end. {_FULL}")
        elif not since.id:
            yield Objection(
                f"{self.bitmap} was changed since {backup.path}: what was written is not all marked. {_FULL}"
            )
        elif since.id != backup.id:
            yield Objection(f"{self.bitmap} counts from {since.path}, not from {backup.path}: say parent={since.path}.")

    def _missing(self) -> Objection:
        """That there is none, and where it was left."""
        graph, active = self.source.state.graph, self.source.active
        below = self.source.chain[1:]
        left = next((n for n in below if bitmap_of(graph.nodes[n], self.bitmap)), "")
        why = f" It stayed on {left}, and records nothing any more." if left else ""
        return Objection(f"There is no bitmap {self.bitmap} on {active}.{why} {_FULL}")

    def begun(self, kept: str) -> tuple[list[Command], list[Command], list[Command]]:
        """What makes it count anew in a transaction, what takes that back, and what is cleared away once all is well.

        What it marks now is kept in a bitmap of ours until then: a transaction that was carried out is not undone where the job
        that it started fails.
        """
        node = self.source.active
        if self.found is None:
            added = command("block-dirty-bitmap-add", node=node, name=self.bitmap)
            return [added], [command("block-dirty-bitmap-remove", node=node, name=self.bitmap)], []
        keep = command(
            "block-dirty-bitmap-add", node=node, name=kept, granularity=self.found.granularity or None, disabled=True
        )
        away = command("block-dirty-bitmap-remove", node=node, name=kept)
        begin = [keep, self._merge(kept, self.bitmap), command("block-dirty-bitmap-clear", node=node, name=self.bitmap)]
        return begin, [self._merge(self.bitmap, kept), away], [away]

    def _merge(self, target: str, source: str) -> Command:
        return Command("block-dirty-bitmap-merge", {"node": self.source.active, "target": target, "bitmaps": [source]})
