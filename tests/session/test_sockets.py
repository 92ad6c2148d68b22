"""The private folder for sockets: made once, and used only where nobody else may enter it."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

from diskchain.session.sockets import private_folder


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path / "diskchain"


def test_it_is_made_for_this_user_alone(runtime: Path) -> None:
    assert private_folder(os.getpid()) == private_folder(os.getpid()) == str(runtime)
    assert stat.S_IMODE(runtime.stat().st_mode) == 0o700


def test_one_that_others_may_enter_or_that_is_a_link_is_not_taken(runtime: Path) -> None:
    runtime.mkdir(mode=0o755)
    assert private_folder(os.getpid()) == ""
    runtime.rmdir()
    (runtime.parent / "elsewhere").mkdir(mode=0o700)
    runtime.symlink_to(runtime.parent / "elsewhere")
    assert private_folder(os.getpid()) == ""


def test_a_process_that_is_gone_or_another_users_has_none() -> None:
    with subprocess.Popen(["true"]) as ended:
        pass
    assert private_folder(ended.pid) == ""
    if os.geteuid() == 0:
        words = ["setpriv", "--reuid", "65534", "--clear-groups", "cat"]
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
            assert other.stdin
            assert other.stdout
            other.stdin.write(b"x")
            other.stdin.flush()
            other.stdout.read(1)  # it is that user's once it answers
            assert private_folder(other.pid) == ""
            other.stdin.close()
