"""Reads block nodes: `query-named-block-nodes`, with the edges of the debug graph; and what can be told without them."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Mapping
from dataclasses import replace

from diskchain.model.bitmap import Bitmap
from diskchain.model.graph import BlockGraph
from diskchain.model.node import Edge, Kind, Node, kind_of
from diskchain.model.paths import joined
from diskchain.qapi.replies import Json, mapping, mappings, maybe_number, maybe_text, number, text


def read_nodes(
    named: object, edges: tuple[Edge, ...], edges_known: bool, previous: BlockGraph, cwd: str = ""
) -> BlockGraph:
    """The graph from the list of nodes and the edges; the very same graph where nothing changed.

    Where the edges were not asked, they come from `children` (QEMU 11.1) or from file names.
    """
    told = {name: raw for raw in mappings(named) if (name := text(raw.get("node-name")))}
    if not edges_known:
        edges = _edges_told(told)
    rough = BlockGraph({name: _node(name, raw, previous.nodes.get(name), cwd) for name, raw in told.items()}, edges)
    same = edges is previous.edges and len(rough.nodes) == len(previous.nodes)
    new = [name for name, node in rough.nodes.items() if previous.nodes.get(name) is not node]
    if same and not new:
        return previous
    if not same or any(rough.nodes[name].kind is Kind.PROTOCOL for name in new):
        new = list(rough.nodes)  # the file of a format node is the one of a node below it
    nodes = dict(rough.nodes)
    for name in new:
        node, bottom = rough.nodes[name], rough.protocol(name)
        path = rough.nodes[bottom].file if bottom else node.file
        nodes[name] = node if node.file == path else _kept(replace(node, file=path), previous.nodes.get(name))
    if same and all(previous.nodes.get(name) is nodes[name] for name in new):
        return previous
    return BlockGraph(nodes, edges)


def _kept(node: Node, old: Node | None) -> Node:
    return old if old is not None and old == node else node


def _node(name: str, raw: Json, old: Node | None, cwd: str) -> Node:
    if old is not None and (old.facts is raw or old.facts == raw):
        return old
    image, driver = mapping(raw.get("image")), text(raw.get("drv"))
    kind = kind_of(driver)
    return Node(
        name=name,
        driver=driver,
        kind=kind,
        file=_absolute(plain_name(text(raw.get("file")) or text(image.get("filename"))), driver, cwd)
        if kind is Kind.PROTOCOL
        else None,
        virtual_size=maybe_number(image.get("virtual-size")),
        allocated=maybe_number(image.get("actual-size")),
        read_only=raw.get("ro") is True,
        implicit=kind is Kind.FILTER and name.startswith("#"),
        bitmaps=tuple(_bitmap(bitmap) for bitmap in mappings(raw.get("dirty-bitmaps"))),
        header_backing=maybe_text(image.get("backing-filename")),
        header_backing_format=maybe_text(image.get("backing-filename-format")),
        cluster_size=maybe_number(image.get("cluster-size")),
        encrypted=raw.get("encrypted") is True,
        snapshots=tuple(text(snapshot.get("name")) for snapshot in mappings(image.get("snapshots"))),
        facts=raw,
    )


def _absolute(path: str | None, driver: str, cwd: str) -> str | None:
    """A path as it is told, made absolute where that can be: QEMU tells it as it was given, relative to its own folder."""
    if path and cwd and driver in ("file", "host_device", "host_cdrom") and not posixpath.isabs(path):
        return joined(cwd, path.removeprefix("file:"))
    return path


def _bitmap(raw: Json) -> Bitmap:
    return Bitmap(
        name=text(raw.get("name")),
        count=number(raw.get("count")),
        granularity=number(raw.get("granularity")),
        recording=raw.get("recording") is True,
        busy=raw.get("busy") is True,
        persistent=raw.get("persistent") is True,
        inconsistent=raw.get("inconsistent") is True,
    )


def plain_name(told: str) -> str | None:
    """A path or URI from what QEMU tells of a protocol node, also out of a `json:` name; None where there is none."""
    if not told.startswith("json:"):
        return told or None
    try:
        options = mapping(json.loads(told[5:]))
    except (ValueError, RecursionError):
        return None
    for _ in range(8):
        for key in ("filename", "path", "device"):
            if found := text(options.get(key) or options.get(f"file.{key}")):
                return found
        options = mapping(options.get("file"))
    return None


def _edges_told(told: Mapping[str, Json]) -> tuple[Edge, ...]:
    """Edges without the debug graph: `children` where told, else by comparing file names."""
    edges: dict[tuple[str, str, str], Edge] = {}
    protocols = {text(raw.get("file")): name for name, raw in told.items() if _is_protocol(raw)}
    formats = {text(raw.get("file")): name for name, raw in told.items() if not _is_protocol(raw)}
    for name, raw in told.items():
        for child in mappings(raw.get("children")):
            edge = Edge(name, text(child.get("node-name")), text(child.get("child")))
            if edge.child in told:
                edges[edge.parent, edge.child, edge.role] = edge
        if "children" in raw or _is_protocol(raw):
            continue
        path = plain_name(text(raw.get("file")))
        below = text(mapping(raw.get("image")).get("full-backing-filename"))
        for child_name, role in ((protocols.get(path or ""), "file"), (formats.get(below), "backing")):
            if child_name is not None and child_name != name:
                edges[name, child_name, role] = Edge(name, child_name, role)
    return tuple(sorted(edges.values(), key=lambda edge: (edge.parent, edge.role, edge.child)))


def _is_protocol(raw: Json) -> bool:
    return kind_of(text(raw.get("drv"))) is Kind.PROTOCOL


def guessed_nodes(names: Mapping[int, str], edges: tuple[Edge, ...], block: object, previous: BlockGraph) -> BlockGraph:
    """The graph where the nodes must not be asked: shape from the debug graph, details as last known or from `query-block`.

    Figures of nodes that were known before are the old ones; a node seen for the first time gets what its place tells.
    """
    shape = BlockGraph({name: Node(name, "", Kind.FORMAT) for name in names.values()}, edges)
    nodes = {name: previous.nodes.get(name) or _placed(name, shape) for name in shape.nodes}
    graph = BlockGraph(nodes, edges)
    for told in mappings(block):
        inserted = mapping(told.get("inserted"))
        image: Json = mapping(inserted.get("image"))
        for name in graph.chain(text(inserted.get("node-name"))):
            while kind_of(text(image.get("format"))) is Kind.FILTER:
                image = mapping(image.get("backing-image"))
            if not nodes[name].driver:
                nodes[name] = replace(
                    nodes[name],
                    driver=text(image.get("format")),
                    file=plain_name(text(image.get("filename"))),
                    virtual_size=maybe_number(image.get("virtual-size")),
                    allocated=maybe_number(image.get("actual-size")),
                )
            image = mapping(image.get("backing-image"))
    same = edges is previous.edges and nodes.keys() == previous.nodes.keys()
    if same and all(previous.nodes[name] is node for name, node in nodes.items()):
        return previous
    return BlockGraph(nodes, edges)


def _placed(name: str, shape: BlockGraph) -> Node:
    """What a node is, by its place alone: a leaf under `file` is a protocol node, a lone `backing` child makes a filter."""
    roles = {edge.role for edge in shape.children(name)}
    if not roles and any(edge.role == "file" for edge in shape.parents(name)):
        return Node(name, "", Kind.PROTOCOL)
    parents = {edge.role for edge in shape.parents(name)}
    if roles == {"backing"} or (
        roles == {"file"} and name.startswith("#") and "backing" not in parents and not parents
    ):
        below = next(iter(shape.children(name))).child
        if shape.children(below):
            return Node(name, "", Kind.FILTER, implicit=name.startswith("#"))
    return Node(name, "", Kind.FORMAT)
