"""The tour, played on a display as a user would play it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.live

STATES = """
first-start guest-paused monitor-taken reading-too-slow connection-lost replay managed inmigrate storage-daemon missing-base
no-name no-format shared-base io-error postmigrate others-job pending job-failed
""".split()
"""The states that product.md wants pictures of, as far as they can come about."""


def test_the_tour_takes_its_pictures_and_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "tour"
    own = {f"XDG_{name}_HOME": str(tmp_path) for name in ("STATE", "CONFIG", "DATA")}
    (tmp_path / "run").mkdir(mode=0o700)
    ended = subprocess.run(
        [
            "xvfb-run",
            "-a",
            "-s",
            "-screen 0 1600x1000x24",
            sys.executable,
            "-m",
            "diskchain",
            "demo",
            "--tour",
            str(folder),
            "--scheme",
            "dark",
        ],
        env={**os.environ, **own, "QT_QPA_PLATFORM": "xcb", "XDG_RUNTIME_DIR": str(tmp_path / "run")},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    told = json.loads((folder / "tour.json").read_text())
    pictures = sorted(folder.glob("*.png"))
    assert [step["picture"] for step in told] == [picture.name for picture in pictures]
    names = [picture.stem.partition("-")[2] for picture in pictures]
    assert len(pictures) >= 58
    assert set(STATES) <= set(names), set(STATES) - set(names)
    assert all(picture.stat().st_size > 20_000 for picture in pictures)
    assert len({picture.read_bytes() for picture in pictures}) == len(pictures)
    left = [path for path in (tmp_path / "run").rglob("*") if path.name != "diskchain"]
    assert not left, "a machine left something; only the private folder for sockets stays, empty"
    assert sorted(path.name for path in folder.iterdir()) == sorted([*(path.name for path in pictures), "tour.json"])
    assert not (tmp_path / "diskchain").exists(), "the user's own files were touched"
