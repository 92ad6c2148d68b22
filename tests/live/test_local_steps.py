"""Steps that are done on this computer: off the loop, taken back where a later one fails, and told where they fail."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest

from diskchain.model.state import State
from diskchain.operations.keys import Keys
from diskchain.operations.local import Local
from diskchain.operations.operation import Concerns
from diskchain.operations.preview import Draft
from diskchain.operations.steps import Send
from diskchain.operations.surroundings import Surroundings
from diskchain.qapi.command import command
from diskchain.session.carriage import Phase, Result
from diskchain.session.session import Session
from tests.support.live_session import with_session
from tests.support.machine import Machine

pytestmark = pytest.mark.live


@dataclass(frozen=True)
class _Write:
    """Writes a file, and the name of the thread that did, into a folder."""

    path: str

    def act(self, began: float) -> None:
        with Path(self.path).open("x") as file:
            file.write(threading.current_thread().name)

    def undo(self) -> str:
        Path(self.path).unlink()
        return ""


@dataclass(frozen=True)
class _Noted:
    """Write two files, then have QEMU refuse something, or not."""

    files: tuple[str, ...]
    refused: bool

    name: ClassVar[str] = "noted"
    known: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def read(cls, keys: Keys) -> _Noted:
        return cls(keys.paths("disks"), refused=False)

    def keys(self) -> Mapping[str, str]:
        return {}

    def concerns(self, state: State) -> Concerns:
        return Concerns()

    def draft(self, state: State, surroundings: Surroundings) -> Draft:
        steps = [Local(_Write(path), f"{path} could not be written.") for path in self.files]
        last = (Send(command("block-job-cancel", device="nobody")),) if self.refused else ()
        return Draft("Note", "Note", steps=(*steps, *last), after=state)


def _carried_out(machine: Machine, operation: _Noted) -> Result:
    async def run(session: Session) -> Result:
        return await session.carry_out(await session.prepare(operation)).wait()

    return with_session(machine, run)


def test_it_is_done_off_the_loop_and_stays() -> None:
    with Machine() as machine:
        path = machine.folder / "note"
        result = _carried_out(machine, _Noted((str(path),), refused=False))
        assert result.outcome is Phase.DONE, result
        assert path.read_text() != threading.main_thread().name


def test_it_is_taken_back_where_a_later_step_fails() -> None:
    with Machine() as machine:
        files = machine.files()
        paths = tuple(str(machine.folder / name) for name in ("one", "two"))
        result = _carried_out(machine, _Noted(paths, refused=True))
        assert result.outcome is Phase.REFUSED, result
        assert machine.files() == files


def test_where_it_fails_that_is_told_and_what_was_before_is_taken_back() -> None:
    with Machine() as machine:
        files, held = machine.files(), machine.folder / "held"
        held.write_text("precious")
        result = _carried_out(machine, _Noted((str(machine.folder / "one"), str(held)), refused=False))
        assert result.outcome is Phase.REFUSED, result
        assert f"{held} could not be written." in result.text
        assert "File exists" in result.detail
        assert machine.files() == files | {"held"}
        assert held.read_text() == "precious"
