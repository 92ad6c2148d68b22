"""How a machine stands, in a word and a sign; one wording for list, canvas and messages. No Qt."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from diskchain.model.bases import Trouble, base_trouble
from diskchain.model.paths import base_name
from diskchain.model.state import OPERABLE, State
from diskchain.model.words import age, duration, percent
from diskchain.picture.words import one_line

if TYPE_CHECKING:
    from diskchain.session.session import Session

_STOPPED = {
    "paused": "paused",
    "io-error": "stopped on an I/O error",
    "inmigrate": "waits for a migration",
    "postmigrate": "has moved away",
    "finish-migrate": "is moving away",
    "prelaunch": "not started yet",
    "suspended": "suspended",
    "guest-panicked": "guest panicked",
    "internal-error": "internal error",
    "shutdown": "shut down",
}
"""QEMU's run states (`RunState`) in plain words; unknown ones are shown as they are."""


_STILL = {
    "paused": "The guest is paused and writes nothing until it is resumed (cont). Everything else can be done meanwhile.",
    "prelaunch": "The guest has not been started yet (cont starts it). Everything else can be done meanwhile.",
    "inmigrate": "This machine waits for a guest to move in. Until then its disks are not its own: they are only looked at.",
    "finish-migrate": "The guest is moving to another machine right now: its disks are only looked at.",
    "postmigrate": "The guest has moved to another machine, and its disks belong there now: they are only looked at here.",
    "guest-panicked": "The guest's own system has crashed (panicked). Save what you need, then reset or end the machine.",
}
"""What a run state in which the guest stands still means, and what to do about it."""

_WRONG = ("io-error", "internal-error", "guest-panicked")
_ROOM = 28
"""Letters that the line under a machine's name has room for."""
_MINUTES = len("2026-11-28 13:20")
_SLOW = 3.0
"""Seconds without an answer from which the age of what is shown is told; structure is asked twice a second."""


@dataclass(frozen=True)
class Standing:
    """`word`: plain. `tone`: of the palette. `shape`: of the sign."""

    word: str
    tone: str
    shape: str


def known(session: Session) -> bool:
    """Whether what the session tells is so now: its line has not ended. Of a recording, the end is all there is to know."""
    return session.link not in ("lost", "failed", "ended") or session.target.startswith("replay:")


def standing(session: Session) -> Standing:
    """How a session's machine stands now."""
    if session.link == "lost":
        return Standing("connection lost", "red", "cross")
    if session.link == "failed":
        return Standing("not connected", "red", "cross")
    if session.link == "ended":
        return Standing("ended", "grey", "ring")
    if session.state is None:
        return Standing("connecting", "grey", "ring")
    machine = session.state.machine
    if session.target.startswith("replay:"):
        return Standing("recording", "blue", "full")
    if machine.daemon:
        return Standing("storage daemon", "green", "full")
    if machine.status == "running":
        return Standing("running", "green", "full")
    word = _STOPPED.get(machine.status, machine.status or "status not known")
    return Standing(word, "red" if machine.status in _WRONG else "amber", "full")


def inspector_note(session: Session) -> str:
    """A sentence above the facts where they are not so now: when they were; empty: they are fresh."""
    recorded = session.state.machine.recorded if session.state else None
    if recorded is not None:
        return f"As it was recorded. {recorded.sentence}"
    if known(session) or not session.looked_at:
        return ""
    return f"Last seen {age(time.monotonic() - session.looked_at)}: all this was so then. How it is now is not known."


def second_line(session: Session) -> str:
    """The small line under a machine's name: `unix · QEMU 10.0.2 · running`, `stopped on an I/O error`."""
    if session.link in ("lost", "failed", "ended"):
        return standing(session).word
    recorded = session.state.machine.recorded if session.state else None
    if recorded is not None and recorded.time:
        return f"recording · {recorded.time[:_MINUTES]}"
    kind = session.target.split(":", 1)[0] if ":" in session.target else "unix"
    version = session.state.machine.qemu if session.state else ""
    managed = session.state.machine.managed if session.state else ""
    word, qemu = standing(session).word, f"QEMU {version}" if version else ""
    if managed:
        return f"{managed}, read-only"
    if word != "running":
        # What is out of the ordinary has the room first.
        line = " · ".join(one for one in (word, qemu) if one)
        return line if len(line) <= _ROOM else word
    line = " · ".join(one for one in ("tcp" if kind == "tcp" else "unix", qemu, word) if one)
    return line if len(line) <= _ROOM else line.partition(" · ")[2]


