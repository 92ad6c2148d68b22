"""A mouse and a keyboard of the X server's own (its XTEST extension), spoken over its socket.

Nothing but Python is needed: the tour has to run where neither xdotool nor a window manager is. The layout of the requests is
that of the X11 core protocol (X.Org, "X Window System Protocol", chapters 8 and 9) and of the XTEST extension, version 2.2.
"""

from __future__ import annotations

import os
import re
import socket
import struct
from pathlib import Path

_LIMIT = 5.0
"""Seconds that the server may take to answer."""
_KEY, _BUTTON, _MOTION = 2, 4, 6
"""Event codes of a key press, a button press (the releases are one more) and a motion."""
KEYSYMS = {
    "Return": 0xFF0D,
    "Escape": 0xFF1B,
    "Tab": 0xFF09,
    "Down": 0xFF54,
    "Up": 0xFF52,
    "Left": 0xFF51,
    "Right": 0xFF53,
    "Ctrl": 0xFFE3,
    "Shift": 0xFFE1,
}
"""Names of keys -> keysyms (X.Org's keysymdef.h); letters are their own."""


class NoServer(Exception):
    """There is no X server that can be played on; the text says why."""


class Hands:
    """One connection to the server. Positions are pixels of its screen."""

    def __init__(self, display: str) -> None:
        """`display`: as in DISPLAY. :raises NoServer: it cannot be reached, or has no XTEST."""
        try:
            self._line = _connect(display)
            self._root, first, last = self._begin(display)
            self._test = self._extension(b"XTEST")
            self._codes = self._keyboard(first, last)
        except (OSError, struct.error, IndexError) as error:
            raise NoServer(f"The X server {display or '(none)'} cannot be played on: {error}.") from error

    def move(self, x: int, y: int) -> None:
        """Put the pointer there."""
        self._fake(_MOTION, 0, x, y)

    def press(self, button: int = 1) -> None:
        """Press a button of the mouse."""
        self._fake(_BUTTON, button)

    def release(self, button: int = 1) -> None:
        """Let it go."""
        self._fake(_BUTTON + 1, button)

    def key(self, chord: str) -> None:
        """Strike keys together: `Ctrl+s`, `Return`, `/`."""
        codes = [self._codes[KEYSYMS.get(name) or ord(name)] for name in re.split(r"(?<=.)\+", chord)]
        for code, shifted in codes:
            if shifted:
                self._fake(_KEY, self._codes[KEYSYMS["Shift"]][0])
            self._fake(_KEY, code)
        for code, shifted in reversed(codes):
            self._fake(_KEY + 1, code)
            if shifted:
                self._fake(_KEY + 1, self._codes[KEYSYMS["Shift"]][0])

    def close(self) -> None:
        """Hang up."""
        self._line.close()

    def _fake(self, kind: int, detail: int, x: int = 0, y: int = 0) -> None:
        self._line.sendall(
            struct.pack("<BBHBBxxIIxxxxxxxxhh7xB", self._test, 2, 9, kind, detail, 0, self._root, x, y, 0)
        )

    def _begin(self, display: str) -> tuple[int, int, int]:
        """Shake hands; gives the root window, the first and the last key code."""
        name, cookie = _authority(display)
        head = struct.pack("<BxHHHHxx", ord("l"), 11, 0, len(name), len(cookie))
        self._line.sendall(head + _padded(name) + _padded(cookie))
        answer, said, _, _, length = struct.unpack("<BBHHH", self._read(8))
        rest = self._read(4 * length)
        if answer != 1:
            raise NoServer(f"The X server {display} refused: {rest[:said].decode('latin-1').strip()}.")
        vendor, formats = struct.unpack_from("<H", rest, 16)[0], rest[21]
        root = struct.unpack_from("<I", rest, 32 + (vendor + 3) // 4 * 4 + 8 * formats)[0]
        return root, rest[26], rest[27]

    def _extension(self, name: bytes) -> int:
        self._line.sendall(struct.pack("<BxHHxx", 98, 2 + (len(name) + 3) // 4, len(name)) + _padded(name))
        answer = self._read(32)
        if not answer[8]:
            raise NoServer("The X server has no XTEST extension.")
        return answer[9]

    def _keyboard(self, first: int, last: int) -> dict[int, tuple[int, bool]]:
        """Keysym -> key code, and whether Shift has to be held."""
        count = last - first + 1
        self._line.sendall(struct.pack("<BxHBBxx", 101, 2, first, count))
        head = self._read(32)
        each = head[1]
        syms = struct.unpack(f"<{each * count}I", self._read(4 * struct.unpack_from("<I", head, 4)[0]))
        found: dict[int, tuple[int, bool]] = {}
        for shifted in (0, 1):
            for number in range(count):
                if each > shifted and (sym := syms[number * each + shifted]):
                    found.setdefault(sym, (first + number, bool(shifted)))
        return found

    def _read(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            part = self._line.recv(count - len(data))
            if not part:
                raise NoServer("The X server hung up.")
            data += part
        return data


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def _number(display: str) -> tuple[str, int]:
    """Host and number of `host:number.screen`. :raises NoServer: it is no such thing."""
    match = re.fullmatch(r"(?:unix)?([^:]*):(\d+)(?:\.\d+)?", display)
    if match is None:
        raise NoServer(f"{display or 'DISPLAY'} names no X server.")
    return match.group(1), int(match.group(2))


def _connect(display: str) -> socket.socket:
    host, number = _number(display)
    if host:
        return socket.create_connection((host, 6000 + number), _LIMIT)
    line = socket.socket(socket.AF_UNIX)
    line.settimeout(_LIMIT)
    line.connect(str(Path("/", "tmp", ".X11-unix", f"X{number}")))
    return line


def _authority(display: str) -> tuple[bytes, bytes]:
    """Name and cookie for a display, from the user's authority file; empty where there is none."""
    _, number = _number(display)
    place = Path(os.environ.get("XAUTHORITY") or Path("~/.Xauthority").expanduser())
    data = place.read_bytes() if place.is_file() else b""
    at = 0
    while at + 2 < len(data):
        at += 2  # the address family: every entry for this number will do
        fields = []
        for _ in range(4):
            length = struct.unpack_from(">H", data, at)[0]
            fields.append(data[at + 2 : at + 2 + length])
            at += 2 + length
        if fields[1] in (b"", str(number).encode()) and fields[2] == b"MIT-MAGIC-COOKIE-1":
            return fields[2], fields[3]
    return b"", b""
