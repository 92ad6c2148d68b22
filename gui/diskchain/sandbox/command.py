"""The QEMU command that the sandbox is."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from diskchain.sandbox.error import SandboxError
from diskchain.sandbox.images import CHAINS, Layer

ROOT_PORTS = 4
MONITORS = ("monitor", "spare")
"""Ids of the monitors; each listens at a socket of its name."""


def find(variable: str, name: str, package: str) -> str:
    """The full path of a program.

    :param variable: environment variable that may name another one; empty: none may.
    :param name: what it is called.
    :param package: Debian's package that brings it.
    :raises SandboxError: there is none.
    """
    wanted = (os.environ.get(variable) if variable else None) or name
    found = shutil.which(wanted)
    if found is None:
        cure = f"Install it with: sudo apt install {package}" if wanted == name else f"Correct {variable}."
        raise SandboxError(f"{wanted} was not found, so the demo machine cannot start. Nothing was made. {cure}")
    return found


def words(guard: str, qemu: str, folder: Path, images: Path, rom: Path) -> list[str]:
    """The whole command.

    `guard` is setpriv: it asks the kernel to kill QEMU when the thread that started it ends (prctl(2), PR_SET_PDEATHSIG),
    then becomes QEMU. The machine boots from the guest's option ROM; both disks sit where the guest looks, on PCI bus 0,
    in this order; the root ports are for disks that are plugged in later. Nothing is flushed to the host's disk: these
    images do not outlive the process.
    """
    command = bare(guard, qemu, folder, "demo")
    command += ["-chardev", f"socket,id=guest,path={_escaped(folder / 'guest.sock')}", "-serial", "chardev:guest"]
    command += ["-option-rom", f"romfile={_escaped(rom)},bootindex=0"]
    for number in range(ROOT_PORTS):
        command += ["-device", f"pcie-root-port,id=port{number},chassis={number + 1},addr={number + 8}"]
    for address, (disk, chain) in enumerate(CHAINS.items(), start=4):
        below: Layer | None = None
        for layer in chain:
            command += ["-blockdev", _node(layer, below, images, writable=layer is chain[-1])]
            below = layer
        device = f"virtio-blk-pci,id={disk},drive={chain[-1].name},bus=pcie.0,addr={address},disable-legacy=off"
        command += ["-device", device]
    return command


def bare(guard: str, qemu: str, folder: Path, name: str) -> list[str]:
    """A machine of this name without disks, with two monitors in `folder`; it ends with the thread that starts it."""
    command = [guard, "--pdeathsig", "KILL", "--", qemu]
    command += ["-name", name, "-machine", "q35", "-accel", "tcg,tb-size=16", "-m", "32"]
    command += ["-no-user-config", "-nodefaults", "-display", "none"]
    for monitor in MONITORS:
        command += ["-chardev", _server(monitor, folder), "-mon", f"chardev={monitor},mode=control"]
    return command


def bare_daemon(guard: str, daemon: str, folder: Path) -> list[str]:
    """The same for qemu-storage-daemon, which has no guest."""
    command = [guard, "--pdeathsig", "KILL", "--", daemon]
    for monitor in MONITORS:
        command += ["--chardev", _server(monitor, folder), "--monitor", f"chardev={monitor}"]
    return command


def _server(monitor: str, folder: Path) -> str:
    return f"socket,id={monitor},path={_escaped(folder / f'{monitor}.sock')},server=on,wait=off"


def _node(layer: Layer, below: Layer | None, images: Path, *, writable: bool) -> str:
    """The format node of one image, with its protocol node inside: reopened and closed with it."""
    node = {
        "driver": layer.driver,
        "node-name": layer.name,
        "read-only": not writable,
        "cache": {"no-flush": True},
        "file": {"driver": "file", "node-name": f"{layer.name}-file", "filename": str(images / layer.file)},
    }
    if layer.driver != "raw":
        node["backing"] = below.name if below else None
    return json.dumps(node)


def _escaped(path: Path) -> str:
    """A path as a value among comma-separated options."""
    return str(path).replace(",", ",,")
