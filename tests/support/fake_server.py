"""A QMP server that does what a test tells it: greet late, answer nonsense, never answer, answer too much, hang up."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final

GREETING: Final = (
    b'{"QMP": {"version": {"qemu": {"micro": 0, "minor": 0, "major": 9}, "package": ""}, "capabilities": []}}\r\n'
)


@dataclass(frozen=True)
class Return:
    """Answer with a value, after some seconds."""

    value: object = None
    after: float = 0.0


@dataclass(frozen=True)
class Error:
    """Refuse."""

    text: str
    error_class: str = "GenericError"


@dataclass(frozen=True)
class Raw:
    """Send these bytes instead of an answer; `%ID%` in them becomes the id of the command as JSON."""

    data: bytes


@dataclass(frozen=True)
class Never:
    """Do not answer."""


@dataclass(frozen=True)
class HangUp:
    """Close the connection instead of answering."""


Answer = Return | Error | Raw | Never | HangUp
Scripted = Answer | Callable[[Mapping[str, object]], Answer]


class FakeServer:
    """Serves `path` while the block runs. Commands that have no answer here are refused as unknown, as QEMU does.

    :ivar answers: command name -> what to do, or a function of its arguments; may be changed at any time.
    :param greeting: the first bytes to send, None: none at all. `greet_after`: seconds.
    :param one_client: further clients are kept waiting without a greeting, as QEMU does.
    :ivar asked: the commands that came, without the negotiation.
    """

    def __init__(
        self,
        path: Path,
        answers: Mapping[str, Scripted] | None = None,
        greeting: bytes | None = GREETING,
        greet_after: float = 0.0,
        one_client: bool = False,
    ) -> None:
        self.path = path
        self.answers: dict[str, Scripted] = {"qmp_capabilities": Return({}), **(answers or {})}
        self.asked: list[dict[str, object]] = []
        self._greeting, self._greet_after = greeting, greet_after
        self._turn = asyncio.Semaphore(1 if one_client else 1_000)
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> FakeServer:
        self._server = await asyncio.start_unix_server(self._serve, self.path)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        await self.hang_up()

    def send(self, data: bytes | Mapping[str, object]) -> None:
        """Send an event, or anything, to every client."""
        for writer in self._writers:
            writer.write(data if isinstance(data, bytes) else json.dumps(data).encode() + b"\r\n")

    def event(self, name: str, **data: object) -> None:
        """Send an event to every client."""
        self.send({"event": name, "data": data, "timestamp": {"seconds": 1_700_000_000, "microseconds": 500_000}})

    async def hang_up(self) -> None:
        """Close every connection."""
        for writer in tuple(self._writers):
            writer.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        try:
            async with self._turn:
                await asyncio.sleep(self._greet_after)
                if self._greeting is not None:
                    writer.write(self._greeting)
                await self._converse(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            writer.close()
            self._writers.discard(writer)
            self._tasks.discard(task)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # qemu.qmp sends no newline after a command, so reading lines would wait for ever.
        waiting = ""
        while data := await reader.read(1 << 16):
            waiting += data.decode()
            while waiting:
                try:
                    command, end = json.JSONDecoder().raw_decode(waiting)
                except ValueError:
                    break
                waiting = waiting[end:].lstrip()
                await self._answer(command, writer)

    async def _answer(self, command: dict[str, object], writer: asyncio.StreamWriter) -> None:
        name = str(command.get("execute", command.get("exec-oob")))
        if name != "qmp_capabilities":
            self.asked.append(command)
        answer = self.answers.get(name, Error(f"The command {name} has not been found", "CommandNotFound"))
        if callable(answer):
            arguments = command.get("arguments", {})
            answer = answer(arguments if isinstance(arguments, dict) else {})
        number = {"id": command["id"]} if "id" in command else {}
        match answer:
            case Return(value, after):
                await asyncio.sleep(after)
                writer.write(json.dumps({"return": value, **number}).encode() + b"\r\n")
            case Error(text, kind):
                writer.write(json.dumps({"error": {"class": kind, "desc": text}, **number}).encode() + b"\r\n")
            case Raw(data):
                writer.write(data.replace(b"%ID%", json.dumps(command.get("id")).encode()))
            case HangUp():
                writer.close()
            case Never():
                pass
