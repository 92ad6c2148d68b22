"""Places for graphs, by graphviz: one long-lived `dot -Tplain` answers a component at a time, answers are kept by shape.

A shape has no names, only sizes and edges by number: nothing that a user named ever reaches dot. DOT text is for people.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import os
import shutil
import signal
import subprocess
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

from diskchain.model import words
from diskchain.model.public import folded
from diskchain.model.signature import SIGNATURE
from diskchain.model.state import State

if TYPE_CHECKING:
    from graphviz import Digraph

_UNIT = 72.0
"""Scene units for each of dot's inches: so its points are our pixels."""

_LIMIT = 20.0
"""Seconds that dot may take for one component; 1,000 nodes in one chain take 0.3 s (facts/gui.md, section 4)."""

_ACROSS, _DOWN = 142.0, 44.0
"""Room between ranks (edge labels stand there) and between nodes of one rank."""

_STRAIGHT = "10"
"""How much more dot cares for a straight edge: without, each image of a chain stands half a card lower than the one before."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Shape:
    """A connected graph without names. `sizes`: width and height of each node; `edges`: from and to, by node number.

    :ivar straight: numbers of the edges that run in one line where they can, as a chain does; others go around it.
    """

    sizes: tuple[Point, ...]
    edges: tuple[tuple[int, int], ...]
    straight: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Placed:
    """Where things of a shape are, from (0, 0).

    :ivar at: left upper corners. `curves`: control points of each edge's cubic curves, from its start; empty: a straight line.
    """

    width: float
    height: float
    at: tuple[Point, ...]
    curves: tuple[tuple[Point, ...], ...]


class Layouter:
    """Asks dot, and remembers. Without dot, or where it fails, things stand in ranks of our own making."""

    def __init__(self, program: str | None = None) -> None:
        self._program = program or shutil.which("dot")
        self._known: dict[Shape, Placed] = {}
        self._process: Process | None = None
        self._turn = asyncio.Lock()
        self._closed = False

    def known(self, shape: Shape) -> Placed | None:
        """The places of a shape that was asked for before."""
        return self._known.get(shape)

    async def place(self, shapes: Iterable[Shape]) -> None:
        """Find the places of these shapes; afterwards all of them are known."""
        for shape in dict.fromkeys(shapes):
            if shape not in self._known:
                self._known[shape] = await self._ask(shape) or in_ranks(shape)

    def place_now(self, shapes: Iterable[Shape]) -> None:
        """The same at once, in a dot of its own: for still pictures, where nobody waits in front of a window."""
        wanted = [shape for shape in dict.fromkeys(shapes) if shape not in self._known]
        answers: list[str] = []
        if wanted and self._program is not None:
            with contextlib.suppress(OSError, subprocess.SubprocessError):
                done = subprocess.run(
                    [self._program, "-Tplain"],
                    input="".join(map(source, wanted)),
                    capture_output=True,
                    text=True,
                    timeout=_LIMIT,
                    check=True,
                )
                answers = done.stdout.split("stop\n")[:-1]
        for at, shape in enumerate(wanted):
            placed = read_plain(answers[at], shape) if at < len(answers) else None
            self._known[shape] = placed or in_ranks(shape)

    async def close(self) -> None:
        """End dot for good and wait for it. What is asked later stands in ranks: a dot of its own would outlive the window."""
        self._closed = True
        await self._end()

    async def _end(self) -> None:
        """End dot with all that it may have started (it can be a script), and wait until it is gone and its pipes are closed."""
        process, self._process = self._process, None
        if process is None or process.stdin is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
        process.stdin.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LIMIT):
                await process.communicate()

    async def _ask(self, shape: Shape) -> Placed | None:
        async with self._turn:
            placed = None
            try:
                with contextlib.suppress(OSError, ValueError, LookupError, EOFError, asyncio.LimitOverrunError):
                    async with asyncio.timeout(_LIMIT):
                        placed = read_plain(await self._answer(source(shape)), shape)
            finally:
                if placed is None:  # the next one gets a fresh dot: this one may still answer what nobody waits for
                    await self._end()
            return placed

    async def _answer(self, asked: str) -> str:
        if self._program is None or self._closed:
            return ""
        if (process := self._process) is None or process.returncode is not None:
            await self._end()
            process = await self._begin(self._program)
        into, out = process.stdin, process.stdout
        if into is None or out is None:
            return ""
        into.write(asked.encode())
        await into.drain()
        return (await out.readuntil(b"stop\n")).decode()

    async def _begin(self, program: str) -> Process:
        """Start dot, also when cancelled meanwhile: asyncio would kill it alone, and wait for its children; `_end` ends all."""
        starting = asyncio.create_subprocess_exec(
            program, "-Tplain", stdin=PIPE, stdout=PIPE, stderr=DEVNULL, limit=1 << 26, start_new_session=True
        )
        began = asyncio.gather(starting)
        try:
            await asyncio.shield(began)
        finally:
            (self._process,) = await began
        return self._process


def _graphviz() -> ModuleType:
    """The graphviz package, imported late: only Full graph and DOT text need it, and every start would pay for it."""
    return importlib.import_module("graphviz")


def source(shape: Shape) -> str:
    """The DOT text of a shape: parents at the right, what they use at the left, as in the chain view."""
    graph: Digraph = _graphviz().Digraph(
        graph_attr={"rankdir": "RL", "ranksep": f"{_ACROSS / _UNIT:.3f}", "nodesep": f"{_DOWN / _UNIT:.3f}"},
        node_attr={"shape": "box", "fixedsize": "true", "label": ""},
        edge_attr={"dir": "none"},
    )
    for at, (width, height) in enumerate(shape.sizes):
        graph.node(f"n{at}", width=f"{width / _UNIT:.4f}", height=f"{height / _UNIT:.4f}")
    for number, (start, end) in enumerate(shape.edges):
        graph.edge(f"n{start}", f"n{end}", **({"weight": _STRAIGHT} if number in shape.straight else {}))
    return str(graph.source)


def read_plain(answer: str, shape: Shape) -> Placed | None:
    """Dot's answer in its `plain` format (inches, y upwards); None where it does not fit the shape."""
    height = width = 0.0
    at: dict[int, Point] = {}
    curves: dict[tuple[int, int], list[tuple[Point, ...]]] = {}
    for line in answer.splitlines():
        parts = line.split() or [""]
        if parts[0] == "graph":
            width, height = float(parts[2]) * _UNIT, float(parts[3]) * _UNIT
        elif parts[0] == "node":
            number = int(parts[1][1:])
            w, h = shape.sizes[number]
            at[number] = (float(parts[2]) * _UNIT - w / 2, height - float(parts[3]) * _UNIT - h / 2)
        elif parts[0] == "edge":
            count = int(parts[3])
            numbers = [float(part) * _UNIT for part in parts[4 : 4 + 2 * count]]
            points = tuple((numbers[i], height - numbers[i + 1]) for i in range(0, 2 * count, 2))
            curves.setdefault((int(parts[1][1:]), int(parts[2][1:])), []).append(points)
    if len(at) != len(shape.sizes):
        return None
    found = tuple(curves[edge].pop(0) if curves.get(edge) else () for edge in shape.edges)
    return _upright(Placed(width, height, tuple(at[number] for number in range(len(at))), found), shape)


