"""The two commands, their lists and locks, and what a desktop is told of the application."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from diskchain.cli.arguments import COMMANDS

TOP = Path(__file__).resolve().parent.parent
PACKAGING = TOP / "packaging"
SCRIPTS = ["run", "test", "bench", "lock", "fresh-root", "desktop"]
LOCKS = ["requirements.lock", "requirements-dev.lock"]
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
ID = "io.github.diskchain.DiskChain"
PROJECT = tomllib.loads((TOP / "pyproject.toml").read_text())


def pins(lock: str) -> dict[str, Requirement]:
    """What a lock file pins, by canonical name."""
    lines = re.findall(r"^[a-z0-9].*?(?= \\$)", (PACKAGING / lock).read_text(), re.MULTILINE)
    found = [Requirement(line) for line in lines]
    return {canonicalize_name(pin.name): pin for pin in found}


def wanted(lock: str) -> list[Requirement]:
    """What pyproject.toml asks for and this lock file must hold."""
    groups = PROJECT["dependency-groups"]
    words = PROJECT["project"]["dependencies"] + groups["build"] + (groups["dev"] if "dev" in lock else [])
    return [Requirement(word) for word in words]


def program(path: Path, text: str) -> Path:
    """Write a shell script that can be run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def outcome(*words: str | Path, **more: str) -> tuple[int, str]:
    """Run a program to its end: its exit code, and all that it says."""
    done = subprocess.run(
        words, env=os.environ | more, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    return done.returncode, done.stdout


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout that is set up already: every package is there, `.venv` has its stamp; apt-get and pip must not be called."""
    shutil.copytree(PACKAGING, tmp_path / "packaging", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(TOP / "pyproject.toml", tmp_path)
    program(
        tmp_path / "bin/dpkg-query",
        'for name in "$@"; do case $name in -*) ;; *) printf "installed=%s " "$name";; esac; done',
    )
    program(tmp_path / "bin/apt-get", 'echo "apt-get was called" >&2; exit 1')
    program(tmp_path / ".venv/bin/python", f'[ "$1" = -V ] || exit 1; exec {sys.executable} -V')
    program(tmp_path / ".venv/bin/diskchain", 'echo "diskchain" "$@"')
    bash(tmp_path, 'fingerprint "$here/requirements.lock" >"$venv/requirements.lock.stamp"')
    return tmp_path


def environment(checkout: Path, **more: str) -> dict[str, str]:
    """An environment without a display, in which the fixture's programs come first."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"}
    }
    return kept | {"PATH": f"{checkout / 'bin'}:{kept['PATH']}"} | more


def bash(checkout: Path, text: str) -> str:
    """Run lines of shell after setup.sh of this checkout; what they print."""
    lines = f". '{checkout}/packaging/setup.sh'; {text}"
    done = subprocess.run(
        ["bash", "-euc", lines], env=environment(checkout), capture_output=True, text=True, check=True
    )
    return done.stdout


