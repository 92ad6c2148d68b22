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

pytestmark = pytest.mark.live


async def _state(session: Session) -> State:
    return await session.refresh()


@pytest.mark.parametrize("style", list(Style))
def test_every_tool_understands_its_words(style: Style) -> None:
    with Machine(style=style) as machine:
        state = with_session(machine, _state)
        keys = ["", *state.graph.nodes, *(device.name for device in state.devices)]
        tried = {each.tool for key in keys for each in asked(state, key) if _understood(machine, state, key, each.text)}
        assert {"QMP", "qmp-shell", "qemu-img"} <= tried
        assert ("HMP" in tried) is (style is not Style.DAEMON)


def _understood(machine: Machine, state: State, key: str, text: str) -> bool:
    """Try each line. What virsh says cannot be tried here; what qmp-shell says is QMP in other words."""
    for line in text.splitlines():
        if line.startswith("{"):
            sent = json.loads(line)
            assert machine.qmp(sent["execute"], **sent.get("arguments", {})) is not None
        elif line.startswith("qemu-img "):
            said = subprocess.run(shlex.split(line), capture_output=True, text=True, check=False, timeout=20)
            assert said.returncode == 0, said.stderr
            assert (state.graph.nodes[key].file or "?") in said.stdout
        elif line.startswith("info "):
            answer = machine.qmp("human-monitor-command", **{"command-line": line})
            assert "rror" not in answer
            assert answer.strip(), f"{line} shows nothing"
    return True
