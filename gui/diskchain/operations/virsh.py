"""An operation as a line for virsh, where libvirt has a verb for it (libvirt's own man page; tried on 11.3)."""

from __future__ import annotations

import re
import shlex

from diskchain.model.root import Device
from diskchain.model.state import State
from diskchain.operations.commit import Commit
from diskchain.operations.job import SteerJob
from diskchain.operations.mirror import Mirror
from diskchain.operations.preview import Preview
from diskchain.operations.resize import Resize
from diskchain.operations.snapshot import Snapshot
from diskchain.operations.stream import Stream

_TARGET = re.compile(r"(vd|sd|hd|xvd)[a-z]+")
"""Names that libvirt gives to disks; any other disk is named by the file it writes to, which virsh takes as well."""


def virsh(preview: Preview) -> str | None:
    """What does the same on a machine that libvirt runs; None where libvirt has no verb for it."""
    operation, state = preview.operation, preview.before
    if isinstance(operation, Snapshot):
        return _snapshot(state, preview.after)
    if isinstance(operation, Commit):
        return _commit(operation, state)
    if isinstance(operation, Stream):
        return _stream(operation, state)
    if isinstance(operation, Mirror):
        return _mirror(operation, state, next(iter(preview.draft.created), operation.target))
    if isinstance(operation, Resize):
        disk = _disk(state, operation.node)
        return _line("blockresize", state.machine.name, disk, f"{operation.size}B") if disk else None
    return _job(operation, state) if isinstance(operation, SteerJob) else None


def virsh_look(state: State, key: str) -> list[str]:
    """What shows a node, device or job on a machine that libvirt runs. The empty key: the machine; no lines: nothing does."""
    name = state.machine.name
    if not key:
        return [_line("domstate", name), _line("domblklist", name, "--details")]
    if key in state.graph.nodes:
        # Only the chain as a whole is told, layer by layer.
        return [_line("domstats", "--block", "--backing", name)] if _disk(state, key) else []
    if (device := state.device(key)) is not None:
        disk = _name(state, device)
        return [_line(verb, name, disk) for verb in ("domblkinfo", "domblkstat")] if disk else []
    job = state.job(key)
    disk = next((found for node in job.node_names if (found := _disk(state, node))), "") if job is not None else ""
    return [_line("blockjob", name, disk, "--info")] if disk else []


def _line(*words: str) -> str:
    return " ".join(["virsh", *(shlex.quote(word) for word in words if word)])


def _path(state: State, node: str | None) -> str:
    """The file of a node; empty where it has none that virsh could name."""
    found = state.graph.nodes.get(node or "")
    return found.file or "" if found is not None else ""


def _disk(state: State, node: str) -> str:
    """How virsh names the disk whose chain this node is part of; empty: it belongs to none."""
    below = state.graph.through(node)
    for device in state.devices:
        top = state.active_of(device)
        if top is not None and below in state.graph.chain(top):
            return _name(state, device)
    return ""


def _name(state: State, device: Device) -> str:
    return device.name if _TARGET.fullmatch(device.name) else _path(state, state.active_of(device)) or device.name


def _snapshot(before: State, after: State) -> str | None:
    specs: list[str] = []
    for device in before.devices:
        old = before.active_of(device)
        new = next((after.active_of(each) for each in after.devices if each.name == device.name), None)
        file = _path(after, new) if new != old else ""
        what = "file=" + file.replace(",", ",,") if file else "snapshot=no"
        specs += ["--diskspec", f"{_name(before, device)},{what}"]
    if not any("file=" in spec for spec in specs):
        return None
    return _line("snapshot-create-as", before.machine.name, "--disk-only", "--atomic", "--no-metadata", *specs)


def _limit(speed: int) -> tuple[str, ...]:
    return ("--bytes", "--bandwidth", str(speed)) if speed else ()


def _commit(operation: Commit, state: State) -> str | None:
    disk, base, top = _disk(state, operation.top), _path(state, operation.base), _path(state, operation.top)
    if not disk or not base:
        return None
    words = ("blockcommit", state.machine.name, disk, "--base", base)
    if operation.top not in state.active:
        return _line(*words, "--top", top, *_limit(operation.speed), "--wait", "--verbose") if top else None
    ending = ("--pivot",) if operation.finish == "pivot" else ()
    line = _line(*words, "--active", *_limit(operation.speed), *ending, "--wait", "--verbose")
    return line if ending else f"{line}\n{_line('blockjob', state.machine.name, disk, '--pivot')}"


def _stream(operation: Stream, state: State) -> str | None:
    """Libvirt streams into the active layer only."""
    disk, base = _disk(state, operation.node), _path(state, operation.base)
    if operation.node not in state.active or not disk or (operation.base and not base):
        return None
    kept = ("--base", base) if base else ()
    return _line("blockpull", state.machine.name, disk, *kept, *_limit(operation.speed), "--wait", "--verbose")


def _mirror(operation: Mirror, state: State, made: str) -> str | None:
    """To a new file only: for an export, libvirt wants a piece of XML. A copy of the new writes alone it cannot make.

    A machine that outlives its shutdown in libvirt's books wants `--transient-job` (error 55 without it).
    """
    disk = _disk(state, state.active_of(device) or "") if (device := state.device(operation.disk)) is not None else ""
    if not disk or not made.startswith("/") or operation.sync == "none":
        return None
    words = ("blockcopy", state.machine.name, disk, made, "--format", operation.format, "--transient-job")
    shallow = ("--shallow",) if operation.sync == "top" else ()
    waits = ("--synchronous-writes",) if operation.copy_mode == "write-blocking" else ()
    ending = {"pivot": ("--pivot",), "copy": ("--finish",)}.get(operation.finish, ())
    return _line(*words, *shallow, *waits, *_limit(operation.speed), "--wait", "--verbose", *ending)


def _job(operation: SteerJob, state: State) -> str | None:
    job = state.job(operation.id)
    disk = next((found for name in job.node_names if (found := _disk(state, name))), "") if job is not None else ""
    verbs = {
        "cancel": ("--abort",),
        "complete": ("--pivot",),
        "speed": ("--bytes", "--bandwidth", str(operation.speed)),
    }
    if not disk or operation.do not in verbs:
        return None
    return _line("blockjob", state.machine.name, disk, *verbs[operation.do])
