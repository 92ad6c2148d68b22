"""The hand-written list of operations: which a gesture, a node or a job offers, and how the command line names them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping

from diskchain.model.nbd import is_nbd
from diskchain.model.node import Kind
from diskchain.model.state import State
from diskchain.operations.commit import Commit
from diskchain.operations.job import SteerJob
from diskchain.operations.mirror import Mirror
from diskchain.operations.operation import Drag, Offer, Operation
from diskchain.operations.snapshot import Snapshot
from diskchain.operations.stream import Stream


class UsageError(ValueError):
    """A key or value that makes no operation; one plain sentence."""


def offers_for_drag(state: State, drag: Drag) -> tuple[Offer, ...]:
    """What a drop would do, the likelier first; an offer with a reason cannot be had."""
    commit = Commit.offered(state, drag)
    return ((commit,) if commit else ()) + Stream.offered(state, drag)


def offers_for_node(state: State, name: str) -> tuple[Offer, ...]:
    """What can be done with a node: snapshot its disk, commit it down, pull images below into it."""
    graph = state.graph
    if name not in graph.nodes or graph.nodes[name].kind is Kind.FILTER or graph.is_leftover_child(name):
        return ()
    disks = [device.name for device in state.devices_on(name)[:1] if device.name]
    found = [offer for disk in disks for offer in (Snapshot(disks=(disk,)).offer(state), Mirror(disk).offer(state))]
    below = graph.chain(name)[1:]
    for base in below:
        offer = Commit.offered(state, Drag(name, base))
        if offer is not None:
            found.append(offer)
    if below:
        found.append(Stream(name).offer(state))
        found += [Stream(name, base).offer(state) for base in below[1:]]
    return tuple(found)


def offers_for_machine(state: State) -> tuple[Offer, ...]:
    """What can be done with the machine as a whole: a snapshot of all its disks."""
    return (Snapshot().offer(state),)


def offers_for_job(state: State, job: str) -> tuple[Offer, ...]:
    """What can be done with a job now; only what its status allows."""
    found = state.job(job)
    if found is None:
        return ()
    verbs = ("pause", "resume", "speed", "complete", "finalize", "cancel", "dismiss")
    return tuple(
        SteerJob(verb, job, speed=found.speed if verb == "speed" else None).offer(state)
        for verb in verbs
        if found.allows(verb)
    )


def size(told: str) -> int:
    """Bytes from `64M`: a whole number with k, M, G or T (binary), or none. :raises UsageError: otherwise."""
    match = re.fullmatch(r"(\d+)([kKMGT]?)(?:i?B)?", told.strip())
    if not match:
        raise UsageError(f"{told!r} is no size: say a number with k, M, G or T.")
    return int(match.group(1)) << {"": 0, "k": 10, "m": 20, "g": 30, "t": 40}[match.group(2).lower()]


def _yes(key: str, told: str) -> bool:
    if told not in ("yes", "no"):
        raise UsageError(f"{key}={told} is neither yes nor no.")
    return told == "yes"


def _words(told: str) -> tuple[str, ...]:
    return tuple(word for word in told.split(",") if word)


def _paths(told: str) -> list[str]:
    """Paths with commas between them; a comma in a path is doubled."""
    return [path.replace("\0", ",") for path in told.replace(",,", "\0").split(",")]


def _absolute(path: str, cwd: str) -> str:
    return posixpath.normpath(posixpath.join(cwd, path)) if path else path


def _need(keys: Mapping[str, str], *names: str) -> None:
    for name in names:
        if not keys.get(name):
            raise UsageError(f"{name}= is missing.")


def _snapshot(keys: Mapping[str, str], cwd: str) -> Snapshot:
    files = {key[5:]: _absolute(path, cwd) for key, path in keys.items() if key.startswith("file.")}
    nodes = {key[5:]: node for key, node in keys.items() if key.startswith("node.")}
    return Snapshot(
        _words(keys.get("disks", "")), _absolute(keys.get("dir", ""), cwd), keys.get("name", ""), files, nodes
    )


def _commit(keys: Mapping[str, str], cwd: str) -> Commit:
    _need(keys, "top", "base")
    finish = keys.get("finish", "ask")
    if finish not in ("ask", "pivot"):
        raise UsageError(f"finish={finish} is not known: say finish=pivot or finish=ask.")
    spoils = tuple(_absolute(path, cwd) for path in _paths(keys.get("spoils", "")) if path)
    close, speed = _yes("close", keys.get("close", "yes")), size(keys.get("speed", "0"))
    return Commit(keys["top"], keys["base"], finish, spoils, close, speed)


def _stream(keys: Mapping[str, str], cwd: str) -> Stream:
    _need(keys, "node")
    return Stream(
        keys["node"], keys.get("base", ""), _yes("close", keys.get("close", "yes")), size(keys.get("speed", "0"))
    )


def _mirror(keys: Mapping[str, str], cwd: str) -> Mirror:
    _need(keys, "disk")
    if not keys.get("target") and not keys.get("target-node"):
        raise UsageError("target= is missing: say the path of a new file, or an NBD URI.")
    target = keys.get("target", "")
    words = {word: keys[key] for key, word in _MIRROR_WORDS.items() if key in keys}
    return Mirror(
        keys["disk"], target if is_nbd(target) else _absolute(target, cwd), speed=size(keys.get("speed", "0")), **words
    )


_MIRROR_WORDS = {"target-node": "target_node", "sync": "sync", "format": "format", "finish": "finish"}
_MIRROR_WORDS["copy-mode"] = "copy_mode"


def _job(keys: Mapping[str, str], cwd: str) -> SteerJob:
    _need(keys, "do", "id")
    if keys["do"] not in ("pause", "resume", "cancel", "complete", "finalize", "dismiss", "speed"):
        raise UsageError(
            f"do={keys['do']} is not known: say pause, resume, cancel, complete, finalize, dismiss or speed."
        )
    speed = size(keys["speed"]) if "speed" in keys else None
    return SteerJob(keys["do"], keys["id"], speed, _yes("foreign", keys.get("foreign", "no")))


_Reader = Callable[[Mapping[str, str], str], Operation]

OPERATIONS: Mapping[str, tuple[_Reader, tuple[str, ...]]] = {
    "snapshot": (_snapshot, ("disks", "dir", "name", "file.DISK", "node.DISK")),
    "commit": (_commit, ("top", "base", "finish", "spoils", "close", "speed")),
    "stream": (_stream, ("node", "base", "close", "speed")),
    "mirror": (
        _mirror,
        ("disk", "target", "target-node", "sync", "format", "finish", "copy-mode", "speed"),
    ),
    "job": (_job, ("do", "id", "speed", "foreign")),
}
"""Name on the command line -> how its keys are read, and which there are."""


def parse(name: str, keys: Mapping[str, str], cwd: str) -> Operation:
    """An operation from the words of the command line.

    :param cwd: the user's working folder, which relative paths are relative to.
    :raises UsageError: an unknown operation, key or value.
    """
    if name not in OPERATIONS:
        raise UsageError(f"There is no operation {name}: say one of {', '.join(OPERATIONS)}.")
    reader, known = OPERATIONS[name]
    for key, value in keys.items():
        general = re.sub(r"^(file|node)\..+", r"\1.DISK", key)
        if general not in known:
            raise UsageError(f"{name} has no key {key}: it has {', '.join(known)}.")
        parts = {"disks": value.split(","), "spoils": _paths(value)}.get(key, [value])
        if not all(parts):
            more = " between its commas" if len(parts) > 1 else ""
            raise UsageError(f"{key}= is empty{more}: say what, or leave it out.")
    return reader(keys, cwd)
