"""The keys of an operation as the command line says them, read one by one."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from diskchain.model.nbd import is_nbd


class UsageError(ValueError):
    """A key or value that makes no operation; one plain sentence."""


def size(told: str) -> int:
    """Bytes from `64M`: a whole number with k, M, G or T (binary), or none. :raises UsageError: otherwise."""
    match = re.fullmatch(r"(\d+)([kKMGT]?)(?:i?B)?", told.strip())
    if not match:
        raise UsageError(f"{told!r} is no size: say a number with k, M, G or T.")
    return int(match.group(1)) << {"": 0, "k": 10, "m": 20, "g": 30, "t": 40}[match.group(2).lower()]


def _names(told: str) -> list[str]:
    return told.split(",")


def _paths(told: str) -> list[str]:
    """Paths with commas between them; a comma in a path is doubled."""
    return [path.replace("\0", ",") for path in told.replace(",,", "\0").split(",")]


LISTS: Mapping[str, Callable[[str], list[str]]] = {"disks": _names, "spoils": _paths, "to": _names}
"""Keys that hold several values -> how they are taken apart. They may be said in several words."""


@dataclass(frozen=True, slots=True)
class Keys:
    """What the user said, key by key.

    :ivar told: key -> value. `cwd`: the user's working folder, which relative paths are relative to.
    """

    told: Mapping[str, str]
    cwd: str

    def word(self, key: str) -> str:
        """A value as it is; empty: it was not said."""
        return self.told.get(key, "")

    def needed(self, key: str) -> str:
        """A value that must be there. :raises UsageError: it is not."""
        if not self.told.get(key):
            raise UsageError(f"{key}= is missing.")
        return self.told[key]

    def one_of(self, key: str, *values: str) -> str:
        """One of these values; the first where it was not said. :raises UsageError: it is another."""
        told = self.told.get(key, values[0])
        if told not in values:
            raise UsageError(f"{key}={told} is not known: say {', '.join(values[:-1])} or {values[-1]}.")
        return told

    def yes(self, key: str, usual: bool = False) -> bool:
        """`yes` or `no`. :raises UsageError: it is neither."""
        told = self.told.get(key, "yes" if usual else "no")
        if told not in ("yes", "no"):
            raise UsageError(f"{key}={told} is neither yes nor no.")
        return told == "yes"

    def size(self, key: str) -> int:
        """Bytes; 0 where it was not said. :raises UsageError: it is no size."""
        return size(self.told.get(key, "0"))

    def path(self, key: str) -> str:
        """A path, made absolute; empty: it was not said."""
        return self._absolute(self.told.get(key, ""))

    def place(self, key: str) -> str:
        """A path, made absolute, or an NBD URI as it is."""
        told = self.told.get(key, "")
        return told if is_nbd(told) else self._absolute(told)

    def list_of(self, key: str) -> tuple[str, ...]:
        """The values of one of `LISTS`."""
        return tuple(each for each in LISTS[key](self.told.get(key, "")) if each)

    def paths(self, key: str) -> tuple[str, ...]:
        """The same, made absolute."""
        return tuple(self._absolute(path) for path in self.list_of(key))

    def under(self, general: str) -> dict[str, str]:
        """The keys `general.X`, as X -> value."""
        start = f"{general}."
        return {key[len(start) :]: value for key, value in self.told.items() if key.startswith(start)}

    def paths_under(self, general: str) -> dict[str, str]:
        """The same, with paths made absolute."""
        return {key: self._absolute(path) for key, path in self.under(general).items()}

    def _absolute(self, path: str) -> str:
        return posixpath.normpath(posixpath.join(self.cwd, path)) if path else path


def without_defaults(told: Mapping[str, str], **usual: str) -> dict[str, str]:
    """What an operation's keys are when those are left out that are empty or as usual (`copy_mode` stands for `copy-mode`)."""
    plain = {key.replace("_", "-"): value for key, value in usual.items()}
    return {key: value for key, value in told.items() if value and plain.get(key) != value}


def check(name: str, known: tuple[str, ...], told: Mapping[str, str]) -> None:
    """Look whether an operation has these keys and each says something. :raises UsageError: one does not."""
    for key, value in told.items():
        general = re.sub(r"^(file|node)\..+", r"\1.DISK", key)
        if general not in known:
            raise UsageError(f"{name} has no key {key}: it has {', '.join(known)}.")
        parts = LISTS[key](value) if key in LISTS else [value]
        if not all(parts):
            more = " between its commas" if len(parts) > 1 else ""
            raise UsageError(f"{key}= is empty{more}: say what, or leave it out.")
