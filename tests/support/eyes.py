"""What a running machine's block layer looks like, asked with a test's own line and read with a test's own eyes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support.chains import Chains, Style
from tests.support.qmp import Qmp

_PASSING = {"copy-on-read", "copy-before-write", "throttle", "mirror_top", "commit_top", "compress", "blkdebug"}


class Eyes:
    """Looks at a machine.

    :ivar qmp: the test's own line. `chains`: what the machine was started with.
    """

    qmp: Qmp
    chains: Chains
    style: Style

    def image(self, name: str) -> Path:
        """The file of an image that the machine was made with."""
        return self.chains.image(name)

    def named(self) -> dict[str, dict[str, Any]]:
        """Everything that is open, by node-name, as QEMU tells it."""
        return {node["node-name"]: node for node in self.qmp("query-named-block-nodes", flat=True)}

    def names(self) -> set[str]:
        """Node-names of everything that is open."""
        return set(self.named())

    def edges(self) -> set[tuple[str, str, str]]:
        """(parent, child, role) of every edge between block nodes, as QEMU tells them."""
        graph = self.qmp("x-debug-query-block-graph")
        names = {node["id"]: node["name"] for node in graph["nodes"] if node["type"] == "block-driver"}
        edges = graph["edges"]
        return {
            (names[e["parent"]], names[e["child"]], e["name"]) for e in edges if {e["parent"], e["child"]} <= set(names)
        }

    def node(self, image: str) -> str:
        """The node-name under which an image of the beginning is open now.

        :raises AssertionError: it is not open.
        """
        path = str(self.image(image))
        held = {name for name, node in self.named().items() if node["drv"] == "file" and node["file"] == path}
        found = [parent for parent, child, role in self.edges() if role == "file" and child in held]
        assert found, f"{image} is not open"
        return found[0]

    def below(self, node: str) -> list[str]:
        """Node-names from a node down to the base, filters left out."""
        edges, drivers = self.edges(), {name: node["drv"] for name, node in self.named().items()}
        down = {parent: child for parent, child, role in edges if role == "backing"}
        through = {parent: child for parent, child, role in edges if role == "file"}
        found: list[str] = []
        while node:
            if drivers[node] in _PASSING:
                node = down.get(node) or through[node]
            else:
                found.append(node)
                node = down.get(node, "")
        return found

    def root(self, disk: str) -> str:
        """The node a guest's device is attached to, implicit filters left out; in a daemon the disk's node that has no parent."""
        if self.style is Style.DAEMON:
            edges = self.edges()
            tops = {parent for parent, _, _ in edges} - {child for _, child, _ in edges}
            return next(top for top in sorted(tops) if set(self.below(top)) & set(self.chains.order[disk]))
        told = self.qmp("query-block")
        return str(next(block["inserted"]["node-name"] for block in told if f"/{disk}/" in block.get("qdev", "") + "/"))

    def chain(self, disk: str) -> list[str]:
        """Node-names from what the guest writes to down to the base, filters left out."""
        return self.below(self.root(disk))

    def shape(self) -> set[tuple[str, str, str]]:
        """All edges, those from the guest's devices included: what an act that changed nothing leaves as it was."""
        return self.edges() | {(disk, self.root(disk), "root") for disk in self.chains.order}

    def file(self, node: str) -> Path:
        """The path of the protocol node below a node."""
        down = {parent: child for parent, child, role in self.edges() if role == "file"}
        while node in down:
            node = down[node]
        return Path(self.named()[node]["file"])
