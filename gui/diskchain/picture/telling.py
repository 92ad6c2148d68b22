"""From a state to looks: what each card, filter, pill and line says. Pure; measurements come in by a meter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from diskchain.model import words
from diskchain.model.bases import Trouble, base_trouble
from diskchain.model.flows import flows
from diskchain.model.job import OUR_PREFIX, Job
from diskchain.model.measured import Rates
from diskchain.model.node import Kind, Node
from diskchain.model.paths import base_name
from diskchain.model.root import Device, Export
from diskchain.model.state import State
from diskchain.picture.kept import KEPT_MARK
from diskchain.picture.look import Badge, CardLook, PillLook, SlimLook
from diskchain.picture.palette import driver_tone
from diskchain.picture.words import called, one_line

_FILTER_JOBS = {
    "commit_top": "commit",
    "mirror_top": "mirror",
    "copy-before-write": "copies first",
    "snapshot-access": "as it was",
}
_TARGETS = ("mirror", "backup", "commit", "stream")

_FAINT = 1024.0
"""Rates below this many bytes per second are not worth a word."""

_ACTIVE, _READ_ONLY = Badge("ACTIVE", "blue"), Badge("READ-ONLY", "grey")
_NO_BASE = {Trouble.NOT_OPEN: Badge("BASE NOT OPEN", "red"), Trouble.LOOP: Badge("LOOP", "red")}
_NO_FORMAT = Badge("NO FORMAT", "grey")
_STILL = {"inmigrate": "waits", "postmigrate": "moved", "finish-migrate": "moving", "prelaunch": "not started"}
"""Run states whose own names are too long for a pill."""
_SHARED, _EXPORT = Badge("SHARED", "amber"), Badge("EXPORT", "nbd")

Known = dict[str, tuple[tuple[Node, tuple[Badge, ...], str], CardLook]]
"""Node-name -> what its card was told from, and the card."""


class Measures(Protocol):
    """What of `model.throughput.Meter` a picture asks."""

    def rate(self, job: str) -> float | None:
        """Bytes per second that a job copies."""

    def progress(self, job: str) -> tuple[int, int] | None:
        """Offset and length of a job in bytes."""

    def device_rates(self, name: str) -> Rates | None:
        """What the guest reads and writes on a device."""

    def node_rates(self, name: str) -> Rates | None:
        """What is read and written on a node."""


@dataclass(frozen=True)
class Telling:
    """One state, and what else is to be told of it.

    :ivar spoilt: node-name -> the ledger's word on its image. `kept`: nodes of branches that are kept.
    :ivar ghost: the whole state is what would be.
    :ivar prospects: node-name -> what a preview says will become of its image.
    :ivar reckoned: names of nodes whose allocation was reckoned from those of others, and is so much at most.
    :ivar lost: the line is lost: what was measured last is no longer told as if it went on.
    :ivar known: cards told before, by name: a node that did not change gets the same look again.
    """

    state: State
    meter: Measures | None = None
    spoilt: Mapping[str, Badge] = field(default_factory=dict)
    kept: frozenset[str] = frozenset()
    prospects: Mapping[str, Badge] = field(default_factory=dict)
    ghost: bool = False
    reckoned: frozenset[str] = frozenset()
    lost: bool = False
    known: Known = field(default_factory=dict)

    @property
    def still(self) -> bool:
        """Whether what is shown was so at some time, and does not go on."""
        return self.lost or self.state.machine.recorded is not None

    def card(self, name: str) -> CardLook:
        """The card of a node that is no filter."""
        node = self.state.graph.nodes[name]
        badges = self._badges(node)
        rate = "" if self.ghost or self.lost else self._rate(name)
        told = (node, badges, rate)
        kept = self.known.get(name)
        if kept is not None and kept[0][0] is node and kept[0][1:] == told[1:]:
            return kept[1]
        look = self._card(node, badges, rate)
        self.known[name] = (told, look)
        return look

    def _card(self, node: Node, badges: tuple[Badge, ...], rate: str) -> CardLook:
        below = self.state.graph.protocol(node.name)
        via = self.state.graph.nodes[below].driver if below is not None else ""
        remote = driver_tone(via) == "nbd"
        driver = via if remote and node.driver == "raw" else node.driver
        used = node.allocated / node.virtual_size if node.allocated is not None and node.virtual_size else None
        name, file = called(node), one_line(base_name(node.file)) or ("no file" if node.file is None else "")
        if node.file is not None and node.nameless:
            file = one_line(node.name)
        return CardLook(
            name=name,
            file=file,
            driver=one_line(driver) or "?",
            tone="nbd" if remote else driver_tone(driver),
            used=None if used is None else min(max(used, 0.0), 1.0),
            size=self._size(node),
            badges=badges,
            rate=rate,
            active=node.name in self.state.active,
            marks=len(self._marks(node.name)),
            ghost=self.ghost,
            hatched=node.name in self.spoilt,
            nameless=node.nameless,
        )

    def _size(self, node: Node) -> str:
        most = node.name in self.reckoned and node.allocated is not None
        return f"{'up to ' if most else ''}{words.used_of(node.allocated, node.virtual_size)}"

    @cached_property
    def _words(self) -> dict[str, list[Badge]]:
        """Badges that come from elsewhere than the node itself: roots, jobs, exports, overlays."""
        state, found = self.state, dict[str, list[Badge]]()
        for name in (*self.prospects, *(name for name in self.spoilt if name not in self.prospects)):
            found[name] = self._marks(name)
        for name in self.kept:
            found.setdefault(name, []).append(KEPT_MARK)
        for name in state.active:
            found.setdefault(name, []).append(_ACTIVE)
        for flow in flows(state):
            job = state.job(flow.job)
            word = job.type.upper() if job is not None and job.type in _TARGETS else "JOB"
            found.setdefault(flow.target, []).append(Badge(f"{word} TARGET", "nbd"))
        backed = Counter(edge.child for edge in state.graph.edges if edge.role == "backing")
        for name, times in backed.items():
            if times > 1 and len(state.graph.overlays(name)) > 1:
                found.setdefault(name, []).append(_SHARED)
        for export in state.exports:
            real = state.graph.through(export.node) or export.node
            if _EXPORT not in found.setdefault(real, []):
                found[real].append(_EXPORT)
        return found

    def _badges(self, node: Node) -> tuple[Badge, ...]:
        found = list(self._words.get(node.name, ()))
        if (trouble := base_trouble(self.state.graph, node.name)) is not None:
            found.append(_NO_BASE[trouble])
        if node.kind is Kind.PROTOCOL and node.name in self.state.active:
            found.append(_NO_FORMAT)
        if node.read_only and not self._marks(node.name):
            found.append(_READ_ONLY)
        if node.encrypted:
            found.append(Badge("ENCRYPTED", "other"))
        found += [Badge(f"BITMAP {one_line(bitmap.name)}", "amber") for bitmap in node.named_bitmaps]
        if node.snapshots:
            found.append(Badge(f"{len(node.snapshots)} INTERNAL", "grey"))
        return tuple(found)

    def _marks(self, name: str) -> list[Badge]:
        """What speaks of a node's contents: what will become of them, and what the ledger says."""
        return [marks[name] for marks in (self.prospects, self.spoilt) if name in marks]

    def marks_in(self, names: Iterable[str]) -> tuple[Badge, ...]:
        """The marks of nodes that are drawn as one thing, counted: `2 INVALID`; the gravest first."""
        found = Counter(badge for name in names for badge in self._marks(name))
        gravest = sorted(found.items(), key=lambda each: (each[0].tone != "red", each[0].text))
        return tuple(badge.times(count) for badge, count in gravest)

    def marked_in(self, names: Iterable[str]) -> list[str]:
        """Which of them, as `Invalid: overlay1, overlay2.`, for tool tips and screen readers."""
        found: dict[str, list[str]] = {}
        for name in names:
            for badge in self._marks(name):
                found.setdefault(badge.text, []).append(one_line(name))
        return [f"{text.capitalize()}: {', '.join(marked)}." for text, marked in sorted(found.items())]

    def _rate(self, name: str) -> str:
        if self.meter is None:
            return ""
        rates = self.meter.node_rates(name)
        devices = self.state.devices_on(name)
        if rates is None and devices:
            rates = self.meter.device_rates(devices[0].name)
        if rates is None or max(rates.read, rates.written) < _FAINT:
            return ""
        return f"{words.rate(rates.written)} w" if rates.written >= rates.read else f"{words.rate(rates.read)} r"

    def slim(self, name: str) -> SlimLook:
        """The card of a filter; a job's filter says the job's word, and its name where it is not ours, which says nothing."""
        node = self.state.graph.nodes[name]
        job = next((job for job in self.state.jobs if name in job.node_names), None)
        word = job.type if job is not None and job.type else _FILTER_JOBS.get(node.driver, node.driver)
        return SlimLook(one_line(word) or "filter", one_line(name), self.ghost, not name.startswith(OUR_PREFIX))

    def device(self, device: Device) -> PillLook:
        """The pill of a guest device."""
        model = one_line(device.model) or ("drive" if device.drive else "device")
        note = model if self.lost else f"{model} · {self._alive(device)}"
        return PillLook(one_line(device.name) or "?", note, self._tone(device), "device", self.ghost)

    def _tone(self, device: Device) -> str:
        """Blue as the active image is; red where an error stands in the way, amber where the guest stands still."""
        if self.lost or self.ghost:
            return "blue"
        if device.io_status not in ("", "ok"):
            return "red"
        return "blue" if self.state.machine.status in ("running", "") else "amber"

    def _alive(self, device: Device) -> str:
        if device.root is None:
            return "tray open" if device.tray_open else "no medium"
        if device.io_status not in ("", "ok"):
            return {"nospace": "no space"}.get(device.io_status, f"I/O {device.io_status}")
        status = self.state.machine.status
        live = "ran then" if self.state.machine.recorded else "live"
        return live if status == "running" else _STILL.get(status) or one_line(status) or "attached"

    def job(self, job: Job) -> PillLook:
        """The pill of a running job: `mirror 62 % · 212 MiB/s`; where it is not so now `mirror last known 62 %`, and grey."""
        progress = self.meter.progress(job.id) if self.meter is not None else None
        offset, length = progress or (job.offset, job.length)
        rate = self.meter.rate(job.id) if self.meter is not None and not self.still else None
        ready = job.ready or job.status == "ready"
        waits = job.status in ("pending", "paused", "standby", "waiting")
        note = "" if ready else one_line(job.status) if waits else words.rate(rate) if rate else ""
        share = "ready" if ready else words.percent(offset, length) if length else "starting"
        share, tone = (f"last known {share}", "grey") if self.still else (share, "green")
        return PillLook(f"{one_line(job.type)} {share}", note, tone, "job", self.ghost, share)

    def export(self, export: Export) -> PillLook:
        """The plug of an export."""
        name = one_line(export.uri or export.name or export.id)
        return PillLook(name, one_line(export.type), "nbd", "export", self.ghost)
