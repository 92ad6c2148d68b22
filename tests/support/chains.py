"""The images a test machine starts with, and the words that start it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from tests.support.tools import DAEMON, KIB, QEMU, fill, make_image


class Style(StrEnum):
    """How the machine is started."""

    BLOCKDEV = "blockdev"  # every node named, as libvirt does
    DRIVE = "drive"  # only the top is named, as a path; nodes are called #block123
    DAEMON = "daemon"  # qemu-storage-daemon: no guest


@dataclass(frozen=True)
class Chains:
    """Images in a folder.

    Image n of a chain holds value n + 1 in the n-th of its equal slices.

    :ivar order: disk -> its image names, base first. `kinds`: image name -> format.
    :ivar size: virtual size of each disk in bytes. `relative`: headers name what is below without its folder.
    :ivar sizes: image name -> bytes, of images that are longer. A longer base also holds its value in all that it is longer by.
    :ivar apart: options with which the file of each image below another is opened, apart from it as `NAME-file`; None: inside it.
    """

    folder: Path
    order: Mapping[str, tuple[str, ...]]
    kinds: Mapping[str, str]
    size: int
    relative: bool = False
    sizes: Mapping[str, int] = field(default_factory=dict)
    apart: Mapping[str, object] | None = None

    @classmethod
    def read(
        cls,
        arrows: Mapping[str, str],
        folder: Path,
        size: int,
        relative: bool,
        sizes: Mapping[str, int],
        apart: Mapping[str, object] | None = None,
    ) -> Chains:
        """Read `{"vda": "base:raw <- mid <- top"}`; a name without a format is qcow2."""
        words = {disk: [word.strip().partition(":") for word in line.split("<-")] for disk, line in arrows.items()}
        kinds = {name: kind or "qcow2" for chain in words.values() for name, _, kind in chain}
        order = {disk: tuple(name for name, _, _ in chain) for disk, chain in words.items()}
        return cls(folder, order, kinds, size, relative, sizes, apart)

    def image(self, name: str) -> Path:
        """The file of an image."""
        return self.folder / f"{name}.{self.kinds[name]}"

    def make(self) -> None:
        """Make all images and what is in them."""
        for names in self.order.values():
            part = self.size // len(names) // (64 * KIB) * (64 * KIB)
            for layer, name in enumerate(names):
                path, kind, size = self.image(name), self.kinds[name], self.sizes.get(name, self.size)
                if layer:
                    below = self.image(names[layer - 1])
                    said = below.name if self.relative else str(below)
                    make_image(path, kind, size, said, self.kinds[names[layer - 1]])
                else:
                    make_image(path, kind, size)
                fill(path, kind, layer + 1, layer * part, part)
                if size > self.size and not layer:
                    fill(path, kind, layer + 1, self.size, size - self.size)

    def nodes(self) -> Iterator[str]:
        """The `-blockdev` objects of all chains, bases first; node-names are the images' names."""
        for names in self.order.values():
            for layer, name in enumerate(names):
                file: dict[str, object] = {"driver": "file", "filename": str(self.image(name))}
                below = layer < len(names) - 1
                if self.apart is not None:
                    yield json.dumps({"node-name": f"{name}-file", **file, **(self.apart if below else {})})
                yield json.dumps(
                    {
                        "driver": self.kinds[name],
                        "node-name": name,
                        "read-only": below,
                        "file": file if self.apart is None else f"{name}-file",
                    }
                    | ({} if self.kinds[name] == "raw" else {"backing": names[layer - 1] if layer else None})
                )

    def qemu(self, style: Style, monitors: tuple[Path, ...], log: Path) -> list[str]:
        """The words that start a QEMU without an operating system; each disk is a virtio-blk device with the disk's id."""
        words = [QEMU, "-nodefaults", "-display", "none", "-machine", "q35,accel=tcg", "-m", "32", "-name", "test"]
        words += ["-trace", "handle_qmp_command", "-D", str(log)]
        for path in monitors:
            words += ["-qmp", f"unix:{path},server=on,wait=off"]
        for port in range(4):
            words += ["-device", f"pcie-root-port,id=port{port},chassis={port + 1}"]
        if style is Style.BLOCKDEV:
            words += [word for node in self.nodes() for word in ("-blockdev", node)]
        for disk, names in self.order.items():
            drive = names[-1]
            if style is Style.DRIVE:
                drive = f"drive-{disk}"
                words += ["-drive", f"if=none,id={drive},format={self.kinds[names[-1]]},file={self.image(names[-1])}"]
            words += ["-device", f"virtio-blk-pci,drive={drive},id={disk}"]
        return words

    def daemon(self, monitors: tuple[Path, ...], log: Path) -> list[str]:
        """The words that start a storage daemon with all chains open."""
        words = [DAEMON, "--trace", f"handle_qmp_command,file={log}"]
        for number, path in enumerate(monitors):
            words += ["--chardev", f"socket,id=mon{number},path={path},server=on,wait=off"]
            words += ["--monitor", f"chardev=mon{number}"]
        return words + [word for node in self.nodes() for word in ("--blockdev", node)]
