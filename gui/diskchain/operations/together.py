"""The jobs of a backup: started at one moment, ended together or not at all, each written down once its file is closed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from diskchain.images.writing import WriteSidecar
from diskchain.operations.local import Local
from diskchain.operations.part import CONTINUES, Part
from diskchain.operations.steps import Send, Step, Wait
from diskchain.operations.surroundings import Surroundings
from diskchain.qapi.command import Command, command


@dataclass(frozen=True)
class Together:
    """The jobs of all disks.

    :ivar sync, bitmap, compress, speed: as the operation's.
    """

    parts: tuple[Part, ...]
    surroundings: Surroundings
    sync: str
    bitmap: str
    compress: bool
    speed: int

    def steps(self) -> Iterator[Step]:
        """Make and open the targets, start all jobs at one moment, let them end together, close, write down what was made."""
        for part in self.parts:
            yield from part.to.opened()
        begun = [part.count.begun(self._kept) for part in self.parts if part.count is not None and part.anew]
        actions = [each for begin, _, _ in begun for each in begin] + [self._start(part) for part in self.parts]
        yield Send(_transaction(actions), undo=tuple(each for _, back, _ in begun for each in back))
        group = self.jobs if len(self.jobs) > 1 else ()
        for job in self.jobs:
            cancel = (command("job-cancel", id=job),)
            if self.sync == "none":
                yield Wait(job, "concluded", cancel, group=group, endless=True)
            else:
                yield Wait(job, "pending", cancel, group=group)
        if self.sync != "none":
            ended = self.jobs if begun else self.jobs[:1]  # of a grouped transaction the first one ends them all
            for job in ended:
                yield Send(command("job-finalize", id=job), passing=job != ended[-1])
        for job in self.jobs:
            if self.sync != "none":
                yield Wait(job, "concluded", group=group)
            yield Send(command("job-dismiss", id=job))
        for part in self.parts:
            yield Send(command("blockdev-del", node_name=part.to.node))
        for part in self.parts:
            if part.recorded:
                failed = (
                    f"{part.to.path} is whole, but its record could not be written: no incremental backup continues it."
                )
                yield Local(WriteSidecar(part.record), failed)
        for _, _, away in begun:
            yield from (Send(each, tidy=True) for each in away)

    @property
    def jobs(self) -> tuple[str, ...]:
        """The jobs' ids."""
        first = f"diskchain-{self.surroundings.serial}"
        return tuple(first if len(self.parts) == 1 else f"{first}-{part.number}" for part in self.parts)

    @property
    def _kept(self) -> str:
        """The bitmap in which is kept what another marks, until all is well."""
        return f"diskchain-{self.surroundings.serial}-kept-{self.surroundings.token}"

    def _start(self, part: Part) -> Command:
        job = self.jobs[part.number]
        return command(
            "blockdev-backup",
            job_id=job,
            device=part.source.root,
            target=part.to.node,
            sync=self.sync,
            bitmap=self.bitmap if self.sync in CONTINUES else None,
            bitmap_mode="never" if self.sync == "bitmap" else None,
            compress=self.compress or None,
            speed=self.speed or None,
            on_target_error="enospc",  # the copying waits for room then; a guest's write to what is not copied yet fails
            filter_node_name=f"{job}-filter",
            auto_finalize=None if self.sync == "none" else False,
            auto_dismiss=False,
        )


def _transaction(actions: list[Command]) -> Command:
    """All at one moment. Jobs alone are one group: QEMU ends all or none.

    With bitmaps among the actions QEMU refuses to group (`does not support transaction property completion-mode = grouped`);
    then the jobs are held together by their waiting for us.
    """
    if len(actions) == 1:
        return actions[0]
    told: dict[str, object] = {"actions": [{"type": each.name, "data": dict(each.arguments)} for each in actions]}
    if all(each.name == "blockdev-backup" for each in actions):
        told["properties"] = {"completion-mode": "grouped"}
    return Command("transaction", told)
