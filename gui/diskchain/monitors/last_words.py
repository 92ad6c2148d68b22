"""What a server had still said when a write to it failed: why it ended is told there, and would be lost."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

_MOST = 1 << 20
"""Bytes. A server that ends says little; an answer that fills its socket is of no use any more."""
_PIECE = 1 << 16


def last_words(line: socket.socket) -> Iterator[dict[str, object]]:
    """The events that wait unread in a socket whose other end is closed; takes them out, never waits.

    asyncio gives up reading as soon as a write fails, though the kernel still holds what the other end had sent before
    (unix(7): data come before the error). The first line may be the rest of one that was read in part: it is no JSON then.
    """
    told = bytearray()
    while len(told) < _MOST:
        try:
            piece = line.recv(_PIECE, socket.MSG_DONTWAIT)
        except OSError:
            break
        if not piece:
            break
        told += piece
    for words in told.split(b"\n"):
        try:
            message = json.loads(words)
        except ValueError:
            continue
        if isinstance(message, dict) and isinstance(message.get("event"), str):
            yield message
