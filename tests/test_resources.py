"""Where resources are found."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from diskchain import resources


def test_in_a_checkout() -> None:
    assert resources.folder() == Path(__file__).resolve().parents[1] / "resources"
    assert resources.resource("guest", "guest.rom").is_file()


def test_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "__file__", str(tmp_path / "lib/python3/site-packages/diskchain/resources.py"))
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="Install it again"):
        resources.folder()
    place = tmp_path / "share" / "diskchain" / "resources"
    (place / "icons").mkdir(parents=True)
    assert resources.folder() == place
    with pytest.raises(FileNotFoundError, match=r"guest\.rom is missing"):
        resources.resource("guest", "guest.rom")
