"""How the options of operations are asked for: their labels, choices and hints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Option:
    """How one field is asked for. `choices`: value -> words. `hint`: shown in the empty field."""

    label: str
    choices: Mapping[str, str] | None = None
    hint: str = ""


OPTIONS: Mapping[str, Option] = {
    "file": Option("File", hint="its path"),
    "target": Option("New file, or NBD URI", hint="beside the disk's image"),
    "target_node": Option("Or an open node", hint="its name"),
    "sync": Option(
        "What is copied", {"full": "all of the disk", "top": "the active image only", "none": "only new writes"}
    ),
    "backup.target": Option("New file, or NBD URI; of several disks their folder", hint="beside the disk's image"),
    "backup.sync": Option(
        "What is copied",
        {
            "full": "all of the disk",
            "top": "the active image only",
            "incremental": "what the bitmap marks, which then counts anew",
            "bitmap": "what the bitmap marks, which goes on counting",
            "none": "only what is overwritten, until I stop it",
        },
    ),
    "backup.bitmap": Option("Bitmap", hint="none"),
    "parent": Option("Continues", hint="the newest backup there"),
    "compress": Option("Compress it"),
    "format": Option("Format", {"qcow2": "qcow2", "raw": "raw"}),
    "copy_mode": Option(
        "The guest's writes", {"background": "go ahead of the copy", "write-blocking": "wait for the copy"}
    ),
    "mirror.finish": Option(
        "When ready", {"ask": "ask me", "pivot": "switch over by itself", "copy": "keep the copy by itself"}
    ),
    "finish": Option("When ready", {"ask": "ask me", "pivot": "switch over by itself"}),
    "restart": Option("Let a guest that ran start again"),
    "keep": Option("Keep the branch that is left"),
    "speed": Option("Speed limit", hint="none; for example 50M"),
    "close": Option("Close the nodes that leave the chain"),
    "label": Option("Part of the names", hint="a time stamp"),
    "dir": Option("Folder", hint="beside each image"),
    "export.label": Option("Name", hint="the node's"),
    "listen": Option("Where it listens", hint="private; PATH, HOST:PORT"),
    "tls": Option("TLS credentials", hint="none; or their id in QEMU"),
    "writable": Option("Clients may write to it"),
    "export.bitmap": Option("Bitmap to read", hint="none"),
    "create.size": Option("Size", hint="for example 20G"),
    "backing": Option("Backed by", hint="nothing; or a path"),
    "backing_format": Option("Format of that", hint="as it is"),
    "attach.format": Option("Format", hint="as the file begins"),
    "attach.node": Option("Node-name", hint="after the file"),
    "read_only": Option("Read-only"),
    "model": Option("In the guest", {"": "not at all", "virtio-blk": "a virtio-blk disk", "scsi": "a SCSI disk"}),
    "resize.size": Option("New size", hint="for example 20G"),
    "shrink": Option("Cut off what lies beyond"),
    "force": Option("Cut off clients that use it now"),
    "bitmap": Option("Name of the bitmap"),
    "persistent": Option("Keep it in the image, so that it outlives QEMU"),
    "granularity": Option("One bit stands for", hint="QEMU's choice; for example 64k"),
}
"""Fields that are options, `operation.field` where one operation asks otherwise; other fields say what it is about."""
