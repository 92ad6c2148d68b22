"""A QMP command as a value."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_LOOKS = re.compile(r"query-.*|x-debug-query-.*|qom-(get|list)(-.*)?|device-list-properties|qmp_capabilities")


@dataclass(frozen=True)
class Command:
    """One command with its arguments, as it goes over the line but for the `id`.

    :ivar name: QMP's name, `block-commit`. `arguments`: decoded JSON; not to be changed.
    """

    name: str
    arguments: Mapping[str, object] = field(default_factory=dict)

    @property
    def looks(self) -> bool:
        """Whether it only asks and changes nothing."""
        return _LOOKS.fullmatch(self.name) is not None

    @property
    def parts(self) -> tuple[Command, ...]:
        """The actions of a transaction, as commands; of any other command itself."""
        actions = self.arguments.get("actions")
        if self.name != "transaction" or not isinstance(actions, list):
            return (self,)
        return tuple(Command(str(action["type"]), action["data"]) for action in actions)

    def as_json(self) -> dict[str, object]:
        """The object that goes over the line; `arguments` only where there are any."""
        return {"execute": self.name, **({"arguments": dict(self.arguments)} if self.arguments else {})}

    def __str__(self) -> str:
        return json.dumps(self.as_json(), ensure_ascii=False)


def command(name: str, /, **arguments: object) -> Command:
    """Build a command; underscores in argument names become dashes, arguments that are None are left out."""
    return Command(name, {key.replace("_", "-"): value for key, value in arguments.items() if value is not None})
