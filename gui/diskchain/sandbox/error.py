"""The one error that leaves this room."""

from __future__ import annotations


class SandboxError(Exception):
    """The sandbox could not be started or told something.

    The text is three plain sentences: what failed, what state things are in, what to do.

    :ivar detail: QEMU's or the system's own words, for who wants to see them; may be empty.
    """

    def __init__(self, message: str, detail: str = "") -> None:
        super().__init__(message)
        self.detail = detail
