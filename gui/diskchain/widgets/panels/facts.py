"""What the inspector says of a node, device, edge, job, export or machine: lines of label and value, with units. No Qt."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from diskchain.model.bases import Trouble, base_trouble
from diskchain.model.bitmap import Bitmap
from diskchain.model.job import Job
from diskchain.model.ledger import KEPT, LedgerEntry
from diskchain.model.marked import kept_nodes, spoilt_nodes
from diskchain.model.measured import Rates
from diskchain.model.node import Edge, Node
from diskchain.model.paths import base_name
from diskchain.model.root import Device, Export
from diskchain.model.state import State
from diskchain.model.throughput import Meter
from diskchain.model.words import percent, rate, size, span
from diskchain.picture.palette import driver_tone
from diskchain.picture.words import one_line

UNKNOWN = "not known"


@dataclass(frozen=True)
class Fact:
    """One line. `whole`: the text behind a shortened value, for the tool tip and for copying."""

    label: str
    value: str
    whole: str = ""


@dataclass(frozen=True)
class Badge:
    """A word on a coloured ground; `tone` is one of the palette's."""

    word: str
    tone: str


@dataclass(frozen=True)
class Facts:
    """Everything that is said of one thing. `raw`: decoded JSON as QEMU told it."""

    title: str
    badges: tuple[Badge, ...]
    facts: tuple[Fact, ...]
    raw: object = None

    @property
    def raw_text(self) -> str:
        """The raw JSON, indented; empty where QEMU told none."""
        return json.dumps(self.raw, indent=2, ensure_ascii=False, default=str) if self.raw else ""


def facts_of(
    state: State, meter: Meter | None, key: str, entries: Sequence[LedgerEntry] = (), lost: bool = False
) -> Facts | None:
    """The facts of a node, device, job or export by its name, in this order of search; None where nothing has that name.

    :param entries: what the ledger knows of images. `lost`: whether the line is lost, so that this is how it was then.
    """
    if key in state.graph.nodes:
        spoilt, kept = spoilt_nodes(state, entries, lost), kept_nodes(state, entries)
        return _of_node(state, meter, state.graph.nodes[key], spoilt.get(key) or kept.get(key))
    if (device := state.device(key)) is not None:
        return _of_device(state, meter, device)
    if (job := state.job(key)) is not None:
        return _of_job(state, meter, job)
    export = next((export for export in state.exports if export.id == key), None)
    return _of_export(export) if export else None


def facts_of_edge(edge: Edge) -> Facts:
    """The facts of a parent's use of a child."""
    facts = (
        Fact("Parent", one_line(edge.parent)),
        Fact("Child", one_line(edge.child)),
        Fact("Role", edge.role),
        Fact("Parent may", ", ".join(edge.permissions) or "nothing"),
        Fact("Others still may", ", ".join(edge.shared) or "nothing"),
    )
    return Facts(f"{one_line(edge.parent)} → {one_line(edge.child)}", (Badge(edge.role, "grey"),), facts, asdict(edge))


def facts_of_machine(state: State, now: bool = True) -> Facts:
    """The facts of the machine itself, shown while nothing is selected. `now`: it is so now, not at some time before."""
    machine = state.machine
    status = "storage daemon, no guest" if machine.daemon else machine.status or UNKNOWN
    facts = [
        Fact("Target", one_line(machine.target), machine.target),
        Fact("QEMU", machine.qemu or UNKNOWN),
        Fact("Status", status if now else f"{status} then"),
        Fact("Process", str(machine.pid) if machine.pid else UNKNOWN),
        Fact("Disks", str(len(state.devices))),
        Fact("Nodes", str(len(state.graph.nodes))),
        Fact("Jobs", str(len(state.jobs)) if state.jobs else "none"),
        Fact("Exports", str(len(state.exports)) if state.exports else "none"),
    ]
    if machine.managed:
        facts.append(Fact("Managed by", machine.managed))
    if state.reduced:
        facts.append(Fact("Look", state.reduced))
    return Facts(one_line(machine.name) or "Machine", (Badge("MACHINE", "grey"),), tuple(facts))


def _of_node(state: State, meter: Meter | None, node: Node, mark: LedgerEntry | None) -> Facts:
    facts = [Fact(mark.word.capitalize(), mark.why, mark.why)] if mark is not None else []
    facts += [*_name_facts(node), *_file_facts(state, node), *_size_facts(node)]
    facts.append(Fact("Cache", _cache(node)))
    facts += [
        Fact(
            "Held by",
            f"{one_line(state.naming.of(edge.parent))} as {edge.role}: {', '.join(edge.permissions) or 'nothing'}",
        )
        for edge in state.graph.parents(node.name)
    ]
    facts += [
        Fact("Held by", f"{one_line(device.name)} as root: {', '.join(device.permissions)}")
        for device in state.devices
        if device.root == node.name and device.permissions
    ]
    facts += [_attached(device, node) for device in state.devices_on(node.name)]
    facts += _rate_facts(state, meter, node)
    facts += [_bitmap(bitmap) for bitmap in node.named_bitmaps]
    if node.snapshots:
        facts.append(Fact("Internal snapshots", one_line(", ".join(node.snapshots))))
    facts += [_export(export) for export in state.exports_on({node.name})]
    facts += [Fact("Job", f"{job.type} {one_line(job.id)}, {job.status}") for job in state.jobs_on({node.name})]
    facts += _option_facts(node)
    return Facts(one_line(state.naming.of(node.name)), tuple(_badges(state, node, mark)), tuple(facts), node.facts)


