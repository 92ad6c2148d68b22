"""Runs operations on a test machine through a session, as window and command line do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from diskchain.operations.catalog import parse
from diskchain.operations.preview import Preview
from diskchain.session.carriage import Result
from diskchain.session.journal import Journal
from diskchain.session.session import Session
from tests.support.machine import Machine

_Value = TypeVar("_Value")


def session_of(machine: Machine) -> Session:
    """A session that is not yet open, with a journal of its own in the machine's folder."""
    return Session(str(machine.target), journal=Journal(machine.folder / "journal.qmp"), reconnect=False)


def with_session(machine: Machine, work: Callable[[Session], Awaitable[_Value]]) -> _Value:
    """Open a session, do something with it, close it."""

    async def run() -> _Value:
        session = session_of(machine)
        await session.open()
        try:
            return await work(session)
        finally:
            await session.close()

    return asyncio.run(run())


async def prepared(session: Session, name: str, keys: Mapping[str, str]) -> Preview:
    """The preview of an operation."""
    return await session.prepare(parse(name, keys, "/"))


async def carried_out(session: Session, name: str, keys: Mapping[str, str]) -> Result:
    """Open a session, do something, which takes half a minute at most, and close it."""
    await session.open()
    try:
        async with asyncio.timeout(30):
            return (await done(session, name, keys))[1]
    finally:
        await session.close()


async def done(session: Session, name: str, keys: Mapping[str, str]) -> tuple[Preview, Result]:
    """Prepare, agree to everything, carry out."""
    preview = await prepared(session, name, keys)
    assert preview.allowed, preview.objections
    return preview, await session.carry_out(preview, confirmed=True).wait()
