"""Opening a filter anew with another child (`blockdev-reopen`): QEMU wants all its options said again, and does not tell all."""

from __future__ import annotations

import json

from diskchain.model.graph import BlockGraph


def throttle(graph: BlockGraph, name: str) -> dict[str, object] | None:
    """How a throttle filter was opened, but for its child: `blockdev-reopen` wants all said again. None: it is not known."""
    node = graph.nodes[name]
    told = node.facts.get("file")
    if node.driver != "throttle" or not isinstance(told, str) or not told.startswith("json:"):
        return None
    try:
        group = json.loads(told[5:]).get("throttle-group")
    except (ValueError, AttributeError, RecursionError):
        return None
    if not isinstance(group, str):
        return None
    cache, zeroes = node.facts.get("cache"), node.facts.get("detect_zeroes")
    kept = {key: cache[key] for key in ("direct", "no-flush") if cache.get(key)} if isinstance(cache, dict) else {}
    found: dict[str, object] = {"driver": "throttle", "node-name": name, "throttle-group": group, "discard": "unmap"}
    found |= {"cache": kept} if kept else {}
    found |= {"detect-zeroes": zeroes} if zeroes not in (None, "off") else {}
    return found | ({"read-only": True} if node.read_only else {})
