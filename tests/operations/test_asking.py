"""How other tools are asked about the same."""

from __future__ import annotations

from dataclasses import replace

import pytest

from diskchain.model.root import Export
from diskchain.model.state import State
from diskchain.operations.asking import asked
from diskchain.qapi.command import Command
from tests.support.states import machine, with_export, with_job

STATE = machine({"vda": "base <- mid <- top"})
CHAIN = replace(STATE, machine=replace(STATE.machine, name="web", commands=None))


def told(state: State, key: str) -> dict[str, str]:
    return {each.tool: each.text for each in asked(state, key)}


def test_a_node() -> None:
    said = told(CHAIN, "mid")
    assert said["qmp-shell"] == "query-named-block-nodes flat=true"
    assert said["HMP"] == "info block -n -v mid"
    assert said["qemu-img"] == "qemu-img info -U -f qcow2 --backing-chain /images/mid.qcow2"
    assert said["virsh"] == "virsh domstats --block --backing web"


def test_a_disk_with_a_drive_is_named_by_it_and_else_by_its_node() -> None:
    assert told(CHAIN, "vda")["HMP"].splitlines()[0] == "info block -n -v top"
    device = replace(CHAIN.devices[0], drive="drive0")
    assert told(replace(CHAIN, devices=(device,)), "vda")["HMP"].splitlines()[0] == "info block -v drive0"
    assert told(CHAIN, "vda")["virsh"].splitlines()[0] == "virsh domblkinfo web vda"


def test_a_job_an_export_and_the_machine() -> None:
    job = with_job(CHAIN, "top").jobs[0]
    assert told(with_job(CHAIN, "top"), job.id)["virsh"] == "virsh blockjob web vda --info"
    exported = with_export(CHAIN, "top")
    assert set(told(exported, exported.exports[0].id)) == {"QMP", "qmp-shell"}
    assert told(CHAIN, "")["HMP"] == "info status\ninfo block"
    assert asked(CHAIN, "nothing of this name") == ()


def test_a_storage_daemon_has_no_human_monitor_and_no_virsh() -> None:
    bare = replace(CHAIN, machine=replace(CHAIN.machine, commands=frozenset({"query-named-block-nodes"})))
    assert set(told(bare, "mid")) == {"QMP", "qmp-shell", "qemu-img"}
    assert told(bare, "") == {}


@pytest.mark.parametrize("file", [None, "relative.qcow2", 'json:{"driver": "file"}', "nbd://host/disk"])
def test_only_a_path_that_is_the_same_for_everybody_is_given_to_qemu_img(file: str | None) -> None:
    graph = CHAIN.graph.with_nodes([replace(CHAIN.graph.nodes["mid"], file=file)])
    assert "qemu-img" not in told(replace(CHAIN, graph=graph), "mid")


def test_hostile_names_are_quoted_or_left_out() -> None:
    name = 'x"; quit'
    graph = CHAIN.graph.with_nodes([replace(CHAIN.graph.nodes["mid"], name=name, file="/im/a b;c.qcow2")])
    said = told(replace(CHAIN, graph=graph), name)
    assert "HMP" not in said
    assert said["qemu-img"].endswith("'/im/a b;c.qcow2'")


@pytest.mark.parametrize("key", ["", "mid", "vda"])
def test_nothing_changes_anything(key: str) -> None:
    for line in told(CHAIN, key)["qmp-shell"].splitlines():
        assert Command(line.split(" ", maxsplit=1)[0]).looks


def test_an_export_of_ours_is_told_to_other_programs() -> None:
    export = Export(
        "look", "nbd", "top", "look", "nbd+unix:///look?socket=/run/a b.nbd", writable=False, listen="/run/a b.nbd"
    )
    said = told(replace(CHAIN, exports=(export,)), "look")
    assert said["nbdinfo"] == "nbdinfo 'nbd+unix:///look?socket=/run/a b.nbd'"
    assert said["guestfish"].startswith("guestfish --ro")
    assert "nbdinfo" not in told(with_export(CHAIN, "top"), "shown"), "another client's: where it is, is not known"