def launch(checkout: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Call packaging/run of the fixture's checkout."""
    return subprocess.run(
        [checkout / "packaging/run", *words],
        env=environment(checkout, **more), capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def test_scripts_can_be_run_and_shellcheck_finds_nothing() -> None:
    paths = [PACKAGING / name for name in SCRIPTS] + [TOP / ".ci/run"]
    assert [path.name for path in paths if not os.access(path, os.X_OK)] == []
    assert "./packaging/test" in paths[-1].read_text()
    complaints = outcome("shellcheck", "--external-sources", "--source-path=SCRIPTDIR", PACKAGING / "setup.sh", *paths)
    assert complaints == (0, "")


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("lock", LOCKS)
def test_lock_holds_what_is_wanted(lock: str, python: str) -> None:
    there = {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "platform_python_implementation": "CPython",
    }
    locked = {name: pin for name, pin in pins(lock).items() if pin.marker is None or pin.marker.evaluate(there)}
    for requirement in wanted(lock):
        if requirement.marker is None or requirement.marker.evaluate(there):
            (version,) = locked[canonicalize_name(requirement.name)].specifier
            assert version.operator == "=="
            assert requirement.specifier.contains(version.version), f"{requirement} on {python}: locked is {version}"


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_hashes_and_no_address(lock: str) -> None:
    text = (PACKAGING / lock).read_text()
    assert "://" not in text
    blocks = re.split(r"\n(?=[a-z0-9])", text)[1:]
    assert len(blocks) == len(pins(lock))
    assert [block.splitlines()[0] for block in blocks if "--hash=sha256:" not in block] == []


def test_development_lock_holds_the_other() -> None:
    run, dev = (pins(lock) for lock in LOCKS)
    assert {name: str(pin) for name, pin in run.items()}.items() <= {
        name: str(pin) for name, pin in dev.items()
    }.items()


def test_packaging_names_no_host() -> None:
    files = [*(path for path in PACKAGING.iterdir() if path.is_file()), TOP / ".ci/run", TOP / "pyproject.toml"]
    assert [path.name for path in files if "://" in path.read_text()] == []


def test_second_run_goes_straight_to_the_program(checkout: Path) -> None:
    began = time.monotonic()
    done = launch(checkout, "graph", "demo", "-f", "svg")
    assert time.monotonic() - began < 3
    assert (done.returncode, done.stdout, done.stderr) == (0, "diskchain graph demo -f svg\n", "")


@pytest.mark.parametrize("words", [[], ["demo"], ["demo", "--tour", "there"], ["unix:/run/vm.qmp"]])
def test_run_without_display_says_what_works(checkout: Path, words: list[str]) -> None:
    done = launch(checkout, *words)
    assert (done.returncode, done.stdout) == (3, "")
    for word in ["no display", "xvfb-run", "QT_QPA_PLATFORM=offscreen", *COMMANDS]:
        assert word in done.stderr


@pytest.mark.parametrize(
    "more", [{"DISPLAY": ":7"}, {"WAYLAND_DISPLAY": "wayland-0"}, {"QT_QPA_PLATFORM": "offscreen"}]
)
def test_run_with_display_opens_the_demo(checkout: Path, more: dict[str, str]) -> None:
    assert launch(checkout, **more).stdout == "diskchain demo\n"


@pytest.mark.parametrize("words", [["--help"], ["demo", "--help"], *([name, "unix:/run/vm.qmp"] for name in COMMANDS)])
def test_what_prints_needs_no_display(checkout: Path, words: list[str]) -> None:
    assert launch(checkout, *words).stdout == f"diskchain {' '.join(words)}\n"


def test_changed_lock_makes_the_environment_stale(checkout: Path) -> None:
    with (checkout / "packaging/requirements.lock").open("a") as lock:
        lock.write("# changed\n")
    assert bash(checkout, 'venv_is "$here/requirements.lock" && echo fresh || echo stale') == "stale\n"


def test_either_of_two_names_will_do(checkout: Path) -> None:
    (checkout / "list").write_text("# what for\nnew-name | old-name # why\n\nother\n")
    program(checkout / "bin/dpkg-query", 'printf "installed=old-name not-installed=other "')
    assert bash(checkout, f'missing_packages "{checkout}/list"') == "other\n"


def test_lists_name_each_package_once() -> None:
    lines = "\n".join((PACKAGING / name).read_text() for name in ["apt-run.list", "apt-test.list"]).splitlines()
    names = [name.strip() for line in lines for name in line.partition("#")[0].split("|") if name.strip()]
    assert len(names) > 20
    assert sorted(set(names)) == sorted(names)
    assert [name for name in names if not re.fullmatch(r"[a-z0-9][a-z0-9.+-]+", name)] == []


def test_desktop_entry_is_valid_and_has_its_icon(tmp_path: Path, qapp: QApplication) -> None:
    share = tmp_path / "a $place" / "share"
    entry = share / f"applications/{ID}.desktop"
    assert outcome(PACKAGING / "desktop", "install", PREFIX=str(share.parent)) == (0, "")
    assert f"\nIcon={ID}\n" in entry.read_text()
    assert QSvgRenderer(str(share / f"icons/hicolor/scalable/apps/{ID}.svg"), qapp).isValid()
    assert outcome("desktop-file-validate", PACKAGING / f"{ID}.desktop", entry) == (0, "")
    assert outcome(PACKAGING / "desktop", "remove", PREFIX=str(share.parent)) == (0, "")
    assert [path for path in share.rglob("*") if path.is_file()] == []


def test_desktop_entry_starts_a_program_with_any_name(tmp_path: Path) -> None:
    outcome(PACKAGING / "desktop", "install", PREFIX=str(tmp_path), EXEC='/a b/$x"y\\z%')
    entry = tmp_path / f"share/applications/{ID}.desktop"
    assert outcome("desktop-file-validate", entry) == (0, "")
    assert r"""Exec="/a b/\\$x\\"y\\\\z%%" demo""" in entry.read_text()


def test_metainfo_is_valid_and_of_this_version() -> None:
    path = PACKAGING / f"{ID}.metainfo.xml"
    said = outcome("appstreamcli", "validate", "--no-net", path)[1]
    complaints = re.findall(r"^[EW]: .*", said, re.MULTILINE)
    assert "Validation" in said
    assert [line for line in complaints if not line.endswith("url-homepage-missing")] == [], "it has no home page yet"
    text = path.read_text()
    assert re.findall(r'<release version="([^"]+)"', text)[0] == PROJECT["project"]["version"]
    assert f"<project_license>{PROJECT['project']['license']}</project_license>" in text


def test_manual_tells_of_every_command_of_this_version() -> None:
    manual = (PACKAGING / "diskchain.1").read_text()
    assert f'"diskchain {PROJECT["project"]["version"]}"' in manual.splitlines()[0]
    assert [word for word in COMMANDS if f"\n.B {word}\n" not in manual] == []
