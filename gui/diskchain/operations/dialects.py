"""Commands and plans in the words of the tools that people have: QMP's JSON, and qmp-shell.

qmp-shell also takes dotted keys, but reads them wrong: after `file.driver=file` all later keys of the line land in `file`
(`QMPShell._cli_expr` in qemu.qmp 0.0.6 does not go back up). So objects and lists are written as JSON without spaces.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from typing import Literal, cast

from diskchain.operations.local import Local
from diskchain.operations.preview import Preview, walk
from diskchain.operations.steps import Fit, Free, Gone, Guest, Make, Send, Wait
from diskchain.qapi.command import Command

Dialect = Literal["qmp-shell", "QMP"]

_WORD = re.compile(r"""(?:[^\s"']|"(?:\\.|[^"])*"|'(?:\\.|[^'])*')+""")
"""How qmp-shell cuts a line into words (`QMPShell._build_cmd` in qemu.qmp 0.0.6). Quotes stay part of the word."""


def qmp_json(command: Command) -> str:
    """The line as it goes over the wire."""
    return str(command)


def script(preview: Preview, dialect: Dialect) -> str:
    """A whole plan, one command a line in the order of sending; lines that begin with `#` say when to go on.

    Where there is a choice, the expected branch is taken. What qmp-shell has no words for is given as QMP behind a `#`.
    """
    lines: list[str] = []
    for step in walk(preview.draft.steps):
        if isinstance(step, Wait):
            lines.append(f"# wait until job {step.job} is {step.until}")
        elif isinstance(step, Free):
            lines += [f"# go on only while no other program has a lock on {path!r}" for path in step.written]
            lines += [f"# go on only while {path!r} is still the file that QEMU has open" for path in step.held]
        elif isinstance(step, Gone):
            lines.append(f"# go on once the guest has let go of {step.device} (DEVICE_DELETED)")
        elif isinstance(step, Fit):
            lines.append(f"# go on only if {step.node} has {step.size} bytes")
        elif isinstance(step, Guest):
            still = step.must == "still"
            lines.append(
                f"# {'go on only while query-status says that the guest does not run' if still else 'wait for RESET'}"
            )
        elif isinstance(step, Local):
            lines.append(f"# on this computer: {step.act}")
        elif isinstance(step, Make):
            made = shlex.join(("qemu-img", *step.words)) if step.words else f"set -C; : > {shlex.quote(step.path)}"
            lines.append(f"# in a shell: {made}")
        else:
            lines += _sent(step, dialect)
    return "\n".join(lines)


def _sent(step: Send, dialect: Dialect) -> list[str]:
    remark = ["# must be refused: shows that no such file exists yet"] if step.probe else []
    said = qmp_json(step.command) if dialect == "QMP" else qmp_shell(step.command)
    if said is None:
        return [*remark, "# qmp-shell has no words for this one, as QMP:", f"# {qmp_json(step.command)}"]
    return [*remark, said]


def qmp_shell(command: Command) -> str | None:
    """The line or lines to type at qmp-shell's prompt; None where it has no words for it (a path with a space, say)."""
    if command.name == "transaction":
        return _transaction(command)
    words = _arguments(command.arguments)
    return None if words is None else " ".join([command.name, *words])


def _transaction(command: Command) -> str | None:
    """qmp-shell's own form for transactions, one action a line."""
    if set(command.arguments) != {"actions"}:
        return None
    lines = ["transaction("]
    for action in cast("list[Mapping[str, object]]", command.arguments["actions"]):
        words = _arguments(cast("Mapping[str, object]", action["data"]))
        if words is None:
            return None
        lines.append(" ".join([str(action["type"]), *words]))
    return "\n".join([*lines, ")"])


def _arguments(arguments: Mapping[str, object]) -> list[str] | None:
    words = [_argument(key, value) for key, value in arguments.items()]
    return None if None in words else [word for word in words if word is not None]


def _argument(key: str, value: object) -> str | None:
    """`key=value`, if qmp-shell reads the very same value from it."""
    if isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, str):
        text = value
    else:
        text = json.dumps(value, separators=(",", ":"))
    word = f"{key}={text}"
    whole = _WORD.findall(word) == [word] and "." not in key
    return word if whole and _read(text) == value else None


def _read(text: str) -> object:
    """The value that qmp-shell takes from a text; None for texts that it may take as something else than it seems."""
    try:
        return int(text)
    except ValueError:
        pass
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    if text.startswith(("{", "[")):
        try:
            return cast("object", json.loads(text))
        except ValueError:
            return None  # it would be tried as Python next
    return text
