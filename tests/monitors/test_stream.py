from __future__ import annotations

import asyncio
import gc

from diskchain.monitors.stream import CAPACITY, OVERFLOW, EventStream, Fan
from diskchain.qapi.event import Event
from tests.monitors.conftest import Run, begin


async def all_of(stream: EventStream) -> list[Event]:
    return [event async for event in stream]


def test_in_order_and_ended(run: Run) -> None:
    async def main() -> None:
        fan = Fan()
        stream = fan.stream()
        reading = begin(all_of(stream))
        for number in range(10):
            fan.tell(Event("E", {"n": number}))
            await asyncio.sleep(0)
        fan.end()
        assert [event.data["n"] for event in await reading] == list(range(10))
        assert await all_of(fan.stream()) == []

    run(main())


def test_overflow_drops_and_says_so(run: Run) -> None:
    async def main() -> None:
        fan = Fan()
        stream = fan.stream()
        for number in range(2 * CAPACITY + 5):
            fan.tell(Event("E", {"n": number}))
        fan.end()
        first, *rest = await all_of(stream)
        assert first.name == OVERFLOW
        assert isinstance(first.data["dropped"], int)
        assert first.data["dropped"] + len(rest) == 2 * CAPACITY + 5
        assert rest[-1].data["n"] == 2 * CAPACITY + 4
        assert len(rest) < CAPACITY

    run(main())


def test_a_storm_of_errors_drowns_nothing(run: Run) -> None:
    async def main() -> None:
        fan = Fan()
        stream = fan.stream()
        fan.tell(Event("JOB_STATUS_CHANGE", {"id": "j", "status": "running"}))
        for moment in range(165 * 60):
            fan.tell(Event("BLOCK_JOB_ERROR", {"device": "j", "operation": "write", "action": "ignore"}, moment / 165))
        fan.tell(Event("BLOCK_JOB_COMPLETED", {"device": "j"}))
        fan.end()
        assert [event.name for event in await all_of(stream)] == [
            "JOB_STATUS_CHANGE",
            "BLOCK_JOB_ERROR",
            "BLOCK_JOB_COMPLETED",
        ]

    run(main())


def test_a_stream_that_nobody_holds_is_gone() -> None:
    fan = Fan()
    stream = fan.stream()
    assert len(fan._streams) == 1
    del stream
    gc.collect()
    fan.tell(Event("E"))
    assert len(fan._streams) == 0
