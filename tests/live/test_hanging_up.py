"""A terminal is closed, or the user's session ends, while a command of ours works: each ends as it is meant to."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.support.machine import Machine
from tests.support.terminal import DISKCHAIN, OnTerminal, environment

pytestmark = pytest.mark.live

SLOW = ("commit", "top=vda-2", "base=vda-0", "speed=64k")


def test_before_the_yes_nothing_is_sent(tmp_path: Path) -> None:
    with Machine() as machine, OnTerminal(tmp_path, "run", machine.target, *SLOW) as command:
        command.until(r"\[y/N\]")
        assert command.hang_up() == 5
        assert machine.sent() == []


def test_a_job_is_cancelled_as_by_an_interrupt(tmp_path: Path) -> None:
    with Machine() as machine, OnTerminal(tmp_path, "run", machine.target, *SLOW, "--yes") as command:
        before, shape = machine.contents("vda"), machine.shape()
        command.until("Commit 2 overlays.*[0-9] %")
        assert command.hang_up() == 6
        assert machine.shape() == shape
        machine.settled(vda=before)


def test_a_job_that_asks_how_to_end_is_cancelled(tmp_path: Path) -> None:
    """Nobody can answer any more. The end of the terminal's input, which is seen at the same moment, is no answer."""
    with Machine() as machine:
        before, shape = machine.contents("vda"), machine.shape()
        with OnTerminal(tmp_path, "run", machine.target, "commit", "top=vda-3", "base=vda-1") as command:
            command.until(r"\? \[y/N\]")
            command.answer("y")
            command.until(r"\[pivot/stop\]")
            assert command.hang_up() == 6
        assert machine.shape() == shape
        machine.settled(vda=before)


def test_being_told_again_hastens_nothing(tmp_path: Path) -> None:
    """The kernel and the shell both tell of one closed terminal: that is not the second interrupt, which leaves the job."""
    with Machine() as machine:
        shape = machine.shape()
        with OnTerminal(tmp_path, "run", machine.target, *SLOW, "--yes") as command:
            command.until("Commit 2 overlays.*[0-9] %")
            machine.process.send_signal(signal.SIGSTOP)  # it takes no cancel now
            try:
                for _ in range(3):
                    command.interrupt(signal.SIGHUP)
                    command.until("Stopping")
                    time.sleep(0.5)
                assert command.process.poll() is None
            finally:
                machine.process.send_signal(signal.SIGCONT)
            assert command.end() == 6
            assert "vda-0 does not go back to what it was" in command.told
            assert "job do=cancel" not in command.told
        assert machine.shape() == shape
        assert machine.qmp("query-jobs") == []


def test_nohup_means_what_it_says(tmp_path: Path) -> None:
    with Machine() as machine:
        words = ["nohup", *DISKCHAIN, "run", str(machine.target), *SLOW, "--yes"]
        with subprocess.Popen(
            words,
            env=environment(tmp_path),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as command:
            machine.until(lambda: machine.qmp("query-jobs"), "no job came")
            command.send_signal(signal.SIGHUP)
            time.sleep(1)
            assert [job["status"] for job in machine.qmp("query-jobs")] == ["running"]
            assert command.poll() is None
            command.send_signal(signal.SIGTERM)
            assert command.wait(20) == 6


def test_watch_and_record_have_ended(tmp_path: Path) -> None:
    with Machine() as machine:
        with OnTerminal(tmp_path, "watch", machine.target) as watch:
            watch.until("chain ")
            assert watch.hang_up() == 0
        with OnTerminal(tmp_path, "record", machine.target, tmp_path / "r.jsonl") as record:
            record.until("Recording")
            assert record.hang_up() == 0
    assert (tmp_path / "r.jsonl").read_text().startswith('{"diskchain-recording": 1')
