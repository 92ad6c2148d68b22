"""A small NBD client: the guest of a storage daemon, and a reader of exports.

Written from the NBD protocol's text: fixed newstyle, NBD_OPT_EXPORT_NAME, simple replies.
"""

from __future__ import annotations

import socket
import struct
from pathlib import Path
from types import TracebackType

_READ, _WRITE, _DISCONNECT = 0, 1, 2
_PIECE = 1 << 20


class NbdError(Exception):
    """The server refused a request or hung up."""


class Nbd:
    """One connection to an export. `size` in bytes."""

    def __init__(self, path: Path, name: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(20)
        self._socket.connect(str(path))
        magic, option, flags = struct.unpack(">QQH", self._take(18))
        if (magic, option) != (0x4E42444D41474943, 0x49484156454F5054):
            raise NbdError("not an NBD server")
        no_zeroes = flags & 2
        self._socket.sendall(struct.pack(">I", 1 | no_zeroes))
        wanted = name.encode()
        self._socket.sendall(struct.pack(">QII", option, 1, len(wanted)) + wanted)
        self.size, _ = struct.unpack(">QH", self._take(10))
        if not no_zeroes:
            self._take(124)

    def _take(self, length: int) -> bytes:
        found = bytearray()
        while len(found) < length:
            if not (piece := self._socket.recv(length - len(found))):
                raise NbdError("the server hung up")
            found += piece
        return bytes(found)

    def _ask(self, kind: int, offset: int, length: int, data: bytes = b"") -> bytes:
        self._socket.sendall(struct.pack(">IHHQQI", 0x25609513, 0, kind, 1, offset, length) + data)
        magic, error, _ = struct.unpack(">IIQ", self._take(16))
        if magic != 0x67446698 or error:
            raise NbdError(f"error {error} at {offset}")
        return self._take(length) if kind == _READ else b""

    def read(self, offset: int, length: int) -> bytes:
        """Bytes as the export gives them."""
        return b"".join(
            self._ask(_READ, at, min(_PIECE, offset + length - at)) for at in range(offset, offset + length, _PIECE)
        )

    def write(self, offset: int, data: bytes) -> None:
        """Write; done when the server says so."""
        self._ask(_WRITE, offset, len(data), data)

    def __enter__(self) -> Nbd:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._socket.sendall(struct.pack(">IHHQQI", 0x25609513, 0, _DISCONNECT, 1, 0, 0))
        except OSError:
            self._socket.close()  # the server went first
        self._socket.close()
