"""Tells a former output of `diskchain graph` from every other file, other people's pictures and graphs included."""

from __future__ import annotations

import json

from diskchain.model.public import state_as_json
from diskchain.model.signature import SIGNATURE
from diskchain.model.state import State

_HEAD = 4096
"""The signature stands among the first bytes of a file; what a picture shows further down is no proof."""

JSON_BEGINS = b'{"machine": {'

_TEXTS = (f"// {SIGNATURE}\ndigraph diskchain {{\n".encode(), f"flowchart RL\n    %% {SIGNATURE}\n".encode())
"""How DOT and mermaid texts begin."""
_PNG, _PNG_SIGNED = b"\x89PNG\r\n\x1a\n", b"tEXtSoftware\0" + SIGNATURE.encode()
_PDF, _PDF_SIGNED = b"%PDF-", b"/Creator (\xfe\xff" + SIGNATURE.encode("utf-16-be") + b")"
_SVG, _SVG_SIGNED = b"<?xml", f"<desc>{SIGNATURE}</desc>".encode()
_PAIRS = ((_PNG, _PNG_SIGNED), (_PDF, _PDF_SIGNED), (_SVG, _SVG_SIGNED))
"""How the pictures begin, and how each of them carries the signature."""

_NODE: dict[str, type | tuple[type, ...]] = {
    "name": str,
    "driver": str,
    "kind": str,
    "file": (str, type(None)),
    "virtual_size": (int, type(None)),
    "allocated": (int, type(None)),
    "read_only": bool,
    "active": bool,
    "implicit": bool,
    "bitmaps": list,
}
"""The keys of a node in the public JSON, and what stands there."""


def is_former(content: bytes) -> bool:
    """Whether this is what a file that `diskchain graph` wrote holds.

    :param content: of a file that begins as our JSON does, all of it; of any other, its beginning is enough.
    """
    head = content[:_HEAD]
    if head.startswith(_TEXTS) or any(head.startswith(begins) and signed in head for begins, signed in _PAIRS):
        return True
    return head.startswith(JSON_BEGINS) and _is_graph(content)


def _is_graph(content: bytes) -> bool:
    """Whether it is our JSON, which has no room for a signature: every key of the graph object, and no other."""
    try:
        told = json.loads(content)
    except (ValueError, RecursionError):
        return False
    empty = state_as_json(State())
    if not isinstance(told, dict) or told.keys() != empty.keys():
        return False
    if any(type(told[key]) is not type(part) for key, part in empty.items()):
        return False
    machine, expected = told["machine"], empty["machine"]
    if not isinstance(expected, dict) or machine.keys() != expected.keys():
        return False
    lists = (entry for key, part in told.items() if key != "machine" for entry in part)
    return (
        all(isinstance(word, str) for word in machine.values())
        and all(isinstance(entry, dict) for entry in lists)
        and all(_is_node(node) for node in told["nodes"])
    )


def _is_node(node: dict[str, object]) -> bool:
    return node.keys() == _NODE.keys() and all(isinstance(node[key], kind) for key, kind in _NODE.items())
