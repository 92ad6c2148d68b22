"""What a job does, in a few words: from where to where."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

from diskchain.model.job import Job
from diskchain.model.state import State

_LONGEST = 40


def plain(text: str, longest: int = _LONGEST) -> str:
    """Foreign text for one line: what cannot be printed becomes `·`, what is too long loses its middle."""
    line = "".join(letter if letter.isprintable() else "·" for letter in text)
    return line if len(line) <= longest else f"{line[: longest // 2]}…{line[-(longest // 2 - 1) :]}"


@dataclass(frozen=True, slots=True)
class JobTitle:
    """A job's type and what it works on.

    :ivar source: the disk or nodes that are read; `target`: the node or file that is written; empty where not known.
    :ivar main: the one name that stands for the job where space is short.
    """

    kind: str
    source: str = ""
    target: str = ""
    main: str = ""

    @property
    def long(self) -> str:
        """For a card: `mirror · vdb → copy.qcow2`."""
        ends = " → ".join(end for end in (self.source, self.target) if end)
        return f"{self.kind} · {ends}" if ends else self.kind

    @property
    def short(self) -> str:
        """For a legend: `mirror vdb`."""
        return f"{self.kind} {self.main}" if self.main else self.kind

    @property
    def named(self) -> str:
        """For a legend with two of the same kind on one disk: `mirror vdb → copy.qcow2`."""
        return f"{self.short} → {self.target}" if self.target else self.short

    @property
    def sentence(self) -> str:
        """For a list of what was: `stream data-mid into data-top`."""
        word = "to" if self.kind == "backup" else "into"
        return (
            f"{self.kind} {self.source} {word} {self.target}"
            if self.source and self.target
            else self.long.replace(" · ", " ")
        )


def job_title(job: Job, state: State) -> JobTitle:
    """Say what a job does. Nodes that the state does not know are called by their names, an unknown job by its id."""
    if not job.nodes:
        return by_id(plain(job.type), job.id)
    roles: dict[str, list[str]] = {}
    for role, name in job.nodes:
        roles.setdefault(role, []).append(name)
    main = next(iter(roles.get("source", roles.get("active node", roles.get("main node", [])))), "")
    between = roles.get("intermediate node", [])
    target = next(iter(roles.get("target", roles.get("base", []))), "")
    disk = _disk(main, state)
    kind = plain(job.type)
    if job.type == "commit":
        tops = [*roles.get("source", []), *between]
        return JobTitle(kind, _several(tops, "overlays", state) or disk, _called(target, state), disk)
    if job.type == "stream":
        # Where the whole chain is pulled, its base is among them, which is no overlay.
        return JobTitle(kind, _several(between, "images", state), _called(main, state), disk)
    if target or disk:
        return JobTitle(kind, disk, _file(target, state), disk)
    return by_id(kind, job.id)


def by_id(kind: str, job: str) -> JobTitle:
    """The title of a job of which nothing is known but its type and its id."""
    return JobTitle(kind, plain(job), "", plain(job))


def _disk(name: str, state: State) -> str:
    """The guest device that the chain of this node belongs to, else the node below any filters."""
    below = state.graph.through(name) or name
    for device in state.devices:
        top = state.active_of(device)
        if top is not None and below in state.graph.chain(top):
            return plain(device.name)
    return _called(below, state)


def _several(names: list[str], what: str, state: State) -> str:
    """Nodes of one chain, the top one first; more than two are counted, as `what`."""
    if len(names) > 2:
        return f"{len(names)} {what}"
    ordered = sorted(names, key=lambda name: -len(state.graph.chain(name)))
    return " and ".join(_called(name, state) for name in ordered)


def _called(name: str, state: State) -> str:
    return plain(state.naming.of(name))


def _file(name: str, state: State) -> str:
    """The base name of a node's file, where it has one; `nbd://host` for the other side of a network."""
    node = state.graph.nodes.get(name)
    if node is None or not node.file:
        return plain(name)
    if "://" in node.file:
        return plain(node.file.split("?", maxsplit=1)[0])
    return plain(PurePath(node.file).name or name)
