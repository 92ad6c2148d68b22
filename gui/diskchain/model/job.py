"""Background jobs of the block layer."""

from __future__ import annotations

from dataclasses import dataclass

OUR_PREFIX = "diskchain-"
"""Every job that this application starts has an id that begins so (the public contract)."""

VERBS: dict[str, frozenset[str]] = {
    "pause": frozenset({"created", "running", "ready"}),
    "resume": frozenset({"paused", "standby", "running", "ready"}),
    "complete": frozenset({"ready", "standby"}),
    "finalize": frozenset({"pending"}),
    "dismiss": frozenset({"concluded"}),
    "cancel": frozenset({"created", "running", "paused", "ready", "standby", "waiting", "pending"}),
    "speed": frozenset({"created", "running", "paused", "ready", "standby"}),
    "write-blocking": frozenset({"running", "paused", "ready", "standby"}),
}
"""Verb -> statuses in which QEMU takes it (`JobVerb` and the verb table of QEMU's job.c; tried on 7.2 and 10.0). The last one is
our word for the copy mode of a mirror (`block-job-change`), which only goes that way.
"""

DIRECT = frozenset({"pause", "resume", "speed"})
"""Verbs that are direct on anybody's job; the others want a second, named confirmation on a job that is not ours."""


@dataclass(frozen=True, slots=True)
class Job:
    """One job (`JobInfo` and `BlockJobInfo` joined).

    :ivar status: QEMU's `JobStatus`, shown as it is when unknown.
    :ivar offset: bytes done, `length`: bytes in all; both move, in a mirror `length` grows with the guest's writes.
    :ivar speed: limit in bytes per second, 0 = none.
    :ivar paused: paused by a user; QEMU's own short pauses do not count.
    :ivar nodes: node-names that the job works on, by role: `(("main node", "l3"), ...)`.
    :ivar error: QEMU's words, empty while all is well.
    """

    id: str
    type: str
    status: str
    offset: int = 0
    length: int = 0
    speed: int = 0
    paused: bool = False
    ready: bool = False
    io_status: str = ""
    auto_finalize: bool = True
    auto_dismiss: bool = True
    actively_synced: bool | None = None
    nodes: tuple[tuple[str, str], ...] = ()
    error: str = ""

    @property
    def ours(self) -> bool:
        """Whether the id says that this application started it; the journal has the last word."""
        return self.id.startswith(OUR_PREFIX)

    @property
    def node_names(self) -> tuple[str, ...]:
        """The node-names it works on, each once, in a stable order."""
        return tuple(sorted({name for _, name in self.nodes}))

    def allows(self, verb: str) -> bool:
        """Whether QEMU takes this verb in the present status."""
        if verb == "pause" and self.paused:
            return False
        if verb == "resume" and not self.paused:
            return False
        if verb == "write-blocking" and (self.type != "mirror" or self.actively_synced):
            return False
        return self.status in VERBS.get(verb, frozenset())
