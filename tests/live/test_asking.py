"""What other tools are told to ask is what they understand: every line is tried on a real machine."""

from __future__ import annotations

import json
import shlex
import subprocess

import pytest

from diskchain.model.state import State
from diskchain.operations.asking import asked
from diskchain.session.session import Session
from tests.support.chains import Style
from tests.support.live_session import with_session
from tests.support.machine import Machine
from tests.support.shell import as_read

pytestmark = pytest.mark.live


async def _state(session: Session) -> State:
    return await session.refresh()


@pytest.mark.parametrize("style", list(Style))
def test_every_tool_understands_its_words(style: Style) -> None:
    with Machine(style=style) as machine, machine.exported("vdb"):
        machine.qmp("blockdev-add", driver="null-co", **{"node-name": "nowhere", "size": machine.size})
        machine.qmp(
            "blockdev-mirror", **{"job-id": "m1"}, device=machine.root("vda"), target="nowhere", sync="full", speed=1
        )
        state = with_session(machine, _state)
        assert state.jobs
        assert state.exports
        devices, jobs = [device.name for device in state.devices], [job.id for job in state.jobs]
        keys = ["", *state.graph.nodes, *devices, *jobs, *(export.id for export in state.exports)]
        tools = {key: {each.tool for each in asked(state, key)} for key in keys}
        for key in keys:
            _try_all(machine, state, key)
    assert all({"QMP", "qmp-shell"} <= tools[key] for key in keys), tools
    assert any("qemu-img" in words for words in tools.values())
    human = style is not Style.DAEMON
    assert all(("HMP" in tools[key]) is human for key in ("", *devices, *jobs))


def _try_all(machine: Machine, state: State, key: str) -> None:
    """Try each line. What virsh says cannot be tried here."""
    told = {each.tool: each.text.splitlines() for each in asked(state, key)}
    for line, shell in zip(told["QMP"], told["qmp-shell"], strict=True):
        sent = json.loads(line)
        assert as_read(shell) == {"arguments": {}, **sent}
        answer = machine.qmp(sent["execute"], **sent.get("arguments", {}))
        assert json.dumps(key)[1:-1] in json.dumps(answer), f"{line} does not tell of {key}"
    for line in told.get("qemu-img", ()):
        said = subprocess.run(shlex.split(line), capture_output=True, text=True, check=False, timeout=20)
        assert said.returncode == 0, said.stderr
        assert (state.graph.nodes[key].file or "?") in said.stdout
    for line in told.get("HMP", ()):
        answer = machine.qmp("human-monitor-command", **{"command-line": line})
        assert answer.strip(), f"{line} shows nothing"
        assert not answer.startswith(("Error", "unknown", "Device", "Try")), answer
