"""The line to the guest, without a guest."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

from diskchain.sandbox.line import GuestLine


def test_it_answers_each_boot_and_counts_reports(tmp_path: Path) -> None:
    async def play() -> None:
        line = GuestLine(20)
        await line.listen(tmp_path / "guest.sock")
        reader, writer = await asyncio.open_unix_connection(tmp_path / "guest.sock")
        line.tell(30)  # before the guest's first word nothing is sent: its port would swallow it
        writer.write(b"?")
        assert await reader.readline() == b"=30\n"
        assert line.up.done()
        line.tell(0)
        assert await reader.readline() == b"=0\n"
        writer.write(b"?")
        assert await reader.readline() == b"=0\n"
        writer.write(b"!!E?")
        await reader.readline()
        assert (line.mismatches, line.failures) == (2, 1)
        with contextlib.suppress(OSError):  # whoever comes second is not heard
            _, other = await asyncio.open_unix_connection(tmp_path / "guest.sock")
            other.write(b"!")
            other.close()
        await asyncio.sleep(0.02)
        assert line.mismatches == 2
        line.close()
        line.close()
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()

    asyncio.run(play())
