"""A display in memory whose pixels can be read without asking it: Xvfb keeps them in a file (`facts/gui.md` §5)."""

from __future__ import annotations

import mmap
import os
import shutil
import struct
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 1440, 900
Frame = NDArray[np.uint32]
"""Pixels as numbers, one row of the screen a row."""
Places = NDArray[np.intp]
"""Rows of y, x."""


class Display:
    """An Xvfb of our own.

    :ivar name: for `DISPLAY`. `pixels`: what is on the screen now; changes by itself.
    """

    def __init__(self, width: int = WIDTH, height: int = HEIGHT) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="diskchain-screen-"))
        read, write = os.pipe()
        screen = ["-screen", "0", f"{width}x{height}x24", "-fbdir", str(self.folder), "-nolisten", "tcp"]
        words = ["setpriv", "--pdeathsig", "KILL", "Xvfb", "-displayfd", str(write), *screen]
        self._process = subprocess.Popen(words, pass_fds=(write,), stderr=subprocess.DEVNULL)
        os.close(write)
        with os.fdopen(read) as told:
            self.name = f":{told.readline().strip()}"
        if self.name == ":":
            raise AssertionError("Xvfb did not start")
        with (self.folder / "Xvfb_screen0").open("rb") as file:
            self._memory = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        told_size = struct.unpack(">25I", self._memory[:100])
        begin, stride = told_size[0] + 12 * told_size[19], told_size[12] // 4
        whole = np.frombuffer(self._memory, dtype="<u4", offset=begin, count=stride * height)
        self.pixels: Frame = whole.reshape(height, stride)[:, :width]

    def frame(self) -> Frame:
        """A copy of what is on the screen now."""
        return self.pixels.copy()

    def wait(self, done: Callable[[], bool], limit: float, step: float = 0.0001) -> float:
        """Wait until `done`, looking every `step` seconds; gives the moment of the monotonic clock.

        :raises AssertionError: not within `limit` seconds.
        """
        end = time.monotonic() + limit
        while not done():
            if time.monotonic() > end:
                raise AssertionError("what was waited for did not come to the screen")
            time.sleep(step)
        return time.monotonic()

    def wait_for(self, probes: Places, wanted: Frame, limit: float) -> float:
        """Wait until these places have these colours; gives the moment."""
        rows, columns = probes[:, 0], probes[:, 1]
        return self.wait(lambda: bool((self.pixels[rows, columns] == wanted).all()), limit)

    def environment(self) -> dict[str, str]:
        """Environment for a program on this display, with a configuration of its own."""
        return {**os.environ, "DISPLAY": self.name, "QT_QPA_PLATFORM": "xcb", "XDG_CONFIG_HOME": str(self.folder)}

    def __enter__(self) -> Display:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
