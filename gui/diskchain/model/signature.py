"""What stands in each picture of a graph that we write, out of sight: a later run replaces only a file that carries it."""

from __future__ import annotations

SIGNATURE = "Made by diskchain graph"
"""Plain ASCII without brackets, so that it stands unchanged in every form: in a comment of a text, in a picture's metadata."""
