"""Starting the window's application from the command line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from diskchain import app

DISKCHAIN = [sys.executable, "-m", "diskchain"]


def start(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command with nothing but this in its environment."""
    return subprocess.run(
        [*DISKCHAIN, *words],
        env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.mark.parametrize("words", [[], ["demo"], ["/run/vm.qmp"]])
def test_with_no_display_it_says_so_and_what_works_without(words: list[str], tmp_path: Path) -> None:
    ended = start(*words, HOME=str(tmp_path))
    assert ended.returncode == 3
    assert "no display" in ended.stderr
    assert len(ended.stderr.splitlines()) == 2
    assert "Traceback" not in ended.stderr


def test_a_display_that_does_not_answer_is_no_abort(tmp_path: Path) -> None:
    ended = start("demo", HOME=str(tmp_path), DISPLAY=":9753")
    assert ended.returncode == 3
    assert "does not answer" in ended.stderr


@pytest.mark.parametrize("words", [["--help"], ["demo", "--help"]])
def test_help_needs_no_display(words: list[str], tmp_path: Path) -> None:
    ended = start(*words, HOME=str(tmp_path))
    assert ended.returncode == 0
    assert "usage: diskchain" in ended.stdout


@pytest.mark.parametrize("words", [["demo", "--toor", "x"], ["/run/vm.qmp", "--frobnicate"], ["demo", "more"]])
def test_wrong_usage_is_one_line_and_two(words: list[str], tmp_path: Path) -> None:
    ended = start(*words, HOME=str(tmp_path))
    assert ended.returncode == 2
    assert len(ended.stderr.splitlines()) == 1


def test_other_platforms_need_no_display(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert not app.no_display()


def test_the_command_line_loads_no_qt() -> None:
    code = "import sys, diskchain.__main__, diskchain.app; sys.exit(any(name.startswith('PySide6') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], timeout=30, check=False).returncode == 0


def test_the_first_window_loads_neither_plots_nor_sessions() -> None:
    code = (
        "import sys, diskchain.app.front; "
        "sys.exit(bool({'pyqtgraph', 'numpy', 'qemu', 'asyncio', 'diskchain.session.session'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=30, check=False).returncode == 0


def test_the_first_graph_waits_for_no_operation() -> None:
    late = {"diskchain.operations.catalog", "diskchain.session.operator", "diskchain.widgets.dialogs.preview", "numpy"}
    code = f"import sys, diskchain.app.house; sys.exit(' '.join({late!r} & set(sys.modules)) or None)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 0, ended.stderr