def _name_facts(node: Node) -> Iterator[Fact]:
    if node.nameless:
        yield Fact("Name", f"{node.name}, by QEMU, new at each start")


def _badges(state: State, node: Node, mark: LedgerEntry | None) -> Iterator[Badge]:
    yield Badge(node.driver or "driver not known", driver_tone(node.driver))
    if mark is not None:
        yield _mark(mark)
    if node.name in state.active:
        yield Badge("ACTIVE", "blue")
    if node.read_only:
        yield Badge("READ-ONLY", "grey")
    if node.encrypted:
        yield Badge("ENCRYPTED", "other")
    if node.nameless and not node.implicit:
        yield Badge("NO NAME", "grey")
    if (trouble := base_trouble(state.graph, node.name)) is not None:
        yield Badge("LOOP" if trouble is Trouble.LOOP else "BASE NOT OPEN", "red")
    if len(state.graph.overlays(node.name)) > 1:
        yield Badge("SHARED", "amber")
    if node.implicit:
        yield Badge("PUT IN BY QEMU", "amber")


def _file_facts(state: State, node: Node) -> Iterator[Fact]:
    path = node.file
    yield Fact("File", one_line(path) if path else "none" if node.kind.value == "filter" else UNKNOWN, path or "")
    below = state.graph.backing(node.name)
    if below is not None:
        driver = state.graph.nodes[below].driver
        yield Fact("Backing", f"{one_line(state.naming.of(below))} ({driver or 'format not known'})")
    elif node.kind.value == "format":
        yield Fact("Backing", "none is open" if base_trouble(state.graph, node.name) else "none")
    if len(above := state.graph.overlays(node.name)) > 1:
        yield Fact("Backs", one_line(", ".join(map(state.naming.of, above))))
    if node.header_backing is not None:
        form = node.header_backing_format
        said = f"{one_line(base_name(node.header_backing))} ({form or 'no format said'})"
        yield Fact("Header names", said, node.header_backing)


def _size_facts(node: Node) -> Iterator[Fact]:
    virtual, used = node.virtual_size, node.allocated
    yield Fact("Virtual size", size(virtual) if virtual is not None else UNKNOWN, _bytes(virtual))
    share = f" · {percent(used, virtual)}" if used is not None and virtual and used <= virtual else ""
    yield Fact("On disk", f"{size(used)}{share}" if used is not None else UNKNOWN, _bytes(used))
    if node.cluster_size:
        lazy = _deep(node.facts, "image", "format-specific", "data", "lazy-refcounts")
        note = "" if lazy is None else f" · lazy refcounts {'on' if lazy else 'off'}"
        yield Fact("Cluster", f"{size(node.cluster_size)}{note}")


def _bytes(count: int | None) -> str:
    return "" if count is None else f"{count:,} bytes".replace(",", " ")


def _deep(told: object, *path: str) -> object:
    """What lies at a path of keys in decoded JSON; None where it does not go so deep."""
    for key in path:
        told = told.get(key) if isinstance(told, dict) else None
    return told


def _cache(node: Node) -> str:
    told = node.facts.get("cache")
    if not isinstance(told, dict):
        return UNKNOWN
    words = ["writeback" if told.get("writeback") else "writethrough"]
    words += ["direct"] if told.get("direct") else []
    words += ["no flush (unsafe)"] if told.get("no-flush") else []
    return ", ".join(words)


def _attached(device: Device, node: Node) -> Fact:
    said = f"{one_line(device.name)}{f' · {device.model}' if device.model else ''}"
    return Fact("Guest disk", f"{said}, reads only" if node.read_only else said, device.qdev)


def _rate_facts(state: State, meter: Meter | None, node: Node) -> Iterator[Fact]:
    rates = meter.node_rates(node.name) if meter else None
    if rates is None and meter:
        found = [told for device in state.devices_on(node.name) if (told := meter.device_rates(device.name))]
        rates = found[0] if found else None
    yield from _rates(rates)


def _rates(rates: Rates | None) -> Iterator[Fact]:
    if rates is not None:
        yield Fact("Reads", rate(rates.read))
        yield Fact("Writes", rate(rates.written))


def _bitmap(bitmap: Bitmap) -> Fact:
    words = [f"{size(bitmap.count)} dirty", f"per {size(bitmap.granularity)}"]
    words.append("inconsistent" if bitmap.inconsistent else "recording" if bitmap.recording else "not recording")
    words += ["busy"] if bitmap.busy else []
    words += ["persistent"] if bitmap.persistent else ["not persistent"]
    return Fact(f"Bitmap {one_line(bitmap.name)}", ", ".join(words))


