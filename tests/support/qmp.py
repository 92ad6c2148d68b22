"""A blocking QMP client, so that tests look at a machine with eyes of their own."""

from __future__ import annotations

import json
import socket
import threading
from pathlib import Path
from typing import Any


class QmpError(Exception):
    """QEMU said no, or is gone; the text is its description."""


class Qmp:
    """One QMP line. Several threads may call it; each call waits its turn. Events are kept in `events`."""

    def __init__(self, path: Path, limit: float = 20) -> None:
        self.events: list[dict[str, Any]] = []
        self._turn = threading.Lock()
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(limit)
        try:
            self._socket.connect(str(path))
            self._lines = self._socket.makefile("rb")
            self.greeting = self._read()
            self("qmp_capabilities")
        except BaseException:
            self._socket.close()
            raise

    def _read(self) -> dict[str, Any]:
        line = self._lines.readline()
        if not line:
            raise QmpError("QEMU has ended")
        return dict(json.loads(line))

    def __call__(self, command: str, **arguments: Any) -> Any:
        """Run a command; underscores in argument names become dashes.

        :raises QmpError: QEMU refuses, or ends.
        """
        named = {key.replace("_", "-"): value for key, value in arguments.items() if value is not None}
        with self._turn:
            try:
                self._socket.sendall(json.dumps({"execute": command, "arguments": named}).encode() + b"\n")
                while "event" in (reply := self._read()):
                    self.events.append(reply)
            except OSError as error:
                raise QmpError(f"the line broke: {error}") from error
        if "error" in reply:
            raise QmpError(reply["error"]["desc"])
        return reply["return"]

    def close(self) -> None:
        """Hang up."""
        self._lines.close()
        self._socket.close()
