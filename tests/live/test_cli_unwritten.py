"""Results that cannot be written, and readers that have gone: a plain ending, never a mistake of ours."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from tests.support.machine import Machine
from tests.support.terminal import DISKCHAIN, environment, ran


def to_full_disk(state: Path, *words: object) -> tuple[int, str]:
    """Run a command whose results meet a full disk: its exit code, and what it says about that."""
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*DISKCHAIN, *map(str, words)],
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            env=environment(state),
            check=False,
        )
    return done.returncode, done.stderr


def test_a_full_disk_is_told_in_one_line(tmp_path: Path) -> None:
    full = "diskchain: The result could not be written: No space left on device."
    with Machine({"vda": "base <- mid <- top"}) as machine:
        assert to_full_disk(tmp_path, "graph", machine.target, "-f", "json") == (1, full + "\n")
        assert to_full_disk(tmp_path, "watch", machine.target, "--json") == (1, full + "\n")
        assert to_full_disk(tmp_path, "found", "--json") == (1, full + "\n")
        commit = ("run", machine.target, "commit", "top=mid", "base=base", "--yes")
        assert to_full_disk(tmp_path, *commit) == (1, full + " Nothing was sent.\n")
        code, told = to_full_disk(tmp_path, *commit, "--format", "json")
        assert code == 1, told
        assert told.splitlines()[-1].endswith(full.removeprefix("diskchain: "))
        assert "Nothing was sent" not in told
        assert "mid" not in ran(tmp_path, "graph", machine.target, "-f", "json").stdout


def test_a_reader_who_leaves_while_nothing_happens(tmp_path: Path) -> None:
    with Machine({"vda": "base <- top"}) as machine:
        watch = subprocess.Popen(
            [*DISKCHAIN, "watch", str(machine.target), "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(tmp_path),
        )
        assert watch.stdout is not None
        assert watch.stderr is not None
        with watch, watch.stderr:
            watch.stdout.readline()
            left = time.monotonic()
            watch.stdout.close()
            assert watch.wait(20) == 0
            assert time.monotonic() - left < 5
            assert watch.stderr.read() == b""
