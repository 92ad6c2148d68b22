"""A graph as a mermaid flowchart, for pages and merge requests that draw such text themselves."""

from __future__ import annotations

from pathlib import PurePath

from diskchain.model import words
from diskchain.model.node import Kind
from diskchain.model.public import folded
from diskchain.model.signature import SIGNATURE
from diskchain.model.state import State

_PLAIN = frozenset(" ._-/:,+=%@")
_SHAPES = {Kind.FORMAT: ('["', '"]'), Kind.PROTOCOL: ('[("', '")]'), Kind.FILTER: ('{{"', '"}}')}


def quoted(text: str) -> str:
    """Text for a label: whatever could be markup or end the label becomes a character code, as mermaid reads them."""
    return "".join(sign if sign.isalnum() or sign in _PLAIN else f"#{ord(sign)};" for sign in text)


def mermaid(state: State, full: bool) -> str:
    """The flowchart, bases at the left; each arrow leads from a parent to its child, backing edges are solid."""
    shown = state if full else folded(state)
    ids = {name: f"n{number}" for number, name in enumerate(sorted(shown.graph.nodes))}
    lines = ["flowchart RL", f"    %% {SIGNATURE}"]
    for name, node in sorted(shown.graph.nodes.items()):
        parts = [quoted(name), quoted(node.driver or "driver not known")]
        if node.file and node.kind is not Kind.FILTER:
            parts.insert(1, quoted(PurePath(node.file).name))
        if node.kind is Kind.FORMAT:
            parts.append(quoted(words.used_of(node.allocated, node.virtual_size)))
        left, right = _SHAPES[node.kind]
        lines.append(f"    {ids[name]}{left}{'<br/>'.join(parts)}{right}")
    for edge in sorted(shown.graph.edges, key=lambda edge: (edge.parent, edge.role, edge.child)):
        arrow = "-->" if edge.role == "backing" else "-.->"
        lines.append(f'    {ids[edge.parent]} {arrow}|"{quoted(edge.role)}"| {ids[edge.child]}')
    for number, device in enumerate(sorted(state.devices, key=lambda device: device.name)):
        parts = [quoted(device.name or device.qdev or "device"), *([quoted(device.model)] if device.model else [])]
        label = "<br/>".join(parts)
        lines.append(f'    d{number}(["{label}"])')
        root = device.root if device.root in ids else state.active_of(device)
        if root in ids:
            lines.append(f"    d{number} ==> {ids[root]}")
    return "\n".join(lines) + "\n"
