"""A line to a living QMP server, over qemu.qmp: the only door to that library."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections.abc import Awaitable, Callable, Mapping

from qemu.qmp import ConnectError, EventListener, ExecInterruptedError, ExecuteError, Message, QMPClient, StateError
from qemu.qmp.error import ProtocolError
from qemu.qmp.qmp_client import BadReplyError

from diskchain.monitors.address import parse
from diskchain.monitors.answers import Answers
from diskchain.monitors.connect import connected, not_qmp, nothing_came
from diskchain.monitors.decode import NotQmpError
from diskchain.monitors.ending import LONGEST_LINE, Ending, Word
from diskchain.monitors.last_words import last_words
from diskchain.monitors.limits import limit_for
from diskchain.monitors.monitor import Direction, Lost, Refused, Unanswered, Unreachable
from diskchain.monitors.process import Process, read_process
from diskchain.monitors.stream import EventStream, Fan
from diskchain.monitors.wire import Redactor, Wire
from diskchain.qapi.command import Command
from diskchain.qapi.event import event
from diskchain.signal import Signal

GREETING_SECONDS = 2.0
"""QEMU greets at once or, while it serves another client, not at all."""
_NEGOTIATION_SECONDS = 10.0
_HANG_UP_SECONDS = 2.0
_SILENT = logging.Logger("diskchain.monitors.qmp", logging.CRITICAL + 1)
"""qemu.qmp's log goes here: what it would print is told by our own exceptions, once and in plain words."""


class _Ear(EventListener):
    """Takes events where they are offered and keeps none: the library's own queue and history grow for ever."""

    def __init__(self, hear: Callable[[Message], None]) -> None:
        super().__init__()
        self._hear = hear

    def accept(self, event: Message) -> bool:
        self._hear(event)
        return False


class _Client(QMPClient):
    """The library's client without its costly log lines, with the hooks that we need.

    :param sent: called with each message that we send. `received`: awaited with each that came, the line that it was
        decoded from, and when that had arrived in monotonic seconds. `heard`: called with each event.
    :param ended: called once with what ended the conversation; None where we hung up ourselves.
    """

    def __init__(
        self,
        sent: Callable[[Mapping[str, object]], None],
        received: Callable[[Mapping[str, object], bytes, float], Awaitable[None]],
        heard: Callable[[Message], None],
        ended: Callable[[BaseException | None], None],
    ) -> None:
        super().__init__(readbuflen=LONGEST_LINE)
        self.logger = _SILENT
        self._answers = Answers()
        self._sent, self._received, self._ended = sent, received, ended
        self.events.event_filter = lambda _: False
        self.register_listener(_Ear(heard))

    async def _do_recv(self) -> Message:
        line = await self._readline()
        arrived = time.monotonic()
        if not line.endswith(b"\n"):
            raise EOFError
        told = await self._answers.decoded(line)
        await self._received(told, line, arrived)
        return Message(told, eager=False)

    def _cb_inbound(self, msg: Message) -> Message:
        return msg

    def _cb_outbound(self, msg: Message) -> Message:
        self._answers.asked(msg)
        self._sent(msg)
        return msg

    async def _on_message(self, msg: Message) -> None:
        # The answer to a command that nobody waits for any more (time limit, cancelled task) is no news.
        if "event" in msg or (isinstance(msg.get("id"), str) and msg["id"] in self._pending):
            await super()._on_message(msg)
        elif "id" not in msg and "error" in msg:
            raise ProtocolError("an error without id: the server did not understand what we sent")

    async def _establish_session(self) -> None:
        await super()._establish_session()
        if self._bh_tasks is not None:
            self._bh_tasks.add_done_callback(self._told_end)

    def _told_end(self, tasks: asyncio.Future[tuple[None, None]]) -> None:
        self._ended(None if tasks.cancelled() else tasks.exception())

    def abandon(self) -> None:
        """Give up what could not be written yet, so that hanging up does not wait for a server that reads nothing."""
        if self._writer is not None and self._writer.transport.get_write_buffer_size():
            self._writer.transport.abort()


