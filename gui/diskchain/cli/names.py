"""The names of the commands; apart, so that the window need not wait for what they bring."""

from __future__ import annotations

COMMANDS = ("graph", "watch", "run", "record", "found")
"""The words that need no window; anything else is a target, or `demo`."""
