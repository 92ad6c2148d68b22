"""What nodes are called in sentences: by their node-name, or, where nobody named them, by the file that they have open."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from functools import cached_property

from diskchain.model.graph import BlockGraph
from diskchain.model.node import Kind
from diskchain.model.paths import base_name

_NAMELESS = re.compile(r"(?<![\w/(#])#block\d+(?!\w)")
"""A name that QEMU gave (`id_generate` in QEMU's util/id.c), in a sentence; not where it is a part of a path or says itself which
node is meant, in brackets."""


class Naming:
    """Turns QEMU's own names in finished sentences, which tell nothing and are others at each start, into names of files.

    Two nodes with the same file name keep QEMU's name behind it, in brackets. Filters have no file of their own.
    """

    def __init__(self, graph: BlockGraph) -> None:
        self._graph = graph

    @cached_property
    def _called(self) -> Mapping[str, str]:
        graph = self._graph
        files = {name: _printable(base_name(node.file)) for name, node in graph.nodes.items() if node.nameless}
        used = Counter(
            _printable(base_name(node.file)) for name, node in graph.nodes.items() if self._stands_for_its_file(name)
        )
        used.update(name for name, node in graph.nodes.items() if not node.nameless)
        return {
            name: file if used[file] == 1 and self._stands_for_its_file(name) else f"{file} ({name})"
            for name, file in files.items()
            if file and graph.nodes[name].kind is not Kind.FILTER
        }

    def _stands_for_its_file(self, name: str) -> bool:
        return self._graph.nodes[name].kind is not Kind.FILTER and not self._graph.is_leftover_child(name)

    def of(self, name: str) -> str:
        """What sentences call a node."""
        return self._called.get(name, name) if name.startswith("#") else name

    def exact(self, name: str) -> str:
        """A node-name as it must be typed, with its file behind it where nobody named it: `#block145 (img4.qcow2)`."""
        node = self._graph.nodes.get(name)
        file = _printable(base_name(node.file)) if node is not None and node.nameless else ""
        return f"{name} ({file})" if file else name

    def said(self, text: str) -> str:
        """A sentence with such names exchanged. Doing it twice changes nothing more."""
        return _NAMELESS.sub(lambda found: self.of(found[0]), text) if "#block" in text else text


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "·" for letter in text)
