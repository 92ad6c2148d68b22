"""One more disk for a test machine, as each kind of device."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.tools import MIB, fill, make_image

DEVICES = {
    "virtio-blk without an id": "virtio-blk-pci,drive=top",
    "virtio-blk in a thread of its own": "virtio-blk-pci,drive=top,id=disk,iothread=io0",
    "scsi-hd": "scsi-hd,drive=top,id=disk,bus=scsi.0",
    "scsi-hd without an id": "scsi-hd,drive=top,bus=scsi.0",
    "ide-hd": "ide-hd,drive=top,id=disk,bus=ide.0",
    "nvme": "nvme,drive=top,id=disk,serial=x",
    "usb-storage": "usb-storage,drive=top,id=disk,bus=usb.0",
}
"""How each kind of disk is said to QEMU; its image is the node `top`."""


def disk_words(folder: Path, device: str) -> tuple[str, ...]:
    """Words for QEMU: one more disk, `bottom <- top`, as this device."""
    make_image(folder / "bottom", "qcow2", MIB)
    fill(folder / "bottom", "qcow2", 5, 0, MIB)
    make_image(folder / "top", "qcow2", 0, str(folder / "bottom"), "qcow2")
    fill(folder / "top", "qcow2", 6, 0, 65536)
    nodes = [
        {"driver": "qcow2", "node-name": name, "read-only": name == "bottom", "backing": below}
        | {"file": {"driver": "file", "filename": str(folder / name)}}
        for name, below in (("bottom", None), ("top", "bottom"))
    ]
    buses = ("-device", "virtio-scsi-pci,id=scsi", "-device", "qemu-xhci,id=usb", "-object", "iothread,id=io0")
    return (*buses, *(word for node in nodes for word in ("-blockdev", json.dumps(node))), "-device", device)
