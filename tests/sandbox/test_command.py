"""What is said where a program is missing, and the words for QEMU."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from diskchain.sandbox.command import find, words
from diskchain.sandbox.error import SandboxError
from diskchain.sandbox.images import CHAINS


def test_a_missing_program_names_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.delenv("DISKCHAIN_QEMU", raising=False)
    with pytest.raises(SandboxError, match="apt install qemu-system-x86"):
        find("DISKCHAIN_QEMU", "qemu-system-x86_64", "qemu-system-x86")
    with pytest.raises(SandboxError, match="apt install util-linux"):
        find("", "setpriv", "util-linux")


def test_a_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISKCHAIN_QEMU", "/nonexistent/qemu")
    with pytest.raises(SandboxError, match=r"/nonexistent/qemu was not found.*Correct DISKCHAIN_QEMU"):
        find("DISKCHAIN_QEMU", "qemu-system-x86_64", "qemu-system-x86")


def test_paths_with_commas_stay_whole() -> None:
    said = words("setpriv", "qemu", Path("/run/a,b"), Path("/run/a,b/images"), Path("/x,y/guest.rom"))
    assert "socket,id=monitor,path=/run/a,,b/monitor.sock,server=on,wait=off" in said
    assert "romfile=/x,,y/guest.rom,bootindex=0" in said
    nodes = [json.loads(said[at + 1]) for at, word in enumerate(said) if word == "-blockdev"]
    assert {node["file"]["filename"] for node in nodes} == {
        f"/run/a,b/images/{layer.file}" for chain in CHAINS.values() for layer in chain
    }
