"""`diskchain found`: the QEMU machines of this computer."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict

from diskchain.cli import console
from diskchain.cli.ending import Exit
from diskchain.model.titles import plain
from diskchain.monitors.found import Found, scan

_LONGEST = 120


def run(options: Namespace) -> Exit:
    """List them; none is no failure."""
    machines = scan()
    if options.json:
        console.result_json({"machines": [asdict(machine) for machine in machines]})
    elif machines:
        console.result("\n".join(lines(machines)))
    else:
        console.say(
            "No QEMU with a QMP monitor was found on this computer. Start one with -qmp unix:PATH,server=on,wait=off; "
            "monitors of other users are not seen."
        )
    return Exit.DONE


def lines(machines: tuple[Found, ...]) -> list[str]:
    """One line a monitor: the target to give to the other commands, the guest, and who has it."""
    shown = [(_target(machine.target), plain(machine.title), _state(machine)) for machine in machines]
    first, second = (max(len(row[column]) for row in shown) for column in (0, 1))
    return [f"{target:{first}}  {title:{second}}  {state}".rstrip() for target, title, state in shown]


def _target(target: str) -> str:
    """A target that can be pasted, or is at least harmless to look at."""
    return plain(target, _LONGEST)


def _state(machine: Found) -> str:
    parts = [f"pid {machine.pid}"]
    if machine.managed:
        parts.append(f"managed by {machine.managed}")
    if machine.taken:
        parts.append("taken: another client is connected")
    return ", ".join(parts)
