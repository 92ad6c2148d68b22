"""Machines that are only looked at, and machines without a guest."""

from __future__ import annotations

import asyncio

import pytest

from diskchain.monitors.monitor import Lost
from diskchain.qapi.command import command
from diskchain.session.carriage import Phase
from diskchain.session.session import Session
from tests.support.chains import Style
from tests.support.live_session import prepared, with_session
from tests.support.machine import Machine
from tests.support.tools import MIB
from tests.support.watching import until

pytestmark = pytest.mark.live


def test_a_machine_that_libvirt_named_is_only_looked_at() -> None:
    with Machine({"vda": "libvirt-2-format <- libvirt-1-format"}) as machine:

        async def run(session: Session) -> None:
            assert "libvirt" in session.read_only
            assert session.state is not None
            assert session.state.graph.chain("libvirt-1-format") == ("libvirt-1-format", "libvirt-2-format")
            for name, keys in (
                ("snapshot", {}), ("commit", {"top": "libvirt-1-format", "base": "libvirt-2-format"}),
                ("stream", {"node": "libvirt-1-format"}),
            ):  # fmt: skip
                preview = await prepared(session, name, keys)
                assert preview.objections[0].text == session.read_only
                result = await session.carry_out(preview, confirmed=True).wait()
                assert (result.outcome, result.sent) == (Phase.REFUSED, False)
            for changing in (command("stop"), command("job-pause", id="x"), command("blockdev-del", node_name="x")):
                with pytest.raises(Lost):
                    await session.execute(changing)

        with_session(machine, run)
        assert machine.sent() == []


def test_a_storage_daemon_is_watched_too() -> None:
    with Machine({"vda": "base <- top"}, Style.DAEMON) as machine:

        async def run(session: Session) -> None:
            assert session.state is not None
            assert session.state.machine.daemon
            await asyncio.to_thread(machine.qmp, "blockdev-add", driver="null-co", node_name="new", size=MIB)
            assert await until(session, lambda state: "new" in state.graph.nodes) < 2

        with_session(machine, run)