def _export(export: Export) -> Fact:
    name = f" {one_line(export.name)}" if export.name else ""
    return Fact("Export", f"{export.type}{name}{', shutting down' if export.shutting_down else ''}", export.uri or "")


def _option_facts(node: Node) -> Iterator[Fact]:
    told = node.facts
    zeroes = told.get("detect_zeroes")
    if isinstance(zeroes, str) and zeroes != "off":
        yield Fact("Detect zeroes", zeroes)
    limits = [f"{word} {told[word]:,}" for word in ("bps", "iops") if isinstance(told.get(word), int) and told[word]]
    if limits:
        yield Fact("Throttled to", ", ".join(limits).replace("bps", "bytes/s"))
    compat = _deep(told, "image", "format-specific", "data", "compat")
    if isinstance(compat, str):
        yield Fact("Image version", compat)
    if _deep(told, "image", "dirty-flag") is True:
        yield Fact("Dirty flag", "set: not closed in good order")
    if _deep(told, "image", "format-specific", "data", "corrupt") is True:
        yield Fact("Corrupt flag", "set: QEMU saw damage")


def _of_device(state: State, meter: Meter | None, device: Device) -> Facts:
    active = state.active_of(device)
    chain = state.graph.chain(active) if active else ()
    facts = [
        Fact("Model", device.model or UNKNOWN),
        Fact("Attached to", one_line(device.root) if device.root else "no medium"),
        Fact("Active node", one_line(active) if active else "none"),
        Fact("Chain", f"{len(chain)} {'image' if len(chain) == 1 else 'images'}" if chain else "none"),
        Fact("Device path", one_line(device.qdev) or UNKNOWN),
    ]
    if device.drive:
        facts.append(Fact("Drive", one_line(device.drive)))
    if device.removable:
        facts.append(Fact("Medium", "removable, tray open" if device.tray_open else "removable"))
    if device.io_status:
        facts.append(Fact("I/O status", device.io_status))
    facts += _rates(meter.device_rates(device.name) if meter else None)
    name = device.name or device.qdev or "device"
    return Facts(one_line(posixpath.basename(name)), (Badge("GUEST DISK", "blue"),), tuple(facts), asdict(device))


def _of_job(state: State, meter: Meter | None, job: Job) -> Facts:
    title = meter.title(job).long if meter else job.type
    facts = [
        Fact("What", title),
        Fact("Status", "paused" if job.paused else job.status),
        Fact("Progress", f"{size(job.offset)} of {size(job.length)} · {percent(job.offset, job.length)}"),
        Fact("Limit", rate(job.speed) if job.speed else "none"),
        Fact("Nodes", one_line(", ".join(f"{name} ({role})" for role, name in job.nodes))),
        Fact("Started by", "this application" if job.ours else "someone else"),
    ]
    if meter is not None:
        speed, left, moved, skipped = (
            meter.rate(job.id),
            meter.left(job.id),
            meter.moved(job.id),
            meter.skipped(job.id),
        )
        facts += [Fact("Rate", rate(speed))] if speed is not None else []
        facts += [Fact("Time left", span(*left))] if left is not None else []
        facts += [Fact("Moved", f"up to {size(moved)}")] if moved is not None else []
        facts += [Fact("Zeroes skipped", f"at least {size(skipped)}")] if skipped else []
    if job.error:
        facts.append(Fact("Error", one_line(job.error)))
    return Facts(one_line(job.id), (Badge(job.type.upper(), "green"),), tuple(facts), asdict(job))


def _of_export(export: Export) -> Facts:
    writable = UNKNOWN if export.writable is None else "yes" if export.writable else "no"
    facts = (
        Fact("Type", export.type),
        Fact("Node", one_line(export.node)),
        Fact("Name", one_line(export.name) if export.name else UNKNOWN),
        Fact("Address", one_line(export.uri) if export.uri else UNKNOWN),
        Fact("Writable", writable),
    )
    return Facts(one_line(export.id), (Badge("EXPORT", "nbd"),), facts, asdict(export))


def facts_of_entry(entry: LedgerEntry) -> Facts:
    """The facts of an image that QEMU no longer shows."""
    facts = (
        Fact("File", one_line(entry.path), entry.path),
        Fact("Was node", one_line(entry.node) or UNKNOWN),
        Fact("Disk", one_line(entry.disk) or UNKNOWN),
        Fact("Backing", one_line(entry.backing) if entry.backing else "none", entry.backing or ""),
        Fact("Why", entry.why, entry.why),
    )
    return Facts(one_line(base_name(entry.path)), (_mark(entry),), facts)


def _mark(entry: LedgerEntry) -> Badge:
    """The ledger's word, in the tone that it has on cards."""
    tone = {KEPT: "other", "invalid": "red"}.get(entry.word, "amber")
    return Badge(entry.word.upper(), tone)
