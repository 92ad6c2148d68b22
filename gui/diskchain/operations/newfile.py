"""New image files: what speaks against one, the probe that shows that nothing has its name yet, and the steps that make it.

A new file never replaces an old one. QEMU overwrites silently, so it is asked first by a read-only open, and where its files
are seen from here the name is taken by an exclusive create of our own.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Set
from dataclasses import dataclass

from diskchain.model.state import State
from diskchain.operations.chains import path_of, unique
from diskchain.operations.operation import Objection
from diskchain.operations.steps import Make, Send, Step, Wait
from diskchain.operations.surroundings import Surroundings
from diskchain.qapi.command import Command, command

_LONGEST_FILE_NAME = 255
"""Bytes in one path component (`NAME_MAX` of Linux file systems)."""


@dataclass(frozen=True, slots=True)
class NewFile:
    """An image that is to be made.

    :ivar path: absolute. `format`: QEMU's name of its format. `size`: virtual size in bytes.
    :ivar header: what its header shall name as its backing file, `header_format` in which format; empty: nothing.
    """

    path: str
    format: str
    size: int
    header: str = ""
    header_format: str = ""


def file_wrong(path: str, what: str, say: str, surroundings: Surroundings) -> Iterator[Objection]:
    """Why no file can be made by this name.

    :param what: what it is, for the sentences ("vda's new file"). `say`: how another name is said (`file.vda=PATH`).
    """
    folder, name = posixpath.split(path)
    if not sayable(path):
        yield Objection(f"The name of {what} cannot be said to QEMU: it is no UTF-8, or holds a NUL.")
        return
    seen = surroundings.folders.get(folder)
    if not posixpath.isabs(path):
        yield Objection(f"Where {what} would lie is not known from here: say {say}.")
    elif folder.split("/")[1:2] == ["dev"] and folder.split("/")[2:3] != ["shm"]:
        # The probe opens regular files only, so QEMU's refusal would not show that no such device exists.
        yield Objection(f"{path} lies among the devices: a new file is not made there.")
    elif not name:
        yield Objection(f"{path} names a folder, not a file: say {say}.")
    elif len(name.encode()) > _LONGEST_FILE_NAME:
        yield Objection(f"The name of the file is too long: {path[:80]}...")
    elif seen is not None and name in seen.entries:
        yield Objection(f"{path} exists already; a new file never replaces an old one.")
    elif seen is None and surroundings.here and surroundings.stamp:
        yield Objection(f"The folder {folder} does not exist or cannot be read, so {path} cannot be made.")


def free_path(folder: str, label: str, ending: str, surroundings: Surroundings, used: Set[str] = frozenset()) -> str:
    """The path of a new file that nobody has, as far as the folder can be seen.

    :param label: the name that is wanted, cleaned here. `ending`: `.qcow2`. `used`: names without ending that are given already.
    """
    seen = surroundings.folders[folder].entries if folder in surroundings.folders else frozenset()
    there = {name.removesuffix(ending) for name in seen}
    return posixpath.join(folder, unique(re.sub(r"[^A-Za-z0-9._-]", "-", label), there, used) + ending)


def files_in_use(state: State, surroundings: Surroundings) -> frozenset[str]:
    """The files that this machine has open, by the names that QEMU tells."""
    paths = (path_of(node, surroundings.cwd) for node in state.graph.nodes.values())
    return frozenset(path for path in paths if path)


def sayable(path: str) -> bool:
    """Whether a file name can go over QMP, whose strings are UTF-8 without NUL."""
    try:
        return b"\0" not in path.encode()
    except UnicodeEncodeError:
        return False


def probe(path: str, node: str) -> Send:
    """A read-only open that QEMU must refuse: if it succeeds, the file exists, and nothing goes on."""
    options: dict[str, object] = {
        "driver": "file",
        "node-name": node,
        "filename": path,
        "read-only": True,
        "force-share": True,
    }
    return Send(Command("blockdev-add", options), undo=(command("blockdev-del", node_name=node),), probe=True)


def image_steps(new: NewFile, tag: str, owner: tuple[int, int] | None) -> Iterator[Step]:
    """The steps that make an image: by `qemu-img` where we can make files for QEMU, else by QEMU itself.

    :param tag: a node-name, and the beginning of job ids, that nobody has. `owner`: as in `Surroundings`.
    """
    if owner is not None:
        yield Make(new.path, owner, new.format, new.header, new.header_format, new.size)
        return
    whole = new.format == "raw"
    options: dict[str, object] = {"driver": "file", "filename": new.path, "size": new.size if whole else 0}
    yield from _create(f"{tag}-file", options, (new.path,))
    if whole:
        return
    close = command("blockdev-del", node_name=tag)
    yield Send(command("blockdev-add", driver="file", node_name=tag, filename=new.path), undo=(close,))
    image: dict[str, object] = {"driver": new.format, "file": tag, "size": new.size}
    if new.header:
        image |= {"backing-file": new.header, "backing-fmt": new.header_format}
    yield from _create(f"{tag}-image", image, ())
    yield Send(close)


def _create(job: str, options: dict[str, object], makes: tuple[str, ...]) -> Iterator[Step]:
    """`blockdev-create` is a job that always waits to be dismissed; its failure is told in `query-jobs` only."""
    yield Send(command("blockdev-create", job_id=job, options=options), makes=makes)
    yield Wait(job, "concluded", (command("job-cancel", id=job),))
    yield Send(command("job-dismiss", id=job))


def opening_of(new: NewFile, node: str, direct: bool, below: str | None) -> Command:
    """What opens a new image as the target of a job.

    :param direct: past the host's cache.
    :param below: the node of what its header names; None: that is not opened, as the job writes whole clusters.
    """
    file: dict[str, object] = {"driver": "file", "filename": new.path}
    options: dict[str, object] = {"driver": new.format, "node-name": node, "file": file}
    options["discard"] = "unmap"  # zeroes take no room then
    if new.header:
        options["backing"] = below
    if direct:
        options["cache"] = {"direct": True}
    return Command("blockdev-add", options)