def _upright(placed: Placed, shape: Shape) -> Placed:
    """The same with what is straight above the rest: dot does not care which side is up."""
    chain = {end for number in shape.straight for end in shape.edges[number]}
    middles = [y + h / 2 for (_, y), (_, h) in zip(placed.at, shape.sizes, strict=True)]
    above = [middle for number, middle in enumerate(middles) if number in chain]
    rest = [middle for number, middle in enumerate(middles) if number not in chain]
    if not above or not rest or sum(above) / len(above) <= sum(rest) / len(rest):
        return placed
    high = placed.height
    at = tuple((x, high - y - h) for (x, y), (_, h) in zip(placed.at, shape.sizes, strict=True))
    return Placed(placed.width, high, at, tuple(tuple((x, high - y) for x, y in each) for each in placed.curves))


def in_ranks(shape: Shape) -> Placed:
    """Places without graphviz: each node one rank left of its rightmost parent, ranks filled from the top."""
    rank = [0] * len(shape.sizes)
    for _ in range(len(shape.sizes)):
        moved = False
        for start, end in shape.edges:
            if rank[end] < rank[start] + 1 <= len(shape.sizes):
                rank[end], moved = rank[start] + 1, True
        if not moved:
            break
    deepest, widest = max(rank, default=0), max((width for width, _ in shape.sizes), default=0.0)
    filled: dict[int, float] = {}
    at: list[Point] = []
    for number, (_, height) in enumerate(shape.sizes):
        y = filled.get(rank[number], 0.0)
        at.append(((deepest - rank[number]) * (widest + _ACROSS), y))
        filled[rank[number]] = y + height + _DOWN
    bottom = max(filled.values(), default=0.0)
    return Placed((deepest + 1) * (widest + _ACROSS) - _ACROSS, bottom, tuple(at), tuple(() for _ in shape.edges))


def dot_source(state: State, full: bool) -> str:
    """A state as DOT text, every name quoted. `full`: with protocol and implicit nodes, jobs, and permissions on edges."""
    shown = state if full else folded(state)
    graph: Digraph = _graphviz().Digraph(
        "diskchain", comment=SIGNATURE, graph_attr={"rankdir": "RL"}, node_attr={"shape": "box"}
    )
    numbers = {name: f"n{number}" for number, name in enumerate(shown.graph.nodes)}
    for name, node in shown.graph.nodes.items():
        lines = [name, node.driver, node.file or "", words.used_of(node.allocated, node.virtual_size)]
        graph.node(numbers[name], label=_label(lines), style="bold" if name in state.active else "")
    for edge in shown.graph.edges:
        words_ = [edge.role, words.letters(edge.permissions) if full else ""]
        graph.edge(numbers[edge.parent], numbers[edge.child], label=_label(words_))
    _roots(graph, state, shown, numbers, full)
    return str(graph.source)


def _roots(graph: Digraph, state: State, shown: State, numbers: dict[str, str], full: bool) -> None:
    """Devices, exports, and in the full graph jobs, with their edges."""
    for number, device in enumerate(state.devices):
        graph.node(f"d{number}", label=_label([device.name, device.model]), shape="ellipse")
        root = device.root if device.root in numbers else state.active_of(device)
        if root in numbers:
            graph.edge(f"d{number}", numbers[root])
    for number, export in enumerate(shown.exports):
        graph.node(f"e{number}", label=_label([export.id, f"{export.type} export"]), shape="cds")
        node = export.node if export.node in numbers else state.graph.through(export.node)
        if node in numbers:
            graph.edge(f"e{number}", numbers[node])
    for number, job in enumerate(state.jobs if full else ()):
        graph.node(f"j{number}", label=_label([job.id, job.type, job.status]), shape="octagon")
        for role, name in job.nodes:
            if name in numbers:
                graph.edge(f"j{number}", numbers[name], label=_label([role]))


def _label(lines: Sequence[str]) -> str:
    """Lines of foreign text as a DOT label; backslashes and line breaks in names stay what they are."""
    graphviz = _graphviz()
    return str(graphviz.nohtml("\\n".join(graphviz.escape(line.replace("\n", "↵")) for line in lines if line)))
