"""Plans in the words of the tools that people have, to be typed or read step by step."""

from __future__ import annotations

import shlex
from typing import Literal

from diskchain.operations.dialects import qmp_json, qmp_shell
from diskchain.operations.local import Local
from diskchain.operations.preview import Preview, walk
from diskchain.operations.steps import Fit, Free, Gone, Guest, Hold, Make, Send, Wait

Dialect = Literal["qmp-shell", "QMP"]


def script(preview: Preview, dialect: Dialect) -> str:
    """A whole plan, one command a line in the order of sending; lines that begin with `#` say when to go on.

    Where there is a choice, the expected branch is taken. What qmp-shell has no words for is given as QMP behind a `#`.
    """
    lines: list[str] = []
    for step in walk(preview.draft.steps):
        if isinstance(step, Wait):
            lines.append(f"# wait until job {step.job} is {step.until}")
        elif isinstance(step, Free):
            lines += [f"# go on only while no other program has a lock on {path!r}" for path in step.written]
            lines += [f"# go on only while {path!r} is still the file that QEMU has open" for path in step.held]
        elif isinstance(step, Gone):
            lines.append(f"# go on once the guest has let go of {step.device} (DEVICE_DELETED)")
        elif isinstance(step, Fit):
            lines.append(f"# go on only if {step.node} has {step.size} bytes")
        elif isinstance(step, Guest):
            still = step.must == "still"
            lines.append(
                f"# {'go on only while query-status says that the guest does not run' if still else 'wait for RESET'}"
            )
        elif isinstance(step, Hold):
            lines += ["# stays so until it is ended; then all of this is taken back:", *_back(preview, dialect)]
        elif isinstance(step, Local):
            lines.append(f"# on this computer: {step.act}")
        elif isinstance(step, Make):
            made = shlex.join(("qemu-img", *step.words)) if step.words else f"set -C; : > {shlex.quote(step.path)}"
            lines.append(f"# in a shell: {made}")
        else:
            lines += _sent(step, dialect)
    return "\n".join(lines)


def _back(preview: Preview, dialect: Dialect) -> list[str]:
    """What takes a plan back, the last first."""
    sent = [step for step in walk(preview.draft.steps) if isinstance(step, Send) and not step.probe]
    return [line for step in reversed(sent) for each in step.undo for line in _sent(Send(each), dialect)]


def _sent(step: Send, dialect: Dialect) -> list[str]:
    remark = ["# must be refused: shows that no such file exists yet"] if step.probe else []
    said = qmp_json(step.command) if dialect == "QMP" else qmp_shell(step.command)
    if said is None:
        return [*remark, "# qmp-shell has no words for this one, as QMP:", f"# {qmp_json(step.command)}"]
    return [*remark, said]
