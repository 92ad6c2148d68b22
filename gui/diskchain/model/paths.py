"""Names of image files as QEMU tells them, made absolute."""

from __future__ import annotations

import posixpath
import re

URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
"""How names begin that are no paths: `nbd://...`, `json:...` (QEMU's `path_has_protocol`)."""


def absolute(told: str, cwd: str) -> str:
    """A name as QEMU has it, made absolute; a URI, or a name where `cwd` is empty, stays as it is.

    What is between slashes is kept, `..` too: behind a link it leads elsewhere than the text says. Only in front it is worked
    out, as `cwd` is the folder's true place.
    """
    return told if posixpath.isabs(told) or URI.match(told) or not cwd else joined(cwd, told)


def joined(folder: str, path: str) -> str:
    """A relative path behind a folder whose name holds no links."""
    parts = [part for part in path.split("/") if part not in ("", ".")]
    while parts and parts[0] == "..":
        folder = posixpath.dirname(folder)
        parts.pop(0)
    return posixpath.join(folder, *parts)


def base_name(path: str | None) -> str:
    """The file's own name; of a URI all of it, for its end alone does not say where it is."""
    if not path:
        return ""
    return path if "://" in path else posixpath.basename(path.rstrip("/")) or path