class QmpMonitor:
    """A line to QEMU or qemu-storage-daemon over a socket: one object, one connection. See `Monitor`.

    :ivar pid: of the process at the other end, None where the kernel does not tell (tcp).
    :ivar process: what /proc tells about it; None where not known.
    """

    def __init__(self, target: str) -> None:
        """:raises Unreachable: with cause `address`."""
        self.target = target
        self.address = parse(target)
        self.writable = True
        self.greeting: Mapping[str, object] = {}
        self._wire = Wire()
        self.wire: Signal[Direction, Mapping[str, object], float] = self._wire
        self.pid: int | None = None
        self.process: Process | None = None
        self._end = Ending()
        self._hanging_up = asyncio.Lock()
        self._events = Fan()
        self._redactor = Redactor()
        self._greeted: Callable[[], None] | None = None
        self._spare: socket.socket | None = None
        self._client = _Client(self._sent, self._received, self._heard, self._ended)

    async def open(self) -> None:
        """Connect, wait for the greeting, negotiate. Oob is not used. :raises Unreachable: see `Monitor`."""
        line, self.pid = await connected(self.address)
        self._spare = line.dup()
        self.process = read_process(self.pid, self.address.path) if self.pid else None
        try:
            async with asyncio.timeout(GREETING_SECONDS) as limit:
                self._greeted = lambda: limit.reschedule(asyncio.get_running_loop().time() + _NEGOTIATION_SECONDS)
                await self._client.connect(line)
        except TimeoutError:
            if self.greeting:
                raise Unreachable(f"{self.target} greeted us and then answered nothing. Try again.", "silent") from None
            raise await nothing_came(self.address, self.process) from None
        except ConnectError as error:
            raise not_qmp(self.target, error.exc) from None
        finally:
            self._greeted = None
            if not self.is_open:
                line.close()
                self._spare.close()

    @property
    def ending(self) -> Word:
        """How the line ended, in one word; empty while it goes on. See `Ending`."""
        return self._end.word

    @property
    def is_open(self) -> bool:
        """Whether the conversation has begun and not ended."""
        return bool(self.greeting) and self._client.runstate.name == "RUNNING"

    async def execute(self, command: Command, limit: float | None = None) -> object:
        """Ask and wait for the answer; see `Monitor`."""
        seconds = limit_for(command) if limit is None else limit
        message = QMPClient.make_execute_msg(command.name, command.arguments or None)
        try:
            async with asyncio.timeout(seconds):
                return await self._client.execute_msg(message)
        except TimeoutError:
            raise Unanswered(command, seconds) from None
        except ExecuteError as error:
            raise Refused(command, error.error_class, str(error)) from None
        except BadReplyError as error:
            raise self._misshapen(command, error.msg) from None
        except (ExecInterruptedError, StateError):
            raise Lost(await self._why()) from None

    def events(self) -> EventStream:
        """Events from now on; see `Monitor`."""
        return self._events.stream()

    async def closed(self) -> str:
        """Wait until the line has ended; says how in one sentence."""
        how = await self._end.wait()
        await self._hang_up()
        return how

    async def close(self) -> None:
        """Hang up; harmless when already closed."""
        self._ended(None)
        await self._hang_up()

    async def _why(self) -> str:
        if self._client.runstate.name == "IDLE" and not self.ending:
            return "The line was never opened."
        return await self._end.wait()

    async def _hang_up(self) -> None:
        async with self._hanging_up:
            if self._client.runstate.name == "IDLE":
                return
            self._client.abandon()
            try:
                async with asyncio.timeout(_HANG_UP_SECONDS):
                    await self._client.disconnect()
            except (EOFError, OSError, ValueError, NotQmpError, ProtocolError, TimeoutError):
                return  # The reason was told already, through `_ended`.

    def _misshapen(self, command: Command, reply: Mapping[str, object]) -> Refused | Lost:
        """An error object with parts missing is still a refusal; an answer that is neither yes nor no tells nothing."""
        error = reply.get("error")
        if "error" not in reply:
            return Lost(
                f"The server's answer to {command.name} was neither yes nor no; it may or may not have happened."
            )
        told = error if isinstance(error, Mapping) else {}
        return Refused(command, str(told.get("class", "GenericError")), str(told.get("desc", error)))

    def _sent(self, message: Mapping[str, object]) -> None:
        if self._wire.listeners:
            self.wire.emit("send", self._redactor.sent(dict(message)), time.monotonic())

    async def _received(self, told: Mapping[str, object], line: bytes, at: float) -> None:
        if not self.greeting and "QMP" in told:
            self.greeting = told
            if self._greeted is not None:
                self._greeted()
        if self._wire.listeners:
            self.wire.emit("recv", await self._redactor.received(told, line), at)

    def _heard(self, message: Mapping[str, object]) -> None:
        told = event(message)
        self._end.note(told)
        self._events.tell(told)

    def _ended(self, failure: BaseException | None) -> None:
        if self._spare is not None:
            if isinstance(failure, OSError):
                for told in last_words(self._spare):
                    self._heard(told)
            self._spare.close()
        self._end.came(failure)
        self._events.end()
