"""Asks an NBD server which parts of an export hold data: the few messages of the NBD protocol that this takes.

By the protocol's own text (`doc/proto.md` of the NBD project): newstyle handshake, structured replies, the metadata context
`base:allocation`, `NBD_CMD_BLOCK_STATUS`.
"""

from __future__ import annotations

import asyncio
import struct
from dataclasses import dataclass

from diskchain.model.extents import Extents, joined
from diskchain.model.nbd import NbdPlace

_IN_TIME = 5.0
"""Seconds that a whole look may take."""
_OPTION, _REPLY = 0x49484156454F5054, 0x3E889045565A9
_REQUEST, _STRUCTURED = 0x25609513, 0x668E33EF
_GO, _STRUCTURED_REPLY, _SET_CONTEXT = 7, 8, 10
_ACK, _INFO, _CONTEXT, _ERROR = 1, 3, 4, 1 << 31
_BLOCK_STATUS, _DISCONNECT = 7, 2
_STATUS, _DONE, _FAILED = 5, 1, 1 << 15
_HOLE = 1
_ALLOCATION = b"base:allocation"
_MOST = 1 << 30
"""Bytes asked about at once; an answer may be about fewer."""
_LONGEST = 32 << 20
"""Bytes of one message at most."""


class Unreadable(Exception):
    """The export cannot be asked; one plain sentence."""


@dataclass(frozen=True)
class _Line:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def take(self, form: str) -> tuple[int, ...]:
        return struct.unpack(form, await self.reader.readexactly(struct.calcsize(form)))

    async def data(self, length: int) -> bytes:
        if length > _LONGEST:
            raise Unreadable("the server sends more than was asked for.")
        return await self.reader.readexactly(length)

    async def option(self, option: int, data: bytes) -> list[tuple[int, bytes]]:
        """Send an option; its replies, the last one an acknowledgement. :raises Unreadable: it was refused."""
        self.writer.write(struct.pack(">QII", _OPTION, option, len(data)) + data)
        found: list[tuple[int, bytes]] = []
        while not found or found[-1][0] != _ACK:
            magic, _, kind, length = await self.take(">QIII")
            told = await self.data(length)
            if magic != _REPLY or kind & _ERROR:
                raise Unreadable(f"the server refused: {told.decode(errors='replace') or hex(kind)}.")
            found.append((kind, told))
        return found


async def read_extents(place: NbdPlace) -> Extents:
    """Which parts hold data. :raises Unreadable: it cannot be asked, or gives no answer in time."""
    try:
        async with asyncio.timeout(_IN_TIME):
            reader, writer = await (
                asyncio.open_unix_connection(place.socket)
                if place.socket
                else asyncio.open_connection(place.host, place.port)
            )
            try:
                return await _ask(_Line(reader, writer), place.export.encode())
            finally:
                writer.close()
    except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
        raise Unreadable(f"{place.keeper} does not answer ({error or 'in time'}).") from error


async def _ask(line: _Line, export: bytes) -> Extents:
    if await line.data(16) != b"NBDMAGICIHAVEOPT":
        raise Unreadable("that is no NBD server of today.")
    (flags,) = await line.take(">H")
    line.writer.write(struct.pack(">I", flags & 3))
    name = struct.pack(">I", len(export)) + export
    await line.option(_STRUCTURED_REPLY, b"")
    wanted = struct.pack(">II", 1, len(_ALLOCATION)) + _ALLOCATION
    contexts = [told for kind, told in await line.option(_SET_CONTEXT, name + wanted) if kind == _CONTEXT]
    told = [told for kind, told in await line.option(_GO, name + struct.pack(">H", 0)) if kind == _INFO]
    sizes = [struct.unpack(">Q", each[2:10])[0] for each in told if each[:2] == b"\0\0"]
    if not contexts or not sizes:
        raise Unreadable("the server does not tell which parts hold data.")
    size, runs = sizes[0], list[tuple[int, bool]]()
    at = 0
    while at < size:
        for length, full in await _status(line, at, min(_MOST, size - at)):
            runs.append((min(length, size - at), full))
            at += runs[-1][0]
    line.writer.write(struct.pack(">IHHQQI", _REQUEST, 0, _DISCONNECT, 0, 0, 0))
    return joined(size, runs)


async def _status(line: _Line, at: int, length: int) -> list[tuple[int, bool]]:
    """(length, holds data) runs from an offset on. :raises Unreadable: the server tells an error, or nothing."""
    line.writer.write(struct.pack(">IHHQQI", _REQUEST, 0, _BLOCK_STATUS, at, at, length))
    found: list[tuple[int, bool]] = []
    while True:
        magic, flags, kind, _, size = await line.take(">IHHQI")
        data = await line.data(size)
        if magic != _STRUCTURED or kind & _FAILED:
            raise Unreadable("the server could not tell which parts hold data.")
        if kind == _STATUS:
            runs = struct.iter_unpack(">II", data[4:])
            found += [(run, not state & _HOLE) for run, state in runs if run]
        if flags & _DONE:
            if not found:
                raise Unreadable("the server told nothing of which parts hold data.")
            return found
