"""What counts as another shape of the graph, and what only reads differently."""

from __future__ import annotations

from dataclasses import replace

import pytest

from diskchain.model.diff import diff
from diskchain.model.root import Device
from diskchain.model.state import Machine, State

OLD = State(Machine(), devices=(Device("vda", "/q/vda", "virtio-blk", "top"), Device("cd0", "/q/cd0", "ide-cd", None)))


_EMPTY = OLD.devices[1]


@pytest.mark.parametrize(
    "told",
    [replace(_EMPTY, tray_open=True), replace(_EMPTY, io_status="nospace"), replace(_EMPTY, permissions=("write",))],
)
def test_a_device_told_differently_changes_no_shape(told: Device) -> None:
    found = diff(OLD, replace(OLD, devices=(OLD.devices[0], told)))
    assert "devices" in found.others
    assert found
    assert not found.structural


@pytest.mark.parametrize("changed", [(), OLD.devices[:1], (replace(OLD.devices[0], root="other"), OLD.devices[1])])
def test_a_device_that_goes_or_hangs_elsewhere_does(changed: tuple[Device, ...]) -> None:
    assert diff(OLD, replace(OLD, devices=changed)).structural
