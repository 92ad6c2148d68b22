"""States for pictures: the chains, crowds and odd names that the canvas must show well."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from diskchain.model.bitmap import Bitmap
from diskchain.model.graph import BlockGraph
from diskchain.model.job import Job
from diskchain.model.node import Edge, Node, kind_of
from diskchain.model.root import Device, Export
from diskchain.model.state import Machine, State

GIB = 1024**3

MACHINE = Machine("build-vm", "10.0.2", "running", "/run/vm/build.qmp")


def image(
    name: str,
    used: float,
    whole: float = 8,
    driver: str = "qcow2",
    file: str | None = None,
    *,
    ro: bool = True,
    bitmaps: Sequence[str] = (),
    via: str = "file",
) -> tuple[list[Node], list[Edge]]:
    """A format node over its protocol node; sizes in GiB."""
    path = file or f"/images/{name}.{driver}"
    dirty = tuple(Bitmap(each, 0, 65536, True, False, True, False) for each in bitmaps)
    top = Node(name, driver, kind_of(driver), path, int(whole * GIB), int(used * GIB), ro, bitmaps=dirty)
    below = Node(f"{name}-{via}", via, kind_of(via), path, int(whole * GIB), int(used * GIB), ro)
    writes = () if ro else ("write", "resize")
    return [top, below], [Edge(name, below.name, "file", ("consistent-read", *writes), ("consistent-read",))]


def chain(
    names: Iterable[tuple[str, float]], whole: float = 8, base_driver: str = "qcow2"
) -> tuple[list[Node], list[Edge]]:
    """Images on top of each other, base first; the last one is writable."""
    nodes: list[Node] = []
    edges: list[Edge] = []
    listed = list(names)
    for at, (name, used) in enumerate(listed):
        made, linked = image(name, used, whole, "qcow2" if at else base_driver, ro=at < len(listed) - 1)
        nodes += made
        edges += linked
        if at:
            edges.append(Edge(name, listed[at - 1][0], "backing", ("consistent-read",), ("consistent-read", "write")))
    return nodes, edges


def state(
    parts: Iterable[tuple[list[Node], list[Edge]]],
    devices: Sequence[Device] = (),
    jobs: Sequence[Job] = (),
    exports: Sequence[Export] = (),
    machine: Machine = MACHINE,
) -> State:
    """Parts joined to one state."""
    nodes: dict[str, Node] = {}
    edges: list[Edge] = []
    for made, linked in parts:
        nodes.update((node.name, node) for node in made)
        edges += linked
    return State(machine, BlockGraph(nodes, tuple(edges)), tuple(devices), tuple(jobs), tuple(exports))


def disk(name: str, root: str | None, model: str = "virtio-blk") -> Device:
    """A guest device."""
    return Device(name, f"/machine/peripheral/{name}/virtio-backend", model, root)


TALK = [("base", 5.1), ("overlay1", 1.2), ("overlay2", 0.4), ("overlay3", 0.9)]


def talk() -> State:
    """The chain of four, and a raw base with an overlay."""
    return state(
        [chain(TALK), chain([("data-base", 11), ("data-top", 3.4)], 20, "raw")],
        [disk("vda", "overlay3"), disk("vdb", "data-top")],
    )


def mirroring() -> State:
    """The talk's disks while the second one is mirrored over the network by a filter of the job."""
    nodes, edges = chain([("data-base", 11), ("data-top", 3.4)], 20, "raw")
    target = image("copy", 8.9, 20, "raw", "nbd://dest/vdb", ro=False, via="nbd")
    top = Node("mirror-filter", "mirror_top", kind_of("mirror_top"), None, 20 * GIB, None, implicit=True)
    job = Job(
        "m1",
        "mirror",
        "running",
        int(12.4 * GIB),
        20 * GIB,
        nodes=(("main node", "mirror-filter"), ("source", "data-top"), ("target", "copy")),
    )
    return state(
        [chain(TALK), (nodes, edges), target, ([top], [Edge("mirror-filter", "data-top", "backing")])],
        [disk("vda", "overlay3"), disk("vdb", "mirror-filter")],
        [job],
    )


def committing() -> State:
    """The talk's first disk while overlay2 and overlay1 are committed into base."""
    nodes, edges = chain(TALK)
    edges = [edge for edge in edges if (edge.parent, edge.role) != ("overlay3", "backing")]
    top = Node("diskchain-7-filter", "commit_top", kind_of("commit_top"), None, 8 * GIB, None)
    edges += [Edge("overlay3", top.name, "backing"), Edge(top.name, "overlay2", "backing")]
    job = Job(
        "diskchain-7",
        "commit",
        "running",
        int(0.6 * GIB),
        int(1.6 * GIB),
        nodes=(
            ("main node", "overlay3"),
            ("intermediate node", "overlay1"),
            ("intermediate node", "overlay2"),
            ("base", "base"),
        ),
    )
    return state(
        [(nodes, edges), ([top], []), chain([("data-base", 11), ("data-top", 3.4)], 20, "raw")],
        [disk("vda", "overlay3"), disk("vdb", "data-top")],
        [job],
    )


def crowd(disks: int = 12, images: int = 3) -> State:
    """Many disks of a few images each; with 100 disks of 5 images: 1,000 nodes."""
    parts = [chain([(f"d{at}-{level}", 5 / (level + 1)) for level in range(images)]) for at in range(disks)]
    names = [f"vd{chr(97 + at)}" if at < 26 else f"disk{at}" for at in range(disks)]
    return state(parts, [disk(name, f"d{at}-{images - 1}") for at, name in enumerate(names)])


def long_chain(length: int = 30) -> State:
    """One chain of many images."""
    return state(
        [chain([("base", 5.1), *((f"snap{at:03}", 0.13) for at in range(1, length))])],
        [disk("vda", f"snap{length - 1:03}")],
    )


def shared() -> State:
    """Two disks on one base, an export, bitmaps, a throttle filter above, a branch left by a revert, and an empty drive."""
    nodes, edges = chain([("base", 5.1), ("web", 1.2), ("web-top", 0.3)])
    other, more = image("db", 0.8, ro=False, bitmaps=("daily", "weekly"))
    branch, extra = image("branch", 0.2)
    limit = Node("limit0", "throttle", kind_of("throttle"), None, 8 * GIB, None)
    links = [Edge("db", "base", "backing"), Edge("branch", "web", "backing"), Edge("limit0", "web-top", "file")]
    cdrom = Device("cd0", "cd0", "ide-cd", None, removable=True, tray_open=True)
    return state(
        [
            (nodes, edges),
            (other, more),
            (branch, extra),
            ([limit], links),
            image("spare", 0.1),
            image("old", 0.1, driver="raw"),
        ],
        [disk("vda", "limit0"), disk("vdb", "db", "scsi-hd"), cdrom],
        exports=[Export("exp0", "nbd", "db", "db", "nbd+unix:///db?socket=/run/nbd.sock", False)],
    )


HOSTILE = ('a"b\\n<b>bold</b>', "line\nbreak", "31-characters-long-node-name-xx", "ünïcödé-名前", "#block123")


def hostile() -> State:
    """Names with quotes, line breaks, HTML, DOT syntax, 31 characters, other scripts; a node without a name."""
    parts = chain([(name, 1.0) for name in HOSTILE])
    extra = image("} -> x; <i>", 0.5, file='json:{"driver":"qcow2"}')
    return state([parts, extra], [disk('<b>v"d\na</b>', HOSTILE[-1])])
