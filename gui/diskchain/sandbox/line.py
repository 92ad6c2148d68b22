"""The line to the guest: a serial port, over which it asks for its rate and reports what went wrong.

The application listens and QEMU connects, not the other way round: a QEMU whose application died while it was being started finds
nobody there and ends by itself. What is said is described in `resources/guest/guest.asm`.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

MOST = 500  # operations a second and disk that the guest takes


class GuestLine(asyncio.Protocol):
    """Our end of the line.

    :ivar rate: operations a second for each disk that the guest is told, again after each of its boots.
    :ivar up: done when the guest has asked for its rate for the first time.
    :ivar mismatches: how often the guest read other bytes than it had written.
    :ivar failures: how often a read or a write of the guest failed.
    """

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self.up: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.mismatches = 0
        self.failures = 0
        self._server: asyncio.AbstractServer | None = None
        self._transport: asyncio.WriteTransport | None = None

    async def listen(self, path: Path) -> None:
        """Wait for QEMU at a Unix socket.

        :raises OSError: the socket cannot be made.
        """
        self._server = await asyncio.get_running_loop().create_unix_server(lambda: self, str(path), backlog=1)

    def tell(self, rate: int) -> None:
        """Set the rate; a guest that is paused takes it when it goes on."""
        self.rate = rate
        if self.up.done():  # before that the guest's port is not set up, and it will ask
            self._send()

    def close(self) -> None:
        """Hang up. Can be called again."""
        self._stop_listening()
        if self._transport is not None:
            self._transport.close()
        if not self.up.done():
            self.up.cancel()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """QEMU has come; nobody else may."""
        if self._transport is not None or not isinstance(transport, asyncio.WriteTransport):
            transport.close()
            return
        self._transport = transport
        self._stop_listening()

    def data_received(self, data: bytes) -> None:
        """The guest asks or reports."""
        self.mismatches += data.count(b"!")
        self.failures += data.count(b"E")
        if b"?" in data:
            self._send()
            if not self.up.done():
                self.up.set_result(None)

    def _send(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(b"=%d\n" % self.rate)

    def _stop_listening(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