def canvas_note(session: Session) -> str:
    """A sentence that belongs over the picture: how old it is; empty: it is fresh."""
    if session.link in ("lost", "failed", "ended"):
        old = duration(max(time.monotonic() - session.looked_at, 0)) if session.looked_at else ""
        text = session.link_text or "The machine has ended."
        return f"{text} What is shown is {old} old." if old else text
    return ""


def strip_note(session: Session) -> str:
    """Sentences that stay above the picture while they are true.

    Why nothing may be changed, how old the picture is where QEMU answers slowly, why the guest stands still, why less is seen.
    """
    state, told = session.state, []
    recorded = state.machine.recorded if state is not None else None
    if recorded is not None:
        told.append(recorded.sentence)
    elif session.link == "live" and state is not None:
        old = time.monotonic() - session.looked_at
        told.append(f"QEMU answers slowly: what is shown is {duration(old)} old." if old > _SLOW else "")
        told.append(_why_still(state))
    if state is not None:
        told += [*_bases(state), state.reduced]
    return " ".join(one for one in (session.read_only, *told) if one)


def strip_tone(session: Session) -> str:
    """The colour of that sentence: red where the guest's data are in doubt, quiet where all is well, else amber."""
    state = session.state
    if state is not None and state.machine.daemon and not session.read_only and not any(_bases(state)):
        return "quiet"
    wrong = state is not None and (state.machine.status in _WRONG or any(_bases(state)))
    return "red" if wrong else "amber"


def why_not(session: Session) -> str:
    """Why nothing may be changed on a machine; empty: it may."""
    status = session.state.machine.status if session.state else ""
    return session.read_only or (
        "" if status in OPERABLE else _STILL.get(status, f"The guest is in the state {status}.")
    )


def _bases(state: State) -> Iterator[str]:
    """What is wrong with bases: the first of each kind, in a sentence, with what to do."""
    said = set()
    for name, node in state.graph.nodes.items():
        trouble = base_trouble(state.graph, name)
        if trouble is None or trouble in said:
            continue
        said.add(trouble)
        its, base = one_line(state.naming.of(name)), one_line(base_name(node.header_backing))
        if trouble is Trouble.LOOP:
            yield f"The header of {its} names {base}, which lies above: a loop. QEMU cannot open this chain again; rebase {its}."
        else:
            yield f"The header of {its} names {base}, which is not open here: what only that held reads as zeroes. Look for it."


def _why_still(state: State) -> str:
    """Why the guest stands still, and what to do; or that there is none."""
    if state.machine.daemon:
        return "A storage daemon has no guest: what uses its images are exports, which other programs open."
    if state.machine.status != "io-error":
        return _STILL.get(state.machine.status, "")
    disks = [one for one in state.devices if one.io_status not in ("", "ok")]
    names = " and ".join(one_line(one.name) for one in disks) or "a disk"
    if any(one.io_status == "nospace" for one in disks):
        return f"No space is left for {names}, so QEMU stopped the guest. Make room, then resume it (cont): it tries again."
    return f"An I/O error on {names} stopped the guest. Mend what is below, then resume it (cont): it tries again."


def disk_remark(session: Session, state: State, active: str | None) -> tuple[str, str]:
    """What a disk's row says at the right, and its tone: `chain of 4`, or what its job does."""
    if active is None:
        return "no medium", "quiet"
    chain = state.graph.chain(active)
    whole = {*chain, *(name for link in chain for name in state.graph.filters_above(link))}
    for job in state.jobs_on(whole):
        if not known(session):
            return f"{job.type} unknown", "quiet"
        offset, length = session.meter.progress(job.id) or (job.offset, job.length)
        if job.status in ("ready", "pending"):
            return f"{job.type} {job.status}", "green"
        if job.paused:
            return f"{job.type} paused", "amber"
        return f"{job.type} {percent(offset, length)}", "green"
    return f"chain of {len(chain)}" if len(chain) > 1 else "one image", "quiet"
