"""A session without a machine: state, samples and happenings as a test writes them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace

from diskchain.model.diff import Diff, diff
from diskchain.model.graph import BlockGraph
from diskchain.model.job import Job
from diskchain.model.ledger import Ledger
from diskchain.model.node import Edge, Kind, Node
from diskchain.model.root import Device
from diskchain.model.sample import Counters, Sample
from diskchain.model.state import Machine, State
from diskchain.model.throughput import Meter
from diskchain.monitors.monitor import Direction
from diskchain.operations.commit import Commit
from diskchain.operations.preview import prepare
from diskchain.operations.steps import Branch, Choose
from diskchain.operations.surroundings import Surroundings
from diskchain.session.carriage import Carriage, Phase
from diskchain.session.happening import Happening
from diskchain.signal import Signal

GIB = 1 << 30
MIB = 1 << 20


def some_state(jobs: tuple[Job, ...] = ()) -> State:
    """Three disks: a chain of four, one with a copy, one with a backup."""
    chain = ("base", "overlay1", "overlay2", "overlay3")
    nodes = {name: Node(name, "qcow2", Kind.FORMAT, f"/im/{name}.qcow2", 8 * GIB, GIB) for name in chain}
    for name in ("data-base", "data-top", "copy", "backup.0"):
        nodes[name] = Node(name, "qcow2", Kind.FORMAT, f"/im/{name}.qcow2", 20 * GIB, 3 * GIB)
    nodes["vdc-disk"] = Node("vdc-disk", "qcow2", Kind.FORMAT, "/im/vdc.qcow2", 10 * GIB, 3 * GIB)
    edges = [Edge(chain[n], chain[n - 1], "backing") for n in (3, 2, 1)] + [Edge("data-top", "data-base", "backing")]
    devices = tuple(
        Device(name, name, "virtio-blk", root)
        for name, root in (("vda", "overlay3"), ("vdb", "data-top"), ("vdc", "vdc-disk"))
    )
    return State(Machine("build-vm", "10.0.2", "running"), BlockGraph(nodes, tuple(edges)), devices, jobs)


MIRROR = Job("diskchain-1", "mirror", "running", nodes=(("source", "data-top"), ("target", "copy")), length=20 * GIB)
BACKUP = Job("b0", "backup", "running", nodes=(("main node", "vdc-disk"), ("target", "backup.0")), length=10 * GIB)
STREAM = Job(
    "diskchain-2", "stream", "running", nodes=(("active node", "data-top"), ("intermediate node", "data-base")),
    length=20 * GIB,
)  # fmt: skip


class FakeSession:
    """What the panels use of `diskchain.session.session.Session`, fed by hand."""

    def __init__(self, state: State | None = None, at: float | None = None) -> None:
        self.target = "fake"
        self.state = state or some_state()
        self.read_only, self.link = "", "live"
        self.ledger, self.meter = Ledger(), Meter()
        self.carriages: tuple[Carriage, ...] = ()
        self.changed: Signal[State, Diff] = Signal()
        self.sampled: Signal[Sample] = Signal()
        self.happened: Signal[Happening] = Signal()
        self.carriage_changed: Signal[Carriage] = Signal()
        self.link_changed: Signal[[]] = Signal()
        self.wire: Signal[Direction, Mapping[str, object], float] = Signal()
        self.owned = {"diskchain-1", "diskchain-2"}
        self.now = time.monotonic() if at is None else at
        self._written = 0.0

    def owns(self, job: str) -> bool:
        return job in self.owned

    def be(self, *jobs: Job) -> None:
        """These are the jobs now."""
        old, self.state = self.state, replace(self.state, jobs=jobs)
        self.meter.note(self.state)
        self.changed.emit(self.state, diff(old, self.state))

    def happen(self, word: str, job: str, text: str = "") -> None:
        happening = Happening(self.now, word, job, text)
        self.meter.mark(happening.at, word, job, text)
        self.happened.emit(happening)

    def sample(self, seconds: float, offsets: Mapping[str, float] | None = None, writing: float = 18 * MIB) -> None:
        """Time goes on by so many seconds; each job's offset moves by so many bytes."""
        self.now += seconds
        self._written += seconds * writing
        moved = {
            job.id: replace(job, offset=min(job.offset + int((offsets or {}).get(job.id, 0)), job.length))
            for job in self.state.jobs
        }
        self.state = replace(self.state, jobs=tuple(moved.values()))
        counters = Counters(read_bytes=int(self._written / 3), written_bytes=int(self._written))
        sample = Sample(
            self.now, {"vda": counters}, None, {job.id: (job.offset, job.length) for job in self.state.jobs}
        )
        self.meter.feed(sample, self.state.jobs)
        self.sampled.emit(sample)

    def ask(self, job: Job) -> Carriage:
        """A commit of ours that waits for the user's choice."""
        carriage = Carriage(prepare(Commit("overlay3", "base"), self.state, Surroundings()))
        carriage.phase, carriage.job = Phase.CHOOSING, job.id
        carriage.choice = Choose(
            "The copy is complete and follows each write. Choose when:", job.id,
            (Branch("pivot", "Switch vdb to the copy", "The guest goes on with copy.qcow2.", ()),
             Branch("copy", "Keep the copy as of now", "The guest stays where it is; the copy stands still.", ())),
        )  # fmt: skip
        self.carriages = (*self.carriages, carriage)
        self.carriage_changed.emit(carriage)
        return carriage
