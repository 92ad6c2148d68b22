"""Where words go: results to stdout, everything else to stderr."""

from __future__ import annotations

import errno
import json
import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from diskchain.cli.ending import Ending, Exit
from diskchain.model.titles import plain


class Unwritten(Ending):
    """A result could not be written; nothing more is written there. It changes nothing about what has been done."""


def result(text: str) -> None:
    """Print a result; it is out at once, also into a pipe.

    :raises BrokenPipeError: nobody reads any more. :raises Unwritten: it cannot be written, as on a full disk.
    """
    with _writing():
        sys.stdout.write(_fit(text if text.endswith("\n") else text + "\n", sys.stdout))
        sys.stdout.flush()


def as_json(told: object) -> str:
    """An object on one line, in plain ASCII: whatever names are made of, every reader can take it."""
    return json.dumps(told)


def result_json(told: object) -> None:
    """Print an object on a line of its own. :raises BrokenPipeError, Unwritten: as `result`."""
    result(as_json(told))


def result_bytes(data: bytes) -> None:
    """Print a picture. :raises BrokenPipeError, Unwritten: as `result`."""
    with _writing():
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


@contextmanager
def _writing() -> Iterator[None]:
    """Turn what the system says against writing a result into one sentence."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        gone = error.errno == errno.EIO and reader_gone()
        close_results()
        if gone:  # a terminal that was closed
            raise BrokenPipeError from error
        raise Unwritten(Exit.PROBLEM, f"The result could not be written: {error.strerror}.") from error


def reader_gone() -> bool:
    """Whether results go to a pipe, socket or terminal whose other end is closed. Asking does not wait."""
    return hung_up(sys.stdout)


def hung_up(stream: TextIO) -> bool:
    """Whether the other end of a stream's pipe, socket or terminal is closed. Asking does not wait."""
    poll = select.poll()
    try:
        poll.register(stream.fileno(), 0)  # 0: errors and hang-ups only, which are always told
    except OSError:  # it is no stream of the system
        return False
    return any(told & (select.POLLERR | select.POLLHUP) for _, told in poll.poll(0))


def close_results() -> None:
    """Whoever read the results has enough of them: nothing more may be written there, not even at Python's end."""
    _close(sys.stdout)


def say(text: str) -> None:
    """Tell the user something, in one line of stderr: whatever the text is made of, it stays one line."""
    tell("diskchain: " + " ".join(text.split()))


def tell(text: str, before: str = "", end: str = "\n") -> None:
    """Print a line on stderr; foreign names in it can neither steer a terminal nor begin a line of their own.

    Where nobody listens any more, what is under way is more important.

    :param before: what only we may print before and after it, as a way back to the line's beginning: `end` likewise.
    """
    try:
        sys.stderr.write(_fit(f"{before}{plain(text, sys.maxsize)}{end}", sys.stderr))
        sys.stderr.flush()
    except OSError:
        # What could not be written is still held, and at its end Python 3.13 would exit with 120 for that.
        with suppress(OSError):
            _close(sys.stderr)


def _close(stream: TextIO) -> None:
    """Send to nowhere what this stream holds and gets. :raises OSError: it is no stream of the system."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _fit(text: str, stream: TextIO) -> str:
    """The text in signs that the stream can show."""
    code = stream.encoding or "utf-8"
    return text.encode(code, "backslashreplace").decode(code)


def asked_at_terminal() -> bool:
    """Whether somebody can answer a question."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()
