"""How the same is asked elsewhere: what shows a node, disk, job, export or the machine in the tools that people have.

Every line only looks, but those that take an export into use. Tried on QEMU 7.2 (`tests/live/test_asking.py`); virsh's by
libvirt's own man page.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass

from diskchain.model.nbd import client_lines
from diskchain.model.node import Kind, Node
from diskchain.model.root import Device
from diskchain.model.state import State
from diskchain.operations.dialects import qmp_json, qmp_shell
from diskchain.operations.virsh import virsh_look
from diskchain.qapi.command import Command, command

_PLAIN = re.compile(r"[\w#.:-]+", re.ASCII)
"""Names that the human monitor takes without quotes; QEMU's own rules for ids allow no others."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One tool's words. `text`: one command a line."""

    tool: str
    text: str


def asked(state: State, key: str) -> tuple[Asked, ...]:
    """How each tool is asked about a node, device, job or export by its name; the empty key: about the machine.

    A tool that has no words for it is left out, and so is what this server does not know.
    """
    commands = [one for one in _commands(state, key) if _known(state, one)]
    shells = [words for one in commands if (words := qmp_shell(one)) is not None]
    node = state.graph.nodes.get(key)
    export = next((export for export in state.exports if export.id == key and export.uri), None)
    lines = client_lines(export.uri or "", export.writable is True) if export is not None else ()
    told = (
        ("QMP", [qmp_json(one) for one in commands]),
        ("qmp-shell", shells),
        ("HMP", [] if state.machine.daemon else _human(state, key)),
        ("qemu-img", _image(node) if node is not None else []),
        ("virsh", [] if state.machine.daemon else virsh_look(state, key)),
        *((program, [line]) for program, line in lines),
    )
    return tuple(Asked(tool, "\n".join(lines)) for tool, lines in told if lines)


def _known(state: State, one: Command) -> bool:
    return state.machine.commands is None or one.name in state.machine.commands


def _commands(state: State, key: str) -> Iterable[Command]:
    if not key:
        return command("query-status"), command("query-block")
    if key in state.graph.nodes:
        # There is no question about one node; `flat` leaves out each node's backing chain, which is told by itself anyway.
        return (command("query-named-block-nodes", flat=True),)
    if state.device(key) is not None:
        return command("query-block"), command("query-blockstats")
    if state.job(key) is not None:
        return command("query-jobs"), command("query-block-jobs")
    return (command("query-block-exports"),) if any(export.id == key for export in state.exports) else ()


def _human(state: State, key: str) -> list[str]:
    """Lines for the monitor that speaks to people."""
    if not key:
        return ["info status", "info block"]
    if key in state.graph.nodes:
        return _node_line(key)
    if (device := state.device(key)) is not None:
        return [*_device_line(device), "info blockstats"]
    return ["info block-jobs"] if state.job(key) is not None else []


def _node_line(name: str) -> list[str]:
    return [f"info block -n -v {name}"] if _PLAIN.fullmatch(name) else []


def _device_line(device: Device) -> list[str]:
    """A disk is named by its `-drive`; where it has none, by the node that it is attached to."""
    if device.drive and _PLAIN.fullmatch(device.drive):
        return [f"info block -v {device.drive}"]
    return _node_line(device.root) if device.root else []


def _image(node: Node) -> list[str]:
    """What the image itself says; -U, as a running machine holds its lock."""
    if node.kind is not Kind.FORMAT or not node.file or not node.driver:
        return []
    if not node.file.startswith("/"):
        return []  # relative to QEMU's own folder, or not a file
    return [shlex.join(("qemu-img", "info", "-U", "-f", node.driver, "--backing-chain", node.file))]
