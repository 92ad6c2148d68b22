"""Stands between the application and QEMU, and notes when what passed. It changes nothing."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

_ID = re.compile(rb'"id": ?"([^"]*)"')
_EVENT = re.compile(rb'"event": ?"([^"]*)"')
_PIECE = 1 << 18
_EDGE = 200
"""Bytes at either end of an answer in which its id stands."""


@dataclass
class Asked:
    """A command that passed. Moments of the monotonic clock; `answered`: its last byte was at the application's socket."""

    name: str
    at: float
    answered: float = 0.0


@dataclass
class Passed:
    """Everything that passed so far. `events`: name and moment."""

    asked: dict[bytes, Asked] = field(default_factory=dict)
    events: list[tuple[str, float]] = field(default_factory=list)


class Proxy:
    """Listens on a socket of its own and hands everything on.

    :ivar target: the socket to connect to. `passed`: what passed.
    """

    def __init__(self, server: Path) -> None:
        self.target = server.with_name("proxy.qmp")
        self.passed = Passed()
        self._server = server
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(self.target))
        self._listening.listen()
        self._lines: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(str(self._server))
            self._lines += [client, server]
            threading.Thread(target=self._commands, args=(client, server), daemon=True).start()
            threading.Thread(target=self._answers, args=(server, client), daemon=True).start()

    def _commands(self, client: socket.socket, server: socket.socket) -> None:
        decode, waiting = json.JSONDecoder().raw_decode, ""
        while data := _received(client):
            at = time.monotonic()
            waiting += data.decode()
            while waiting := waiting.lstrip():
                try:
                    told, end = decode(waiting)
                except ValueError:
                    break
                waiting = waiting[end:]
                self.passed.asked[str(told.get("id")).encode()] = Asked(told.get("execute", ""), at)
            server.sendall(data)

    def _answers(self, server: socket.socket, client: socket.socket) -> None:
        head = b""
        tail = b""
        while data := _received(server):
            client.sendall(data)
            at = time.monotonic()
            *lines, rest = data.split(b"\n")
            for line in lines:
                self._note((head + line)[:_EDGE], (tail + line)[-_EDGE:], at)
                head = tail = b""
            head, tail = (head + rest)[:_EDGE], (tail + rest)[-_EDGE:]

    def _note(self, head: bytes, tail: bytes, at: float) -> None:
        """Note one line, of which only the edges are looked at."""
        if found := _EVENT.search(head) or _EVENT.search(tail):
            self.passed.events.append((found[1].decode(), at))
            return
        for edge in (head, tail):
            for found in _ID.finditer(edge):
                if (asked := self.passed.asked.get(found[1])) is not None:
                    asked.answered = at
                    return

    def close(self) -> None:
        """Hang up."""
        self._listening.close()
        for line in self._lines:
            line.close()

    def __enter__(self) -> Proxy:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _received(line: socket.socket) -> bytes:
    try:
        return line.recv(_PIECE)
    except OSError:
        return b""
