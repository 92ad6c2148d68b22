"""Commands in the words of the tools that people have: QMP's JSON, and qmp-shell.

qmp-shell also takes dotted keys, but reads them wrong: after `file.driver=file` all later keys of the line land in `file`
(`QMPShell._cli_expr` in qemu.qmp 0.0.6 does not go back up). So objects and lists are written as JSON without spaces.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import cast

from diskchain.qapi.command import Command

_WORD = re.compile(r"""(?:[^\s"']|"(?:\\.|[^"])*"|'(?:\\.|[^'])*')+""")
"""How qmp-shell cuts a line into words (`QMPShell._build_cmd` in qemu.qmp 0.0.6). Quotes stay part of the word."""


def qmp_json(command: Command) -> str:
    """The line as it goes over the wire."""
    return str(command)


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
