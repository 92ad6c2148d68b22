"""Images that must not be forgotten when QEMU no longer shows them: invalid, changed by a commit, or of a kept branch."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

KEPT = "kept"
"""The word of an image that a disk has left and that is as good as ever, as long as nobody changes what it is backed by."""


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One image.

    :ivar path: absolute. `node`: the node-name it had. `word`: `invalid`, `changed` or `kept`, as it is drawn.
    :ivar why: one plain sentence. `backing`: the image it is backed by. `disk`: the disk it belonged to.
    :ivar machine: the target of the machine on which it happened. `qemu`: process id and start time of its QEMU, which may have
        other targets too; None: not known.
    :ivar sources: of a changed one, the images whose data have begun to move down into it or past it. They themselves are right.
    """

    path: str
    node: str
    word: str
    why: str
    backing: str | None = None
    disk: str = ""
    machine: str = ""
    sources: tuple[str, ...] = ()
    qemu: tuple[int, int] | None = None

    def after(self, known: LedgerEntry | None) -> LedgerEntry:
        """This entry where the image had one already: data that moved down before are still there."""
        if known is None or (known.word, self.word) != ("changed", "changed"):
            return self
        return replace(self, sources=tuple(dict.fromkeys((*known.sources, *self.sources))))


@dataclass(slots=True)
class Ledger:
    """What we know of such images, by path; only sessions write it."""

    _entries: dict[str, LedgerEntry] = field(default_factory=dict)

    @property
    def entries(self) -> tuple[LedgerEntry, ...]:
        """All of them, oldest first."""
        return tuple(self._entries.values())

    def note(self, entry: LedgerEntry) -> None:
        """Remember an image; what was known of it before is replaced."""
        self._entries.pop(entry.path, None)
        self._entries[entry.path] = entry

    def entry(self, path: str) -> LedgerEntry | None:
        """What is known of an image."""
        return self._entries.get(path)

    def sources(self) -> frozenset[str]:
        """Paths of the images whose data a commit that was not finished has begun to move down."""
        return frozenset(path for entry in self._entries.values() for path in entry.sources)

    def dismiss(self, path: str) -> None:
        """Forget an image; unknown paths are harmless."""
        self._entries.pop(path, None)

    def spoilt(self) -> dict[str, str]:
        """Path -> why it no longer holds what it held."""
        return {entry.path: entry.why for entry in self._entries.values() if entry.word != KEPT}
