"""One table, several truths: what is there before, what is done, what is there after.

Chains in QEMU's arrow notation, base first. Rows name images; a live test finds the nodes that hold them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.support.chains import Style

EVERYWHERE = frozenset(Style)
WITH_A_GUEST = frozenset({Style.BLOCKDEV, Style.DRIVE})


@dataclass(frozen=True)
class Row:
    """One thing that users do.

    :ivar before, after: disk -> chain. `NEW` in `after` stands for an overlay whose name the application chose.
    :ivar keys: values that are image names are listed in `images`; `FOLDER` stands for the images' folder.
    :ivar stays: images that leave the chain and stay open, where whoever started the machine opened them by name.
    :ivar drag: (dragged, dropped on) that offers this operation first, where a drag does.
    :ivar reads: the image whose bytes the guest reads afterwards, where these are not the ones that it read before.
    :ivar writer: False where the writer must rest: qemu-io's synchronous writes over HMP in the moment of a pivot onto a raw
        image end QEMU 7.2.22 by an assertion (9 of 40 runs by QMP alone); a guest's own writes did not in 25 runs.
    :ivar styles: machines it is run on: a daemon's disk that is written to is exported, so its top must not be concerned there.
    """

    name: str
    operation: str
    before: Mapping[str, str]
    after: Mapping[str, str]
    keys: Mapping[str, str] = field(default_factory=dict)
    images: frozenset[str] = frozenset({"top", "base", "node", "to"})
    stays: frozenset[str] = frozenset()
    drag: tuple[str, str] | None = None
    styles: frozenset[Style] = WITH_A_GUEST
    reads: str = ""
    relative: bool = False
    writer: bool = True

    def said(self, folder: str) -> dict[str, str]:
        """The keys with the images' folder in its place."""
        return {key: value.replace("FOLDER", folder) for key, value in self.keys.items()}


FOUR = {"vda": "base <- one <- two <- three"}

TABLE = (
    Row(
        "commit in the middle",
        "commit",
        FOUR,
        {"vda": "base <- three"},
        {"top": "two", "base": "base"},
        drag=("two", "base"),
    ),
    Row(
        "commit of one in the middle",
        "commit",
        FOUR,
        {"vda": "base <- two <- three"},
        {"top": "one", "base": "base"},
        drag=("one", "base"),
        styles=EVERYWHERE,
    ),
    Row(
        "commit of the active layer",
        "commit",
        FOUR,
        {"vda": "base <- one"},
        {"top": "three", "base": "one", "finish": "pivot"},
    ),
    Row("commit of everything", "commit", FOUR, {"vda": "base"}, {"top": "three", "base": "base", "finish": "pivot"}),
    Row(
        "commit into a raw base",
        "commit",
        {"vda": "base:raw <- top"},
        {"vda": "base"},
        {"top": "top", "base": "base", "finish": "pivot"},
        writer=False,
    ),
    Row(
        "commit with relative names",
        "commit",
        FOUR,
        {"vda": "base <- three"},
        {"top": "two", "base": "base"},
        relative=True,
    ),
    Row("stream of the whole chain", "stream", FOUR, {"vda": "three"}, {"node": "three"}, drag=("base", "three")),
    Row("stream down to a base", "stream", FOUR, {"vda": "base <- three"}, {"node": "three", "base": "base"}),
    Row(
        "stream in the middle",
        "stream",
        FOUR,
        {"vda": "base <- two <- three"},
        {"node": "two", "base": "base"},
        drag=("one", "two"),
        styles=EVERYWHERE,
    ),
    Row(
        "stream in the middle without a base",
        "stream",
        FOUR,
        {"vda": "one <- two <- three"},
        {"node": "one"},
        drag=("base", "one"),
        styles=EVERYWHERE,
    ),
    Row(
        "stream with relative names",
        "stream",
        FOUR,
        {"vda": "base <- three"},
        {"node": "three", "base": "base"},
        relative=True,
    ),
    Row("stream of a raw base", "stream", {"vda": "base:raw <- top"}, {"vda": "top"}, {"node": "top"}),
    Row("snapshot", "snapshot", FOUR, {"vda": "base <- one <- two <- three <- NEW"}),
    Row("snapshot with relative names", "snapshot", FOUR, {"vda": "base <- one <- two <- three <- NEW"}, relative=True),
    Row(
        "snapshot of two disks",
        "snapshot",
        {"vda": "base <- top", "vdb": "data:raw"},
        {"vda": "base <- top <- NEW", "vdb": "data <- NEW"},
    ),
    Row(
        "snapshot of one disk of two",
        "snapshot",
        {"vda": "base <- top", "vdb": "data:raw"},
        {"vda": "base <- top", "vdb": "data <- NEW"},
        {"disks": "vdb"},
    ),
    Row(
        "mirror of all, switched over",
        "mirror",
        FOUR,
        {"vda": "NEW"},
        {"disk": "vda", "target": "FOLDER/copy.qcow2", "finish": "pivot"},
        stays=frozenset({"base", "one", "two", "three"}),
    ),
    Row(
        "mirror of all to raw, switched over",
        "mirror",
        {"vda": "base:raw <- top"},
        {"vda": "NEW"},
        {"disk": "vda", "target": "FOLDER/copy.raw", "format": "raw", "finish": "pivot"},
        stays=frozenset({"base", "top"}),
        writer=False,
    ),
    Row(
        "mirror of the top, switched over",
        "mirror",
        FOUR,
        {"vda": "base <- one <- two <- NEW"},
        {"disk": "vda", "target": "FOLDER/copy.qcow2", "sync": "top", "finish": "pivot"},
        stays=frozenset({"three"}),
    ),
    Row(
        "mirror of the top with relative names",
        "mirror",
        FOUR,
        {"vda": "base <- one <- two <- NEW"},
        {"disk": "vda", "target": "FOLDER/copy.qcow2", "sync": "top", "finish": "pivot"},
        stays=frozenset({"three"}),
        relative=True,
    ),
    Row(
        "mirror whose writes wait for the copy",
        "mirror",
        {"vda": "base <- top"},
        {"vda": "NEW"},
        {"disk": "vda", "target": "FOLDER/copy.qcow2", "copy-mode": "write-blocking", "finish": "pivot"},
        stays=frozenset({"base", "top"}),
    ),
    Row(
        "revert to an image below",
        "revert",
        FOUR,
        {"vda": "base <- one <- NEW"},
        {"to": "one"},
        stays=frozenset({"two", "three"}),
        reads="one",
        writer=False,
    ),
    Row(
        "revert with relative names",
        "revert",
        FOUR,
        {"vda": "base <- one <- NEW"},
        {"to": "one"},
        stays=frozenset({"two", "three"}),
        reads="one",
        relative=True,
        writer=False,
    ),
    Row(
        "revert to a raw base, the branch closed",
        "revert",
        {"vda": "base:raw <- one <- two"},
        {"vda": "base <- NEW"},
        {"to": "base", "keep": "no"},
        reads="base",
        writer=False,
    ),
)
