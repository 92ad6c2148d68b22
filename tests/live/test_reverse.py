"""What takes an operation back once it is done: offered only where it can be had, and it brings back what was."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from diskchain.operations.bitmap import ChangeBitmap
from diskchain.operations.commit import Commit
from diskchain.operations.detach import Detach
from diskchain.operations.operation import Operation
from diskchain.operations.unexport import Unexport
from diskchain.session.carriage import Phase
from diskchain.session.session import Session
from tests.support.live_session import done, with_session
from tests.support.machine import Machine
from tests.support.tools import QEMU_IMG, tool

pytestmark = pytest.mark.live

_CHAINS = {"vda": "base <- one <- two", "vdb": "data"}


def _done_and_back(machine: Machine, name: str, keys: Mapping[str, str]) -> list[Operation]:
    """Do something, then all that takes it back; gives that."""

    async def run(session: Session) -> list[Operation]:
        preview, result = await done(session, name, keys)
        assert result.outcome is Phase.DONE, result
        back = [offer.operation for offer in session.operations.reverse(preview)]
        for operation in back:
            told = dict(operation.keys())
            if isinstance(operation, Commit):
                told["finish"] = "pivot"
            assert (await done(session, operation.name, told))[1].outcome is Phase.DONE, operation
        return back

    return with_session(machine, run)


@pytest.fixture(autouse=True)
def runtime(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's folder for sockets is the test's own."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))


def test_each_is_taken_back_to_what_was() -> None:
    with Machine(_CHAINS) as machine:
        shape, seen = machine.shape(), {disk: machine.contents(disk) for disk in _CHAINS}
        new = machine.folder / "new.qcow2"
        tool(QEMU_IMG, "create", "-q", "-f", "qcow2", new, "1M")
        for name, keys, kinds in (
            ("snapshot", {}, [Commit, Commit]),
            ("export", {"node": "one"}, [Unexport]),
            ("bitmap", {"do": "add", "node": "two", "name": "b"}, [ChangeBitmap]),
            ("attach", {"file": str(new)}, [Detach]),
        ):
            back = _done_and_back(machine, name, keys)
            assert [type(each) for each in back] == kinds, name
            assert machine.shape() == shape, name
        machine.settled(**seen)


def test_what_cannot_come_back_has_no_reverse() -> None:
    with Machine(_CHAINS) as machine:
        assert not _done_and_back(machine, "commit", {"top": "two", "base": "one", "finish": "pivot"})
        assert not _done_and_back(machine, "stream", {"node": "one"})
        assert not _done_and_back(machine, "create", {"file": str(machine.folder / "n.qcow2"), "size": "1M"})
