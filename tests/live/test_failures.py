"""Every step of every plan is made to fail in turn: graph, files, jobs and exports are as before, and every byte is there."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Mapping

import pytest

from diskchain.operations.catalog import parse
from diskchain.session.carriage import Phase, Result
from diskchain.session.journal import Journal
from diskchain.session.session import Session
from tests.support.failing import FailingMonitor
from tests.support.machine import Machine
from tests.support.qmp import QmpError
from tests.support.tools import MIB, make_image, restored

pytestmark = pytest.mark.live

_Keys = Mapping[str, str]
_CHAINS = {"vda": "base <- one <- two <- three", "vdb": "data:raw <- over"}
_PLANS: tuple[tuple[str, _Keys, bool], ...] = (
    ("snapshot", {}, False),
    ("snapshot", {}, True),
    ("commit", {"top": "two", "base": "base"}, False),
    ("commit", {"top": "three", "base": "one", "finish": "pivot"}, False),
    ("stream", {"node": "two", "base": "base"}, False),
    ("stream", {"node": "three"}, False),
    ("mirror", {"disk": "vda", "target": "FOLDER/copy.qcow2", "finish": "pivot"}, False),
    ("mirror", {"disk": "vda", "target": "FOLDER/copy.qcow2", "sync": "top", "finish": "pivot"}, True),
    ("mirror", {"disk": "vda", "target": "FOLDER/copy.raw", "format": "raw", "finish": "copy"}, False),
    ("revert", {"to": "one"}, False),
    ("revert", {"to": "one,data", "keep": "no"}, True),
    ("export", {"node": "three", "listen": "FOLDER/look.nbd"}, False),
    ("attach", {"file": "FOLDER/spare.qcow2", "as": "virtio-blk"}, False),
    ("resize", {"node": "three", "size": "16M"}, False),
    ("create", {"file": "FOLDER/new.qcow2", "size": "8M"}, False),
    ("backup", {"disk": "vda", "target": "FOLDER/copy.qcow2"}, False),
    ("backup", {"disk": "vda", "target": "FOLDER/copy.raw", "format": "raw"}, False),
    ("backup", {"disks": "vda,vdb", "target": "FOLDER"}, False),
    ("backup", {"disks": "vda,vdb", "target": "FOLDER", "bitmap": "daily"}, False),
    ("bitmap", {"do": "add", "node": "three", "name": "daily"}, False),
)
_IDS = [f"{name} {' '.join(keys.values())}{' relative' if relative else ''}" for name, keys, relative in _PLANS]
_POINT_OF_NO_RETURN = {
    "commit": ("job-complete", "job-dismiss", "blockdev-del"),
    "stream": ("blockdev-del",),
    "mirror": ("job-dismiss", "blockdev-del"),
    "revert": ("cont", "blockdev-del"),
    "backup": ("job-dismiss", "blockdev-del"),
}
"""Commands whose refusal comes after QEMU has changed the graph for good, as it was asked to."""
_PROBES = {"snapshot": (0, 1), "mirror": (0,), "backup": (0,), "export": (0,), "create": (0,)}
"""Operation -> which of its steps only show, by being refused, that no such file exists yet."""
_PROBES_OF_TWO = {"backup": (0, 2)}
"""The same for two disks, where they differ."""


def _probes(name: str, keys: _Keys) -> tuple[int, ...]:
    """Which steps only show, by being refused, that no such file exists yet."""
    if name == "revert":
        return tuple(range(len(keys.get("to", "").split(","))))
    return (_PROBES | _PROBES_OF_TWO if "disks" in keys else _PROBES).get(name, ())


def _wanted(machine: Machine, before: dict[str, bytes]) -> dict[str, bytes]:
    """What the disks must hold: what they held before, but for one that stands on a new overlay that nobody has written to."""
    return {
        disk: seen if machine.root(disk) in machine.chains.kinds else restored(machine.file(machine.chain(disk)[1]))
        for disk, seen in before.items()
    }


async def _carried_out(machine: Machine, name: str, keys: _Keys, monitor: FailingMonitor) -> Result:
    session = Session(str(machine.target), lambda _: monitor, Journal(machine.folder / "journal.qmp"), reconnect=False)
    await session.open()
    try:
        told = {key: value.replace("FOLDER", str(machine.folder)) for key, value in keys.items()}
        preview = await session.prepare(parse(name, told, "/"))
        return await session.carry_out(preview, confirmed=True).wait()
    finally:
        await session.close()


@contextlib.contextmanager
def _machine(relative: bool) -> Iterator[Machine]:
    """A machine, and a closed image beside its own."""
    with Machine(_CHAINS, relative=relative) as machine:
        make_image(machine.folder / "spare.qcow2", "qcow2", MIB)
        yield machine


def _commands(name: str, keys: _Keys, relative: bool) -> list[str]:
    with _machine(relative) as machine:
        monitor = FailingMonitor(str(machine.target), None)
        result = asyncio.run(_carried_out(machine, name, keys, monitor))
        assert result.outcome is Phase.DONE, result
        return monitor.changing


def _stop_serving(machine: Machine) -> None:
    """End the machine's NBD server, where one runs, so that the test can have its own."""
    with contextlib.suppress(QmpError):
        machine.qmp("nbd-server-stop")


