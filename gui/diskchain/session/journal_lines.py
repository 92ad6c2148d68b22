"""What a line of the journal says, as values; and what names a process or a file for good."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from diskchain.model.ledger import LedgerEntry
from diskchain.model.root import Export
from diskchain.monitors.process import read_process
from diskchain.monitors.redact import redacted_command
from diskchain.operations.cutoff import CutOff
from diskchain.qapi.command import Command


def line_of(plan: CutOff, qemu: tuple[int, int]) -> dict[str, object]:
    """The line of a plan under way. A command that tells a secret is left out."""
    told = [command.as_json() for command in plan.back]
    return {
        "plan": plan.plan,
        "qemu": list(qemu),
        "by": ourselves(),
        "title": plan.title,
        "back": [each for each in told if redacted_command(each) == each],
        "made": list(plan.made),
        "scratch": [list(each) for each in plan.scratch],
        "forward": plan.forward,
    }


def cut_off_of(line: Mapping[str, object]) -> CutOff:
    """A plan that was cut off, from its line; what a stranger wrote is passed over."""
    back, made = line.get("back"), line.get("made")
    commands = [
        Command(str(told.get("execute")), arguments if isinstance(arguments := told.get("arguments"), dict) else {})
        for told in (back if isinstance(back, list) else [])
        if isinstance(told, dict)
    ]
    files = [path for path in (made if isinstance(made, list) else []) if isinstance(path, str)]
    return CutOff(
        str(line.get("plan")),
        str(line.get("title") or ""),
        tuple(commands),
        tuple(files),
        tuple(_scratch(line)),
        line.get("forward") is True,
    )


def _scratch(line: Mapping[str, object]) -> Iterator[tuple[str, int, int]]:
    told = line.get("scratch")
    for each in told if isinstance(told, list) else []:
        match each:
            case [str(path), int(device), int(inode)]:
                yield path, device, inode


def entry_of(told: Mapping[str, object]) -> LedgerEntry:
    """A marked image, from its line."""
    words = {key: str(told.get(key) or "") for key in ("path", "node", "word", "why", "disk", "machine")}
    backing, sources = told.get("backing"), told.get("sources")
    listed = sources if isinstance(sources, list) else []
    return LedgerEntry(
        **words,
        backing=backing if isinstance(backing, str) else None,
        sources=tuple(str(path) for path in listed),
        qemu=_qemu(told.get("qemu")),
    )


def _qemu(told: object) -> tuple[int, int] | None:
    match told:
        case [int(pid), int(start)]:
            return pid, start
    return None


def _began(pid: int) -> int:
    """When a process began, in clock ticks since boot; 0 where there is none that is to be seen."""
    process = read_process(pid)
    return process.start_time if process else 0


def ourselves() -> list[int]:
    """What names this process for good."""
    return [os.getpid(), _began(os.getpid())]


def lives(by: object) -> bool:
    """Whether the process with this id and start time is still there."""
    return isinstance(by, list) and len(by) == 2 and isinstance(by[0], int) and 0 != by[1] == _began(by[0])


def export_of(told: Mapping[str, object]) -> Export:
    """An export of ours, from its line."""
    name, kind, node, label, uri, listen = (
        str(told.get(key) or "") for key in ("id", "type", "node", "name", "uri", "listen")
    )
    return Export(name, kind, node, label, uri, told.get("writable") is True, listen=listen)


def identity(path: str) -> tuple[list[int] | None, int | None]:
    """What a file is known by (device and inode), and when it was written last (nanoseconds); None where it is not seen."""
    try:
        found = Path(path).stat()
    except (OSError, ValueError):
        return None, None
    return [found.st_dev, found.st_ino], found.st_mtime_ns
