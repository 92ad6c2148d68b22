"""Ctrl-C in moments of which nobody thinks: no traceback, no end by the signal, and what is told stays true."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.machine import Machine
from tests.support.terminal import environment

pytestmark = pytest.mark.live

_PRESSED = """
import asyncio, os, signal, sys
from diskchain import __main__
from diskchain.cli import console

def pressed(before):
    def act(*arguments, **named):
        signal.raise_signal(signal.SIGINT)
        return before(*arguments, **named)
    return act

signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever began this may be in the background, where it is ignored
{moment}
sys.argv[0] = "diskchain"
sys.exit(__main__.main())
"""
_TOLD = "console.tell = pressed(console.tell)"
_LOOP_ENDS = "asyncio.Runner.close = pressed(asyncio.Runner.close)"
_LOADED = """
class Finder:
    def find_spec(self, name, path, target=None):
        if name == "diskchain.session.session":
            signal.raise_signal(signal.SIGINT)
sys.meta_path.insert(0, Finder())
"""
_CLASS_MADE = """
import builtins
before = builtins.exec

def within(*arguments, **named):
    before("signal.raise_signal(signal.SIGINT)", {"signal": signal})
    return before(*arguments, **named)

builtins.exec = within
"""


def _pressed(moment: str, state: Path, *words: object) -> subprocess.CompletedProcess[str]:
    """Run a command in which Ctrl-C is pressed in one moment, each time it comes."""
    done = subprocess.run(
        [sys.executable, "-c", _PRESSED.format(moment=moment), *map(str, words)],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment(state),
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


@pytest.mark.parametrize("moment", [_TOLD, _LOOP_ENDS], ids=["while it is told", "at the end of the loop"])
def test_a_refusal_is_told_whole(moment: str, tmp_path: Path) -> None:
    with Machine() as machine:
        done = _pressed(moment, tmp_path, "run", machine.target, "commit", "top=vda-0", "base=vda-2", "--yes")
        assert (done.returncode, machine.sent()) == (5, []), done.stderr
        assert "data can only be committed downwards" in done.stderr


def test_what_is_done_stays_done(tmp_path: Path) -> None:
    words = ("stream", "node=vda-3", "base=vda-1", "--yes", "--format", "json")
    with Machine() as machine:
        done = _pressed(_LOOP_ENDS, tmp_path, "run", machine.target, *words)
        assert (done.returncode, json.loads(done.stdout)["result"]) == (0, "done"), done.stderr
        assert "Interrupted" not in done.stderr


@pytest.mark.parametrize("moment", [_LOADED, _CLASS_MADE], ids=["a module is loaded", "a class is made"])
def test_before_anything_was_done(moment: str, tmp_path: Path) -> None:
    with Machine() as machine:
        done = _pressed(moment, tmp_path, "run", machine.target, "snapshot", "--yes")
        assert (done.returncode, done.stdout, machine.sent()) == (5, "", []), done.stderr
        assert "Interrupted before anything was done" in done.stderr


def test_a_command_that_cannot_connect(tmp_path: Path) -> None:
    done = _pressed(_TOLD, tmp_path, "graph", tmp_path / "nowhere")
    assert done.returncode == 5, done.stderr
    assert "Interrupted before anything was done" in done.stderr
