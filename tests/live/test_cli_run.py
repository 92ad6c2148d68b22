"""`diskchain run` on a real QEMU: asked on a terminal, interrupted, lost."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
from pathlib import Path

import pytest

from tests.support.machine import Machine
from tests.support.terminal import DISKCHAIN, OnTerminal, environment, ran
from tests.support.tools import make_image

pytestmark = pytest.mark.live

SLOW = ("commit", "top=vda-2", "base=vda-0", "speed=64k")


def test_a_no_sends_nothing(tmp_path: Path) -> None:
    with Machine() as machine:
        for answer in ("n", "", "yes please"):
            with OnTerminal(tmp_path, "run", machine.target, "commit", "top=vda-2", "base=vda-0") as command:
                command.until(r"Commit 2 overlays\? \[y/N\]")
                command.answer(answer)
                assert command.end() == 5, command.told
        with OnTerminal(tmp_path, "run", machine.target, "snapshot") as command:
            command.until(r"\? \[y/N\]")
            command.interrupt()
            assert command.end() == 5, command.told
            assert "Nothing was sent" in command.told
        assert machine.sent() == []


def test_the_leave_that_a_refusal_names_can_be_typed_as_it_stands(tmp_path: Path) -> None:
    with Machine() as machine:
        branch = machine.folder / "its own, it's $HOME;.qcow2"
        make_image(branch, "qcow2", 0, str(machine.folder / "vda-0.qcow2"), "qcow2")
        commit = (machine.target, "commit", "top=vda-2", "base=vda-0", "--yes", "--dry-run")
        refused = ran(tmp_path, "run", *commit)
        assert refused.returncode == 5, refused.stderr
        leave = refused.stderr.rstrip().partition("all the same, add ")[2].removesuffix(".")
        agreed = ran(tmp_path, "run", *commit, *shlex.split(leave))
        assert agreed.returncode == 0, agreed.stderr
        assert machine.sent() == []


def test_a_refusal_tells_why_in_the_words_of_who_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = tmp_path / "full-disk"
    tool.write_text("#!/bin/sh\necho 'No space left on device' >&2\nexit 1\n")
    tool.chmod(0o755)
    monkeypatch.setenv("DISKCHAIN_QEMU_IMG", str(tool))
    with Machine() as machine:
        backup = ("backup", "disk=vda", f"target={machine.folder}/b.qcow2", "--yes")
        refused = ran(tmp_path, "run", machine.target, *backup)
        assert refused.returncode == 5, refused.stderr
        assert "The answer was: " in refused.stderr
        assert "No space left on device" in refused.stderr


def test_each_reason_of_a_refusal_has_a_line_and_there_is_no_afterwards(tmp_path: Path) -> None:
    with Machine() as machine:
        branches = [machine.folder / f"branch{number}.qcow2" for number in range(2)]
        for branch in branches:
            make_image(branch, "qcow2", 0, str(machine.folder / "vda-0.qcow2"), "qcow2")
        commit = ("run", machine.target, "commit", "top=vda-2", "base=vda-0", "--dry-run")
        refused = ran(tmp_path, *commit)
        lines = refused.stderr.splitlines()
        assert refused.returncode == 5
        assert len(lines) == 2, lines
        assert all(
            line.startswith("diskchain: ") and str(branch) in line for line, branch in zip(lines, branches, strict=True)
        )
        assert "Nothing was sent. To do it all the same, add" in lines[-1]
        assert "  now  " in refused.stdout
        assert "  after  " not in refused.stdout
        agreed = ran(tmp_path, *commit, *(f"spoils={branch}" for branch in branches))
        assert "  after  " in agreed.stdout
        assert machine.sent() == []


def test_a_yes_runs_and_the_question_at_the_end_is_asked(tmp_path: Path) -> None:
    with Machine() as machine:
        with (
            machine.writing("vda") as guest,
            OnTerminal(tmp_path, "run", machine.target, "commit", "top=vda-3", "base=vda-1") as command,
        ):
            command.until(r"Commit 2 overlays\? \[y/N\]")
            command.answer("y")
            command.until(r"How shall it end\? \[pivot/stop\]")
            command.answer("what")
            command.answer("piv")
            assert command.end() == 0, command.told
        assert "came as predicted" in command.told
        assert machine.chain("vda") == ["vda-1", "vda-0"]
        machine.settled(vda=guest.model)


def test_stop_at_the_question_keeps_the_overlays(tmp_path: Path) -> None:
    with Machine() as machine:
        before = machine.contents("vda")
        with OnTerminal(tmp_path, "run", machine.target, "commit", "top=vda-3", "base=vda-1") as command:
            command.until(r"\? \[y/N\]")
            command.answer("y")
            command.until(r"\[pivot/stop\]")
            command.answer("stop")
            assert command.end() == 6, command.told
        assert "does not go back" in command.told
        assert machine.chain("vda") == ["vda-3", "vda-2", "vda-1", "vda-0"]
        machine.settled(vda=before)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_one_interrupt_cancels_the_job_and_says_the_state(number: signal.Signals, tmp_path: Path) -> None:
    with Machine() as machine:
        before, shape = machine.contents("vda"), machine.shape()
        with OnTerminal(tmp_path, "run", machine.target, *SLOW, "--yes") as command:
            machine.until(lambda: machine.qmp("query-jobs"), "no job came")
            command.interrupt(number)
            assert command.end() == 6, command.told
        assert "vda-0 does not go back to what it was" in command.told
        assert machine.shape() == shape
        machine.settled(vda=before)


def test_a_second_interrupt_leaves_at_once_and_says_how_to_find_the_job(tmp_path: Path) -> None:
    with Machine() as machine, OnTerminal(tmp_path, "run", machine.target, *SLOW, "--yes") as command:
        (job,) = machine.until(lambda: machine.qmp("query-jobs"), "no job came")
        command.until("Commit 2 overlays.*[0-9] %")
        machine.process.send_signal(signal.SIGSTOP)  # it takes no cancel now
        try:
            command.interrupt()
            command.until("Stopping")
            command.interrupt()
            assert command.end() == 6, command.told
        finally:
            machine.process.send_signal(signal.SIGCONT)
        assert f"job do=cancel id={job['id']}" in command.told


def test_json_is_one_object_also_after_a_run(tmp_path: Path) -> None:
    with Machine() as machine:
        done = ran(tmp_path, "run", machine.target, "stream", "node=vda-3", "base=vda-1", "--yes", "--format", "json")
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
        assert (told["result"], told["as_predicted"]) == ("done", True)
        assert told["seconds"] > 0


def test_nobody_reads_the_preview(tmp_path: Path) -> None:
    with Machine() as machine:
        ours, its = os.pipe()
        os.close(ours)
        done = subprocess.run(
            [*DISKCHAIN, "run", str(machine.target), "commit", "top=vda-2", "base=vda-0", "--yes"],
            stdout=its,
            stderr=subprocess.PIPE,
            env=environment(tmp_path),
            text=True,
            check=False,
        )
        os.close(its)
        assert (done.returncode, machine.sent()) == (5, []), done.stderr
        assert "Nothing was sent" in done.stderr


def test_nobody_reads_the_progress(tmp_path: Path) -> None:
    with Machine() as machine:
        ours, its = os.pipe()
        os.close(ours)
        words = ["run", str(machine.target), "commit", "top=vda-2", "base=vda-0", "--yes", "--format", "json"]
        done = subprocess.run(
            [*DISKCHAIN, *words], stdout=subprocess.PIPE, stderr=its, env=environment(tmp_path), check=False
        )
        os.close(its)
        assert (done.returncode, json.loads(done.stdout)["result"]) == (0, "done")
        assert machine.chain("vda") == ["vda-3", "vda-0"]


def test_a_machine_that_is_killed(tmp_path: Path) -> None:
    with Machine() as machine:
        with OnTerminal(tmp_path, "run", machine.target, *SLOW, "--yes") as command:
            machine.until(lambda: machine.qmp("query-jobs"), "no job came")
            machine.process.kill()
            assert command.end() == 6, command.told
        assert "may or may not have happened" in command.told
