"""A machine made for one picture: a QEMU or storage daemon of its own, its images, and another client at its second monitor."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

from diskchain.sandbox import command, images
from diskchain.sandbox.folder import Folder
from diskchain.sandbox.images import Layer
from diskchain.sandbox.machine import end, spawn
from diskchain.sandbox.removal import IMAGES

_LIMIT = 10.0
"""Seconds that a machine may take to start, or to answer."""
_LOG = "qemu.log"


@dataclass(frozen=True)
class Cast:
    """What a machine is made of.

    :ivar layers: its images, each with the name of the one that its header says is below (it need not be there).
    :ivar words: more words for QEMU, given the folder of the images. `daemon`: whether it is a qemu-storage-daemon.
    :ivar name: of the guest. `missing`: names of layers that are removed again before it starts.
    """

    name: str
    layers: tuple[tuple[Layer, str], ...]
    words: Callable[[Path], list[str]]
    daemon: bool = False
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Staged:
    """A machine that runs. `monitor`: path of the socket for the window. `spare`: for another client. `pid`: its process."""

    monitor: str
    spare: str
    pid: int

    async def say(self, name: str, **arguments: object) -> None:
        """Send a command as another client would. :raises OSError: it cannot be reached, or refuses."""
        await say(self.spare, name, **arguments)


@contextlib.asynccontextmanager
async def staged(cast: Cast) -> AsyncIterator[Staged]:
    """Start it; nothing of it is left afterwards, and it ends with this process however that ends.

    :raises OSError: it did not start. :raises SandboxError: a program is not installed.
    """
    sockets = [f"{monitor}.sock" for monitor in command.MONITORS]
    folder = Folder.make([*sockets, _LOG, *(f"{IMAGES}/{layer.file}" for layer, _ in cast.layers)])
    try:
        await asyncio.to_thread(_write, cast, folder.images)
        process = await spawn([*_words(cast, folder.path), *cast.words(folder.images)], folder)
        try:
            monitor, spare = (str(folder.path / name) for name in sockets)
            await _until_up(spare)
            yield Staged(monitor, spare, process.pid)
        finally:
            await end(process)
    finally:
        await asyncio.to_thread(folder.remove)


def _write(cast: Cast, folder: Path) -> None:
    layers = {layer.name: layer for layer, _ in cast.layers}
    for layer, below in cast.layers:
        images.write_layer(folder, layer, layers.get(below))
    for name in cast.missing:
        (folder / layers[name].file).unlink()


def _words(cast: Cast, folder: Path) -> list[str]:
    guard = command.find("", "setpriv", "util-linux")
    if cast.daemon:
        daemon = command.find("DISKCHAIN_QSD", "qemu-storage-daemon", "qemu-system-common")
        return command.bare_daemon(guard, daemon, folder)
    qemu = command.find("DISKCHAIN_QEMU", "qemu-system-x86_64", "qemu-system-x86")
    return command.bare(guard, qemu, folder, cast.name)


async def _until_up(spare: str) -> None:
    """Wait until it answers. :raises OSError: not in time."""
    end = asyncio.get_running_loop().time() + _LIMIT
    while True:
        try:
            await say(spare, "query-commands")
        except (FileNotFoundError, ConnectionError) as error:
            if asyncio.get_running_loop().time() > end:
                raise OSError(f"A machine of the gallery did not start within {_LIMIT:.0f} s.") from error
            await asyncio.sleep(0.03)
        else:
            return


async def say(monitor: str, name: str, **arguments: object) -> None:
    """Send one command to a free monitor, as another client would. :raises OSError: it cannot be reached, or refuses."""
    reader, writer = await asyncio.open_unix_connection(monitor, limit=1 << 20)
    try:
        async with asyncio.timeout(_LIMIT):
            await reader.readline()
            for asked, given in (("qmp_capabilities", {}), (name, arguments)):
                writer.write(json.dumps({"execute": asked, "arguments": given}).encode() + b"\n")
                while "return" not in (told := json.loads(await reader.readline() or b'{"error": "it hung up"}')):
                    if "error" in told:
                        raise OSError(f"{asked} was refused: {told['error']}")
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
