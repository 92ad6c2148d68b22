"""What a server said before it went is heard though a write to it failed."""

from __future__ import annotations

import socket

from diskchain.monitors.last_words import last_words


def _heard(said: bytes) -> list[object]:
    near, far = socket.socketpair()
    with near:
        with far:
            near.send(b"a question that nobody reads")  # so that the end is an error, not only an end
            far.sendall(said)
        return [told["event"] for told in last_words(near)]


def test_events_that_wait_are_told_and_nothing_else_is() -> None:
    said = b'of a line that was begun"}\r\n{"return": {}}\r\n{"event": "STOP"}\n[1]\n{"event": 3}\n{"event": "SHUTDOWN"}\r\n{"ev'
    assert _heard(said) == ["STOP", "SHUTDOWN"]


def test_nothing_was_said() -> None:
    assert _heard(b"") == []


def test_it_never_waits() -> None:
    near, far = socket.socketpair()
    with near, far:
        far.sendall(b'{"event": "STOP"}\n')
        assert [told["event"] for told in last_words(near)] == ["STOP"]