@pytest.mark.parametrize(("name", "keys", "relative"), _PLANS, ids=_IDS)
def test_a_refused_step_leaves_everything_as_it_was(name: str, keys: _Keys, relative: bool) -> None:
    commands = _commands(name, keys, relative)
    final = _POINT_OF_NO_RETURN.get(name, ())
    for step, command in enumerate(commands):
        with _machine(relative) as machine:
            before = {disk: machine.contents(disk) for disk in _CHAINS}
            shape, files = machine.shape(), machine.files()
            result = asyncio.run(_carried_out(machine, name, keys, FailingMonitor(str(machine.target), step)))
            where = f"step {step}, {command}: {result}"
            probing = step in _probes(name, keys)  # a probe's refusal is what the plan wants
            assert probing or result.outcome is not Phase.DONE or command == "blockdev-del", where
            assert not machine.qmp("query-jobs"), where
            if not probing and command not in final:
                assert machine.qmp("query-status")["status"] == "running", where
                assert machine.shape() == shape, where
                assert machine.files() == files, where
                assert result.text.count(".") >= 2, where
            if probing:
                _stop_serving(machine)  # what it made is there then
            machine.settled(**(_wanted(machine, before) if name == "revert" else before))


@pytest.mark.parametrize("fault", ["lost", "unanswered"])
@pytest.mark.parametrize(("name", "keys", "relative"), _PLANS, ids=_IDS)
def test_an_unknown_outcome_undoes_nothing_and_loses_nothing(
    name: str, keys: _Keys, relative: bool, fault: str
) -> None:
    for step, command in enumerate(_commands(name, keys, relative)):
        with _machine(relative) as machine:
            before = {disk: machine.contents(disk) for disk in _CHAINS}
            monitor = FailingMonitor(str(machine.target), step, fault)
            result = asyncio.run(_carried_out(machine, name, keys, monitor))
            where = f"step {step}, {command}: {result}"
            assert result.outcome is (Phase.LOST if fault == "lost" else Phase.UNKNOWN), where
            assert len(monitor.changing) == step + 1, f"{where}: {monitor.changing[step + 1 :]} was sent afterwards"
            _end_all_jobs(machine)
            _stop_serving(machine)
            machine.settled(**(_wanted(machine, before) if name == "revert" else before))


def _end_all_jobs(machine: Machine) -> None:
    while jobs := _running(machine):
        _cancel(machine, jobs[0])  # the rest of a group ends with it
    for job in machine.qmp("query-jobs"):
        machine.qmp("job-dismiss", id=job["id"])


def _cancel(machine: Machine, job: str) -> None:
    machine.qmp("job-cancel", id=job)
    machine.until(lambda: job not in _running(machine), "a job stays")


def _running(machine: Machine) -> list[str]:
    return [job["id"] for job in machine.qmp("query-jobs") if job["status"] != "concluded"]
