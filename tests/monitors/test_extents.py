"""What an NBD server tells of an export, and servers that tell nonsense or nothing."""

from __future__ import annotations

import asyncio
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from diskchain.model.nbd import NbdPlace
from diskchain.monitors.extents import Unreadable, read_extents
from tests.support.tools import KIB, MIB, QEMU_IMG, tool


@pytest.fixture
def served(tmp_path: Path) -> Iterator[NbdPlace]:
    """An image of 3 GiB with data at both ends, behind a server."""
    image, socket = tmp_path / "a.qcow2", tmp_path / "s"
    tool(QEMU_IMG, "create", "-q", "-f", "qcow2", image, "3G")
    tool("qemu-io", "-c", "write 64k 128k", "-c", f"write {3 * 1024 * MIB - 64 * KIB} 64k", image)
    server = subprocess.Popen(["qemu-nbd", "-r", "-t", "-f", "qcow2", "-x", "it", "-k", str(socket), str(image)])
    try:
        for _ in range(200):
            if socket.exists():
                break
            server.poll()
            asyncio.run(asyncio.sleep(0.02))
        yield NbdPlace("it", socket=str(socket))
    finally:
        server.terminate()
        server.wait()


def test_what_is_filled_is_told_to_the_byte(served: NbdPlace) -> None:
    found = asyncio.run(read_extents(served))
    size = 3 * 1024 * MIB
    assert found.size == size
    assert found.filled == ((64 * KIB, 192 * KIB), (size - 64 * KIB, size))


def test_an_export_that_is_not_there_is_one_sentence(served: NbdPlace) -> None:
    with pytest.raises(Unreadable, match=r"refused: .*\.$"):
        asyncio.run(read_extents(NbdPlace("other", socket=served.socket)))


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"hello, this is not NBD at all",
        b"NBDMAGICIHAVEOPT\0\3" + b"\0" * 40,
        b"NBDMAGICIHAVEOPT\0\3" + struct.pack(">QIII", 0x3E889045565A9, 8, 1, 0xFFFFFFFF),
    ],
)
def test_nonsense_is_told(said: bytes, tmp_path: Path) -> None:
    async def run() -> None:
        async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(said)
            await writer.drain()
            writer.close()

        async with await asyncio.start_unix_server(answer, tmp_path / "s"):
            with pytest.raises(Unreadable):
                await read_extents(NbdPlace("it", socket=str(tmp_path / "s")))

    asyncio.run(run())


def test_nobody_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="does not answer"):
        asyncio.run(read_extents(NbdPlace("it", socket=str(tmp_path / "none"))))
