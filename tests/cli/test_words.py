"""What is typed, and the codes and lines it ends with."""

from __future__ import annotations

from pathlib import Path

import pytest

from diskchain.cli import arguments, bug, run
from diskchain.cli.ending import Ending, Exit
from diskchain.cli.main import main
from diskchain.session.carriage import Phase, Result


@pytest.mark.parametrize(
    "words",
    [
        ["frobnicate"],
        ["graph"],
        ["graph", "/x", "-f", "gif"],
        ["graph", "/x", "--at", "-3"],
        ["graph", "/x", "--at", "nan"],
        ["graph", "/x", "--at", "3"],
        ["graph", "/x", "--ful"],
        ["run", "/x", "frobnicate"],
        ["run", "/x", "commit", "nonsense=1"],
        ["run", "/x", "commit", "top"],
        ["run", "/x", "commit", "top=a", "top=b"],
        ["run", "/x", "commit", "top=a", "base=b", "speed=fast"],
        ["run", "/x", "snapshot", "--and", "/y"],
        ["watch", "/x", "/y"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_one_line(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == Exit.USAGE
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("diskchain: ")
    assert len(told.err.splitlines()) == 1


@pytest.mark.parametrize(
    "words", [["--help"], [], *([command, "--help"] for command in arguments.COMMANDS)], ids=" ".join
)
def test_help(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == Exit.DONE
    told = capsys.readouterr()
    assert told.out.startswith("usage: diskchain")
    assert told.err == ""
    assert max(map(len, told.out.splitlines())) <= 130


def test_help_names_every_command() -> None:
    for command in arguments.COMMANDS:
        assert f"\n  {command} " in arguments.HELP


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == Exit.DONE
    assert capsys.readouterr().out.startswith("diskchain ")


@pytest.mark.parametrize(
    "words", [["graph", "-f", "json"], ["watch"], ["record", "r.jsonl"], ["run", "snapshot", "--yes"]]
)
def test_cannot_connect(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    words.insert(1, str(tmp_path / "none"))
    assert main(words) == Exit.UNREACHABLE
    told = capsys.readouterr()
    assert "There is no socket" in told.err
    assert len(told.err.splitlines()) == 1
    assert not (tmp_path / "r.jsonl").exists()


def test_keys() -> None:
    assert arguments.keys(["top=a=b", "spoils=/x", "spoils=/y", "base="]) == {
        "top": "a=b",
        "spoils": "/x,/y",
        "base": "",
    }
    with pytest.raises(Ending) as ended:
        arguments.keys(["=x"])
    assert ended.value.exit is Exit.USAGE


def test_options_may_stand_anywhere() -> None:
    known = arguments.parse(["run", "--yes", "/x", "commit", "--format", "json", "top=a", "--dry-run", "base=b"])
    assert (known.target, known.operation, known.keys) == ("/x", "commit", ["top=a", "base=b"])
    assert known.yes
    assert known.dry_run


def test_a_bug_is_one_line_and_its_details_are_private(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    bug.hook(ValueError, ValueError("one\ntwo"), None)
    told = capsys.readouterr().err
    assert told.startswith("diskchain: a bug: ValueError: one two.")
    assert len(told.splitlines()) == 1
    (kept,) = (tmp_path / "diskchain" / "bugs").iterdir()
    assert kept.stat().st_mode & 0o077 == 0
    assert str(kept) in told
    assert "ValueError: one\ntwo" in kept.read_text()


def test_the_words_behind_a_refusal_are_said_once() -> None:
    said = Result(Phase.REFUSED, 1.0, "/t/b could not be made.", "qemu-img: /t/b:\n  No space left on device")
    assert run._ended(said) == "/t/b could not be made. The answer was: qemu-img: /t/b: No space left on device"
    again = Result(Phase.REFUSED, 1.0, "QEMU says: it is in use. Nothing was changed.", "it is in use.")
    assert run._ended(again) == again.text
    assert run._ended(Result(Phase.LOST, 1.0, "The line broke.")) == "The line broke."
