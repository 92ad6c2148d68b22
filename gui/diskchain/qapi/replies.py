"""The replies that one state is read from, and small helpers to take decoded JSON apart without trusting it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from diskchain.model.root import Device, Export

Json = Mapping[str, object]


def mappings(value: object) -> Iterator[Json]:
    """The objects in a list; anything else is passed over."""
    if isinstance(value, list):
        for item in value:
            if isinstance(item, dict):
                yield item


def mapping(value: object) -> Json:
    """The object, or an empty one where it is something else."""
    return value if isinstance(value, dict) else {}


def text(value: object) -> str:
    """The string, or an empty one where it is something else."""
    return value if isinstance(value, str) else ""


def maybe_text(value: object) -> str | None:
    """The string, or None where it is something else."""
    return value if isinstance(value, str) else None


def number(value: object) -> int:
    """The whole number, or 0 where it is something else."""
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def maybe_number(value: object) -> int | None:
    """The whole number, or None where it is something else."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def words(value: object) -> tuple[str, ...]:
    """The strings in a list; anything else is passed over."""
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


@dataclass(slots=True)
class DebugGraph:
    """`x-debug-query-block-graph` taken apart.

    :ivar blocks: node-names by number, which is valid in this reply only. `edges`: between block nodes, as told.
    :ivar roots: name of a block backend -> the node its `root` edge leads to, what the backend may do to it, and what others may.
    :ivar held: job id -> (role, node-name) of what it holds.
    """

    blocks: dict[int, str] = field(default_factory=dict)
    edges: list[Json] = field(default_factory=list)
    roots: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = field(default_factory=dict)
    held: dict[str, list[tuple[str, str]]] = field(default_factory=dict)


@dataclass(slots=True)
class Replies:
    """What QEMU last said to each query, decoded; None = not asked, or refused.

    :ivar named: `query-named-block-nodes` (flat). `graph`: `x-debug-query-block-graph`. `block`: `query-block`.
    :ivar block_jobs: `query-block-jobs`. `jobs`: `query-jobs`. `exports`: `query-block-exports`. `status`: `query-status`.
    :ivar name: `query-name`. `peripherals`: `qom-list /machine/peripheral`. `commands`: `query-commands`.
    :ivar greeting: the server's greeting. `reduced`: why `named` was not asked.
    :ivar cwd: the server's working folder, which relative file names are relative to; empty: not known.
    :ivar parts: what was read out of `graph` (the same object), so that a reply that did not change is not read again.
    :ivar guests: what the devices were read from, and the devices.
    :ivar offered: id -> an export that we made, with what QEMU does not tell of it.
    """

    named: object = None
    graph: object = None
    block: object = None
    block_jobs: object = None
    jobs: object = None
    exports: object = None
    status: object = None
    name: object = None
    peripherals: object = None
    commands: object = None
    greeting: Json = field(default_factory=dict)
    reduced: str = ""
    cwd: str = ""
    parts: tuple[object, object, DebugGraph] | None = None
    guests: tuple[tuple[object, object, DebugGraph], tuple[Device, ...]] | None = None
    offered: Mapping[str, Export] = field(default_factory=dict)
