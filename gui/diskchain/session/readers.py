"""Finds the images elsewhere that need some images: closed ones by their headers, open ones in the other machines' graphs.

An image needs all that lies below it. So what was found is looked for in its turn, until nothing more is found.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping

from diskchain.images.headers import Search, same_file
from diskchain.model.state import State


class Readers:
    """Which images elsewhere need these ones, directly or through others.

    :ivar unsearched: sentences on what could not be searched.
    :param here: whether the files are seen from here; only then closed images are found. `others`: the other open machines.
    :param kept: image of a branch that is kept -> what it is backed by; believed where its header cannot be read.
    """

    def __init__(
        self, images: tuple[str, ...], here: bool, others: Mapping[str, State], kept: Mapping[str, str]
    ) -> None:
        self.unsearched: list[str] = []
        self._images, self._key = images, same_file if here else os.path.normpath
        self._search = Search() if here else None
        self._open = _open_in(others, self._key)
        for path, below in kept.items():
            if self._search is not None:
                self._search.look_at(path)
            elif below:
                self._open.setdefault(self._key(below), {})[path] = None

    def found(self, own: Iterable[str], dead: frozenset[str]) -> dict[str, tuple[str, ...]]:
        """Image -> images directly above it; these are keys in their turn.

        Each folder in which one was found is looked through too, within the bounds of the whole search.

        :param own: images that are no strangers, and above which nothing is looked for. `dead`: what is lost anyway; what lies
            above it is told as if it lay directly on what is below.
        """
        strangers = {self._key(path) for path in own}
        looked: set[str] = set()
        while True:
            readers = self._above(strangers, dead)
            folders = {folder: None for path in (*self._images, *_all(readers)) for folder in _folders(path)}
            new = [folder for folder in folders if folder not in looked] if self._search else []
            if self._search is None or not new:
                self._say()
                return {image: tuple(above) for image, above in readers.items()}
            for folder in new:
                self._search.look_through(folder)
            looked.update(new)

    def _above(self, strangers: set[object], dead: frozenset[str]) -> dict[str, dict[str, None]]:
        readers: dict[str, dict[str, None]] = {}
        waiting, seen = [(image, image) for image in self._images], set(strangers)
        while waiting:
            shown, lower = waiting.pop(0)
            closed = self._search.naming(lower) if self._search else ()
            for upper in (*closed, *self._open.get(self._key(lower), ())):
                key = self._key(upper)
                if key in strangers:
                    continue
                if upper not in dead:
                    readers.setdefault(shown, {})[upper] = None
                if key not in seen:
                    seen.add(key)
                    waiting.append((shown if upper in dead else upper, upper))
        return readers

    def _say(self) -> None:
        if self._search is not None and self._images:
            self.unsearched += dict.fromkeys(self._search.unsearched)
            self.unsearched.append(
                f"Closed overlays on the same images were searched for in {self._search.where} only."
            )
        elif self._images:
            self.unsearched.append(
                "The images' folders are not seen from here: closed overlays on the same images were not searched for."
            )


def _all(readers: Mapping[str, Iterable[str]]) -> Iterator[str]:
    return (reader for above in readers.values() for reader in above if posixpath.isabs(reader))


def _folders(path: str) -> tuple[str, str]:
    """The folder of an image, and where its name leads: others may name it by a link to it, or by where the link leads."""
    return posixpath.dirname(path), posixpath.dirname(os.path.realpath(path))


def _open_in(others: Mapping[str, State], key: Callable[[str], object]) -> dict[object, dict[str, None]]:
    """File -> the images directly above it in the other machines."""
    found: dict[object, dict[str, None]] = {}
    for name, other in others.items():
        nodes = other.graph.nodes
        told = {node: nodes[node].file or f"{node} of {name}" for node in nodes}
        for node in nodes:
            for overlay in other.graph.overlays(node):
                found.setdefault(key(told[node]), {})[told[overlay]] = None
    return found
