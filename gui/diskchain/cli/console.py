"""Where words go: results to stdout, everything else to stderr."""

from __future__ import annotations

import json
import os
import sys


def result(text: str) -> None:
    """Print a result; it is out at once, also into a pipe."""
    sys.stdout.write(text if text.endswith("\n") else text + "\n")
    sys.stdout.flush()


def result_json(told: object) -> None:
    """Print an object on a line of its own."""
    result(json.dumps(told, ensure_ascii=False))


def result_bytes(data: bytes) -> None:
    """Print a picture."""
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def say(text: str) -> None:
    """Tell the user something, in one line of stderr: whatever the text is made of, it stays one line."""
    sys.stderr.write("diskchain: " + " ".join(text.split()) + "\n")
    sys.stderr.flush()


def asked_at_terminal() -> bool:
    """Whether somebody can answer a question."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()


def tell(text: str) -> None:
    """Print lines on stderr as they are: a preview where stdout is for data."""
    sys.stderr.write(text)
    sys.stderr.flush()


def close_results() -> None:
    """Whoever read the results has enough of them: nothing more may be written there, not even at Python's end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
