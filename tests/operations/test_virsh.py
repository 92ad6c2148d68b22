"""Operations as virsh says them."""

from __future__ import annotations

import pytest

from diskchain.model.graph import BlockGraph
from diskchain.model.job import Job
from diskchain.model.node import Edge, Kind, Node
from diskchain.model.root import Device
from diskchain.model.state import Machine, State
from diskchain.operations.commit import Commit
from diskchain.operations.job import SteerJob
from diskchain.operations.mirror import Mirror
from diskchain.operations.operation import Operation
from diskchain.operations.preview import prepare
from diskchain.operations.scripts import script
from diskchain.operations.snapshot import Snapshot
from diskchain.operations.stream import Stream
from diskchain.operations.surroundings import Surroundings
from diskchain.operations.virsh import virsh


def machine() -> State:
    nodes = {
        name: Node(
            name,
            "qcow2",
            Kind.FORMAT,
            file=f"/im/{name}.qcow2",
            virtual_size=1 << 30,
            read_only=name not in ("l2", "d"),
        )
        for name in ("l0", "l1", "l2", "d")
    }
    return State(
        Machine("vm 1", "10.0.2", "running"),
        BlockGraph(nodes, (Edge("l2", "l1", "backing"), Edge("l1", "l0", "backing"))),
        (Device("vda", "vda", "virtio-blk", "l2"), Device("virtio-disk1", "virtio-disk1", "virtio-blk", "d")),
        (Job("diskchain-1", "commit", "ready", nodes=(("main node", "f"), ("source", "l2"), ("target", "l0"))),),
    )


@pytest.mark.parametrize(
    ("operation", "line"),
    [
        (Commit("l2", "l0", finish="pivot"),
         "virsh blockcommit 'vm 1' vda --base /im/l0.qcow2 --active --pivot --wait --verbose"),
        (Commit("l2", "l0"),
         "virsh blockcommit 'vm 1' vda --base /im/l0.qcow2 --active --wait --verbose\nvirsh blockjob 'vm 1' vda --pivot"),
        (Commit("l1", "l0", speed=1 << 20),
         "virsh blockcommit 'vm 1' vda --base /im/l0.qcow2 --top /im/l1.qcow2 --bytes --bandwidth 1048576 --wait --verbose"),
        (Stream("l2", "l0"), "virsh blockpull 'vm 1' vda --base /im/l0.qcow2 --wait --verbose"),
        (Stream("l2"), "virsh blockpull 'vm 1' vda --wait --verbose"),
        (Stream("l1"), None),
        (Mirror("vda", "/im/c.raw", format="raw", finish="pivot"),
         "virsh blockcopy 'vm 1' vda /im/c.raw --format raw --transient-job --wait --verbose --pivot"),
        (Mirror("vda", "/im/c", sync="top", finish="copy", copy_mode="write-blocking", speed=512),
         ("virsh blockcopy 'vm 1' vda /im/c --format qcow2 --transient-job --shallow --synchronous-writes --bytes"
          " --bandwidth 512 --wait --verbose --finish")),
        (Mirror("vda", "nbd://h/x"), None),
        (SteerJob("cancel", "diskchain-1"), "virsh blockjob 'vm 1' vda --abort"),
        (SteerJob("complete", "diskchain-1"), "virsh blockjob 'vm 1' vda --pivot"),
        (SteerJob("pause", "diskchain-1"), None),
        (SteerJob("cancel", "unknown"), None),
    ],
)  # fmt: skip
def test_lines(operation: Operation, line: str | None) -> None:
    assert virsh(prepare(operation, machine(), Surroundings())) == line


def test_a_snapshot_names_every_disk() -> None:
    state = machine()
    operation = Snapshot(("virtio-disk1",), files={"virtio-disk1": "/im/new,1.qcow2"})
    assert virsh(prepare(operation, state, Surroundings(serial=7))) == (
        "virsh snapshot-create-as 'vm 1' --disk-only --atomic --no-metadata --diskspec vda,snapshot=no "
        "--diskspec /im/d.qcow2,file=/im/new,,1.qcow2"
    )


def test_a_script_says_when_to_go_on() -> None:
    preview = prepare(Commit("l1", "l0"), machine(), Surroundings(serial=7))
    lines = script(preview, "qmp-shell").splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("block-commit "))
    assert lines[start + 1].startswith("# wait until job ")
    assert len([line for line in lines if not line.startswith("#")]) == len(preview.all_commands)
    assert '"execute": "block-commit"' in script(preview, "QMP")
